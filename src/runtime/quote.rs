//! Words that a POSIX shell takes apart again into exactly what they were.

/// One word for `sh`.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A command line for `sh`.
pub fn line<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    words.into_iter().map(|text| word(text.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_shell_reads_the_same_words(words in proptest::collection::vec("[^\\x00]{0,12}", 1..5)) {
            let script = format!("printf '%s\\0' {}", super::line(&words));
            let output = Command::new("/bin/sh").args(["-c", &script]).output().expect("a shell");
            let read = String::from_utf8(output.stdout).expect("what was text");
            prop_assert_eq!(read.split_terminator('\0').collect::<Vec<_>>(), words);
        }
    }
}
