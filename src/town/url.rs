//! A rig's name and prefix, guessed from where it comes from.

use crate::id::{Prefix, RigName};

/// The name of a rig guessed from its URL or path: `https://example.org/my-web.git` gives `my-web`.
pub fn name_from_url(url: &str) -> Option<RigName> {
    let trimmed = url.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix("/.git").or_else(|| trimmed.strip_suffix(".git")).unwrap_or(trimmed);
    let last = trimmed.rsplit(['/', ':', '\\']).next()?;
    let mut name = String::new();
    for c in last.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' | '_' => name.push(c),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let name = name.get(..32).unwrap_or(name).trim_end_matches(['-', '_']);
    name.parse().ok()
}

/// A prefix for the beads of `name` that none of `taken` is: `my-web` gives `myweb`, then `myweb2`, ...
pub fn prefix_from_name(name: &RigName, taken: &[Prefix]) -> Prefix {
    let free = |text: &str| -> Option<Prefix> {
        let prefix: Prefix = text.parse().ok()?;
        (prefix != Prefix::town() && !taken.contains(&prefix)).then_some(prefix)
    };
    let mut plain: String = name.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
    if plain.len() < 2 {
        plain.push('x');
    }
    let initials: String = name.as_str().split(['-', '_']).filter_map(|word| word.chars().next()).collect();
    let short = if plain.len() > 8 && initials.len() >= 2 { initials } else { plain };
    let short = short.get(..8).unwrap_or(&short);
    free(short).unwrap_or_else(|| {
        (2_u32..)
            .find_map(|number| {
                let number = number.to_string();
                let room = 8 - number.len();
                free(&format!("{}{number}", short.get(..room).unwrap_or(short)))
            })
            .expect("a town has fewer rigs than prefixes")
    })
}
