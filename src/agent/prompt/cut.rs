//! Cutting text to a size: at a line's end where there is one, always with a word about what is missing.

/// The beginning of `text` in at most `limit` bytes, the remark about the rest not counted; `whole` says where all
/// of it is.
pub fn head(text: &str, limit: usize, whole: &str) -> String {
    let text = text.trim_end();
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = &text[..end];
    let kept = kept.rfind('\n').filter(|newline| *newline >= end / 2).map_or(kept, |newline| &kept[..newline]);
    format!("{}\n[... {} more bytes{}]", kept.trim_end(), text.len() - kept.len(), place(whole))
        .trim_start_matches('\n')
        .to_owned()
}

/// The end of `text`, as [`head`]: for logs, whose last lines say the most.
pub fn tail(text: &str, limit: usize, whole: &str) -> String {
    let text = text.trim_end();
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut start = text.len() - limit;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let kept = &text[start..];
    let kept = kept.find('\n').filter(|newline| *newline < kept.len() / 2).map_or(kept, |newline| &kept[newline + 1..]);
    format!("[... {} bytes before{}]\n{kept}", text.len() - kept.len(), place(whole)).trim_end().to_owned()
}

/// As many lines as fit in `limit` bytes, and how many more there are.
pub(super) fn lines(list: &[String], limit: usize) -> String {
    let mut text = String::new();
    for (index, line) in list.iter().enumerate() {
        if text.len() + line.len() + 1 > limit {
            text.push_str(&format!("[... {} more]", list.len() - index));
            return text;
        }
        text.push_str(line);
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn place(whole: &str) -> String {
    if whole.is_empty() { String::new() } else { format!(": {whole}") }
}

/// What `make` gives at the largest scale (per mille) whose result fits in `limit` bytes, else at the smallest.
pub(super) fn fit<E>(limit: usize, mut make: impl FnMut(usize) -> Result<String, E>) -> Result<String, E> {
    let mut text = make(1_000)?;
    for scale in [700, 500, 350, 250, 175, 120, 80, 50, 30, 15, 5, 0] {
        if text.len() <= limit {
            break;
        }
        text = make(scale)?;
    }
    Ok(text)
}
