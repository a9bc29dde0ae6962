//! Wrapping prose at a width.

use unicode_width::UnicodeWidthStr;

/// The lines of `prose`, none wider than `width` unless a single word is. Line breaks of the writer stay, and
/// so do indented lines, which are code or lists.
pub(in crate::cli) fn lines(prose: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return prose.lines().map(str::to_owned).collect() };
    prose
        .lines()
        .flat_map(|line| if keeps_its_shape(line) { vec![line.to_owned()] } else { wrap(line, width) })
        .collect()
}

fn keeps_its_shape(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

fn wrap(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split_whitespace() {
        let last = lines.last_mut().expect("there is always a last line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.width() + 1 + word.width() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_breaks_stay() {
        assert_eq!(lines("aa bb cc\ndd", Some(5)), ["aa bb", "cc", "dd"]);
        assert_eq!(lines("a-very-long-word x", Some(5)), ["a-very-long-word", "x"]);
        assert_eq!(lines("a\n\nb", Some(5)), ["a", "", "b"]);
    }

    #[test]
    fn code_keeps_its_shape() {
        assert_eq!(lines("    let x = 1; // long", Some(5)), ["    let x = 1; // long"]);
    }
}
