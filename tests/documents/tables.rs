//! Tables of the design pages that stand in the code as well are the same in both.

const BEGIN: &str = "<!-- made by `make docs` -->\n";
const END: &str = "<!-- end -->\n";

/// The page with `table` between its marks.
fn with_table(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}\n{END}{after}", table.trim_end()))
}

/// Compares the page's table with the code's; with `UPDATE=1` writes it.
fn is_current(path: &str, table: &str) {
    let page = super::read(path);
    let wanted = with_table(&page, table).unwrap_or_else(|| panic!("{path} has no marks for its table"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(super::root().join(path), wanted).expect("the page is writable");
    } else {
        assert!(page == wanted, "the table of {path} is not that of the code; `make docs` writes it anew");
    }
}

#[test]
fn the_transitions_of_a_bead() {
    is_current("docs/design/transitions.md", &gt::bead::transition::render_table());
}

#[test]
fn the_healths_of_a_worker() {
    let thresholds = gt::witness::Thresholds::default();
    is_current("docs/design/health.md", &gt::witness::render_table(&thresholds));
}

#[test]
fn only_what_stands_between_the_marks_changes() {
    let page = format!("# Page\n{BEGIN}old\n{END}more\n");
    assert_eq!(with_table(&page, "new\n"), Some(format!("# Page\n{BEGIN}new\n{END}more\n")));
    assert_eq!(with_table("# Page\n", "new"), None);
}
