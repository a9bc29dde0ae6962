//! Which rooms a source file names: `crate::room`, `use crate::{room, other}` and `super::super::room`.
//!
//! Works on tokens, so that paths in macros count and words in comments and strings do not.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::sources::Source;
use crate::table::Table;

/// One path from the crate's root, with the line it stands on.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its first two parts, such as `["git", "Oid"]`.
    pub path: Vec<String>,
    /// Counted from 1.
    pub line: usize,
}

/// The forbidden edges of one file, as `src/x/y.rs:12: why`.
pub fn bad_edges(table: &Table, source: &Source) -> Vec<String> {
    let Some(room) = source.room() else { return Vec::new() };
    let references = references(&source.text, &source.module);
    let object = |reference: &Reference| {
        let why = table.objection(room, &reference.path)?;
        Some(format!("{}:{}: {why}", source.path, reference.line))
    };
    references.iter().filter_map(object).collect()
}

/// Every path from the crate's root in the text of the module `module`.
pub fn references(text: &str, module: &[String]) -> Vec<Reference> {
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", module.join("::")));
    let mut found = Vec::new();
    walk(tokens, module, &mut found);
    found
}

fn walk(tokens: TokenStream, module: &[String], found: &mut Vec<Reference>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(body), ..] = &tokens[at..]
            && word == "mod"
            && body.delimiter() == Delimiter::Brace
        {
            let inner: Vec<String> = module.iter().cloned().chain([name.to_string()]).collect();
            walk(body.stream(), &inner, found);
            at += 3;
            continue;
        }
        let behind_colons = at > 1 && is_colon(&tokens[at - 1]) && is_colon(&tokens[at - 2]);
        if !behind_colons && starts_path(&tokens[at..]) {
            at += tree(&tokens[at..], module.to_vec(), found);
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            walk(group.stream(), module, found);
        }
        at += 1;
    }
}

/// Whether `crate::`, `super::` or `self::` begins here.
fn starts_path(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Ident(word), colon, other, ..] = tokens else { return false };
    (word == "crate" || word == "super" || word == "self") && is_punct(colon, ':') && is_punct(other, ':')
}

/// Follows one path or use tree from the module `base`; returns how many tokens belong to it.
fn tree(tokens: &[TokenTree], mut base: Vec<String>, found: &mut Vec<Reference>) -> usize {
    let mut own: Option<Reference> = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Ident(word) if own.is_none() && word == "crate" => base.clear(),
            TokenTree::Ident(word) if own.is_none() && word == "super" => drop(base.pop()),
            TokenTree::Ident(word) if own.is_none() && word == "self" && tokens.get(at + 1).is_some_and(is_colon) => {}
            TokenTree::Ident(word) => {
                base.push(word.to_string());
                own = Some(Reference { path: base.iter().take(2).cloned().collect(), line: word.span().start().line });
            }
            TokenTree::Punct(mark) if mark.as_char() == '*' => {
                base.push("*".to_owned());
                own = Some(Reference { path: base.iter().take(2).cloned().collect(), line: mark.span().start().line });
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for part in inner.split(|token| is_punct(token, ',')) {
                    tree(part, base.clone(), found);
                }
                return at + 1;
            }
            _ => break,
        }
        at += 1;
        if !(tokens.get(at).is_some_and(is_colon) && tokens.get(at + 1).is_some_and(is_colon)) {
            break;
        }
        at += 2;
    }
    found.extend(own);
    at.max(1)
}

fn is_colon(token: &TokenTree) -> bool {
    is_punct(token, ':')
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(text: &str) -> Vec<String> {
        let module = ["bead".to_owned(), "fields".to_owned()];
        references(text, &module).into_iter().map(|reference| reference.path.join("::")).collect()
    }

    #[test]
    fn every_form_of_a_path_is_seen() {
        let table = [
            ("use crate::git;", vec!["git"]),
            ("use crate::git::{Git, objects::Tree};", vec!["git::Git", "git::objects"]),
            ("use crate::{git::Oid, store};", vec!["git::Oid", "store"]),
            ("use crate::{self as all, env};", vec!["self", "env"]),
            ("use crate::*;", vec!["*"]),
            ("use super::super::ledger::Ledger;", vec!["ledger::Ledger"]),
            ("use super::{super::town, Bead};", vec!["town", "bead::Bead"]),
            ("fn f(x: crate::mail::Box) -> Vec<crate::convoy::Convoy> {}", vec!["mail::Box", "convoy::Convoy"]),
            ("fn f() { let y = crate::clock::short(z); }", vec!["clock::short"]),
            ("macro_rules! m { () => { $crate::agent::run() } }", vec!["agent::run"]),
            ("fn f() { println!(\"{}\", crate::env::LOG); }", vec!["env::LOG"]),
            ("mod tests { use super::super::super::polecat; }", vec!["polecat"]),
            ("mod tests { use super::*; }", vec!["bead::fields"]),
        ];
        for (text, expected) in table {
            assert_eq!(rooms(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_path_is_not_one() {
        for text in [
            "// crate::ops",
            "/// See [`crate::ops`].\nfn f() {}",
            "const X: &str = \"crate::ops\";",
            "pub(crate) fn f() {}",
        ] {
            assert_eq!(rooms(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn lines_are_told() {
        let found = references("\n\nuse crate::{\n    git,\n};", &["bead".to_owned()]);
        assert_eq!(found, [Reference { path: vec!["git".to_owned()], line: 4 }]);
    }
}
