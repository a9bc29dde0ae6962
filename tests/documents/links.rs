//! Links between the pages lead to files that exist.

use std::path::Path;
use std::process::Command;

/// The relative targets of the Markdown links in a page.
fn targets(page: &str) -> Vec<String> {
    let mut fenced = false;
    let mut targets = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        targets.extend(links.filter(|target| !target.is_empty() && !target.contains("://")).map(str::to_owned));
    }
    targets
}

fn broken(root: &Path, page: &str, text: &str) -> Vec<String> {
    let folder = root.join(page).parent().expect("a page lies in a folder").to_path_buf();
    let missing = targets(text).into_iter().filter(|target| !folder.join(target).exists());
    missing.map(|target| format!("{page}: {target} does not exist")).collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"];
    let output = Command::new("git").args(arguments).current_dir(super::root()).output().expect("git is there");
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let pages: Vec<&str> = listed.lines().filter(|page| super::root().join(page).exists()).collect();
    assert!(pages.contains(&"README.md"), "the pages were not found: {pages:?}");
    let broken: Vec<String> = pages.iter().flat_map(|page| broken(super::root(), page, &super::read(page))).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_relative_links_outside_of_code_count() {
    let page = "[a](one.md) and [b](two.md#part)\n[c](https://example.org) [d](#here)\n```\n[e](three.md)\n```\n";
    assert_eq!(targets(page), ["one.md", "two.md"]);
    assert_eq!(broken(super::root(), "README.md", "[x](no/such/page.md)").len(), 1);
}
