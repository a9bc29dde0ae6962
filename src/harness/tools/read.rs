//! `read_file`: the lines of a text file, numbered.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::Need::{May, Must};
use super::{Arguments, Bounds, Stop, Tool, Trouble, shown};

/// The most lines of one answer.
const LINES: u64 = 800;

/// The most bytes of one answer.
const BYTES: usize = 48 << 10;

/// The most bytes of one line that are shown.
const LINE: usize = 2000;

pub(super) const TOOL: Tool = Tool {
    name: "read_file",
    description: "Reads a text file. Each line of the answer begins with its number and a tab, which are not part of \
                  the file. A long file is cut off with a note; read on with `start`.",
    arguments: &[
        ("path", "string", Must, "the file, relative to the worktree"),
        ("start", "integer", May, "the first line, from 1"),
        ("end", "integer", May, "the last line, included"),
    ],
    run,
};

fn run(bounds: &Bounds, arguments: &Arguments, _: &Stop) -> Result<String, Trouble> {
    let path = bounds.to_read(arguments.text("path")?)?;
    let start = arguments.number("start")?.unwrap_or(1).max(1);
    let end = arguments.number("end")?.unwrap_or(u64::MAX);
    if end < start {
        return Err(Trouble::Arguments(format!("argument `end` is {end}, before `start`, which is {start}")));
    }
    let name = shown(bounds, &path);
    let file = open(&path).map_err(|reason| Trouble::Failed(format!("{name}: {reason}")))?;
    numbered(BufReader::new(file), start, end).map_err(|reason| Trouble::Failed(format!("{name}: {reason}")))
}

/// Opens a regular file; devices and pipes might never end.
pub(super) fn open(path: &Path) -> Result<File, String> {
    let data = path.metadata().map_err(|error| match neighbours(path) {
        Some(names) if error.kind() == std::io::ErrorKind::NotFound => {
            format!("it does not exist; near it are {names}")
        }
        _ => error.to_string(),
    })?;
    if data.is_dir() {
        return Err("it is a folder; use list_dir".into());
    }
    if !data.is_file() {
        return Err("it is no regular file".into());
    }
    File::open(path).map_err(|error| error.to_string())
}

/// The names in the same folder that are most like the one asked for.
fn neighbours(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?.to_lowercase();
    let entries = path.parent()?.read_dir().ok()?.take(2000).filter_map(Result::ok);
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != ".git");
    names.sort_by_cached_key(|name| (strsim::damerau_levenshtein(&name.to_lowercase(), &wanted), name.clone()));
    names.truncate(5);
    (!names.is_empty()).then(|| names.join(", "))
}

fn numbered(mut reader: impl BufRead, start: u64, end: u64) -> Result<String, String> {
    let mut text = String::new();
    let (mut number, mut given, mut line) = (0, 0, Vec::new());
    let mut cut = None;
    loop {
        line.clear();
        let read = reader.by_ref().take(1 << 24).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        if read == 0 {
            break;
        }
        number += 1;
        if line.contains(&0) {
            return Err(format!("it is not text (a NUL byte in line {number})"));
        }
        if number < start || number > end || cut.is_some() {
            continue;
        }
        if given >= LINES || text.len() >= BYTES {
            cut = Some(number);
            continue;
        }
        given += 1;
        let _ = writeln!(text, "{number:>5}\t{}", shortened(&line));
    }
    let more = match cut {
        Some(next) => format!("[cut off here: the file has {number} lines; go on with start={next}]\n"),
        None if number == 0 => "[the file is empty]\n".to_owned(),
        None if given == 0 => format!("[the file has only {number} lines]\n"),
        None => String::new(),
    };
    Ok(text + &more)
}

fn shortened(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches(['\n', '\r']);
    match text.char_indices().nth(LINE) {
        Some((place, _)) => format!("{} [the line has {} bytes in all]", &text[..place], line.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_lines() {
        let file = "a\nb\r\nc";
        for (start, end, expected) in [
            (1, u64::MAX, "    1\ta\n    2\tb\n    3\tc\n"),
            (2, 2, "    2\tb\n"),
            (3, 99, "    3\tc\n"),
            (4, 9, "[the file has only 3 lines]\n"),
        ] {
            assert_eq!(numbered(file.as_bytes(), start, end).expect("text"), expected);
        }
        assert_eq!(numbered(&b""[..], 1, 9).expect("text"), "[the file is empty]\n");
    }

    #[test]
    fn long_files_and_lines_are_cut_off_with_a_note() {
        let text = numbered("x\n".repeat(5000).as_bytes(), 11, u64::MAX).expect("text");
        assert!(text.ends_with("[cut off here: the file has 5000 lines; go on with start=811]\n"), "{text}");
        let text = numbered("\u{e4}".repeat(9000).as_bytes(), 1, 9).expect("text");
        assert!(text.len() < 5000 && text.contains("[the line has 18000 bytes in all]"));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(numbered(&b"a\n\0b"[..], 1, 9).expect_err("binary").contains("line 2"));
    }

    #[test]
    fn a_wrong_name_is_answered_with_near_ones() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("Cargo.toml"), "").expect("a file");
        let error = open(&dir.path().join("cargo.tml")).expect_err("it is not there");
        assert_eq!(error, "it does not exist; near it are Cargo.toml");
        assert!(open(dir.path()).expect_err("a folder").contains("list_dir"));
        assert!(open(Path::new("/dev/zero")).expect_err("a device").contains("no regular file"));
    }
}
