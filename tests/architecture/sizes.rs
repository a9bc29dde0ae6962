//! How long files and functions are, tests not counted.

use std::collections::BTreeMap;

use syn::spanned::Spanned;
use syn::visit::Visit;

use crate::sources::Source;

/// The most production lines of a file.
const FILE: usize = 400;
/// The most lines of a function, from its signature to its closing brace.
const FUNCTION: usize = 60;

/// What may be larger, and why: a path, or a path with `::function`.
#[derive(Debug, Default)]
pub struct Exceptions(BTreeMap<String, String>);

impl Exceptions {
    /// Reads the rows `| `src/x/y.rs::function` | reason |`.
    pub fn parse(page: &str) -> Self {
        let rows = page.lines().filter_map(|line| {
            let (name, reason) = line.strip_prefix("| `")?.split_once("` |")?;
            Some((name.to_owned(), reason.trim_end_matches('|').trim().to_owned()))
        });
        Self(rows.collect())
    }
}

/// What is too large without a reason, and reasons that nothing needs any more.
pub fn findings(sources: &[Source], exceptions: &Exceptions) -> Vec<String> {
    let tests: Vec<Vec<String>> = sources.iter().flat_map(test_modules).collect();
    let production = sources.iter().filter(|source| !tests.iter().any(|module| source.module.starts_with(module)));
    let large: BTreeMap<String, String> = production.flat_map(large_in).collect();
    let unexplained = large.iter().filter(|(name, _)| exceptions.0.get(*name).is_none_or(String::is_empty));
    let unexplained = unexplained.map(|(name, size)| format!("{name}: {size}"));
    let stale = exceptions.0.keys().filter(|name| !large.contains_key(*name));
    unexplained.chain(stale.map(|name| format!("{name}: it has a reason and needs none any more"))).collect()
}

/// The modules in files of their own that are tests: `#[cfg(test)] mod tests;`.
fn test_modules(source: &Source) -> Vec<Vec<String>> {
    let declared = parse(source).items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(item) if item.content.is_none() && is_test(&item.attrs) => Some(item.ident.to_string()),
        _ => None,
    });
    declared.map(|name| source.module.iter().cloned().chain([name]).collect()).collect()
}

fn parse(source: &Source) -> syn::File {
    syn::parse_file(&source.text).unwrap_or_else(|error| panic!("{}: {error}", source.path))
}

fn large_in(source: &Source) -> Vec<(String, String)> {
    let file = parse(source);
    let mut measure = Measure::default();
    measure.visit_file(&file);
    let lines = source.text.lines().count() - measure.test_lines;
    let mut large = Vec::new();
    if lines > FILE {
        large.push((source.path.clone(), format!("{lines} production lines, {FILE} are allowed")));
    }
    for (name, lines) in measure.functions.into_iter().filter(|(_, lines)| *lines > FUNCTION) {
        large.push((format!("{}::{name}", source.path), format!("{lines} lines, {FUNCTION} are allowed")));
    }
    large
}

/// Collects the functions outside of tests and counts the lines of tests.
#[derive(Default)]
struct Measure {
    functions: Vec<(String, usize)>,
    test_lines: usize,
}

impl Measure {
    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let lines = body.span().end().line - signature.span().start().line + 1;
        self.functions.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Measure {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_test(attributes(item)) {
            self.test_lines += item.span().end().line - item.span().start().line + 1;
        } else {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.function(&item.sig, body);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "test")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    fn found(text: &str, exceptions: &str) -> String {
        findings(&[Source::new("src/a/b.rs", text)], &Exceptions::parse(exceptions)).join("\n")
    }

    #[test]
    fn the_limits_are_exact() {
        assert_eq!(found(&function("good", FUNCTION), ""), "");
        assert_eq!(found(&function("long", FUNCTION + 1), ""), "src/a/b.rs::long: 61 lines, 60 are allowed");
        assert_eq!(found(&"const A: u8 = 1;\n".repeat(FILE), ""), "");
        assert!(found(&"const A: u8 = 1;\n".repeat(FILE + 1), "").contains("401 production lines"));
    }

    #[test]
    fn methods_count_and_tests_do_not() {
        let method = format!("impl A {{\n{}}}\n", function("long", 70));
        assert!(found(&method, "").contains("src/a/b.rs::long: 70 lines"));
        let body = format!("{}{}", function("long", 70), "const A: u8 = 1;\n".repeat(FILE));
        assert_eq!(found(&format!("#[cfg(test)]\nmod tests {{\n{body}}}\n"), ""), "");
    }

    #[test]
    fn a_file_of_tests_is_known_by_its_declaration() {
        let long = function("long", 70);
        let declared = |text| [Source::new("src/a/b/mod.rs", text), Source::new("src/a/b/tests.rs", long.clone())];
        assert_eq!(findings(&declared("#[cfg(test)]\nmod tests;\n"), &Exceptions::default()), Vec::<String>::new());
        assert_eq!(findings(&declared("mod tests;\n"), &Exceptions::default()).len(), 1);
    }

    #[test]
    fn a_reason_excuses_and_an_old_one_is_found() {
        let text = function("long", 70);
        assert_eq!(found(&text, "| `src/a/b.rs::long` | one table of rows |"), "");
        assert!(found(&text, "| `src/a/b.rs::long` | |").contains("70 lines"), "an empty reason is none");
        assert!(found("", "| `src/a/b.rs` | grew |").contains("needs none"));
    }
}
