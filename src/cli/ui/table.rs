//! Aligned columns.

use super::Text;

/// Rows of cells under headings. Columns are as wide as their widest cell; where a terminal is too narrow,
/// the flexible column gives way and shows that it was cut.
#[derive(Debug)]
pub struct Table {
    headings: Vec<&'static str>,
    right: Vec<usize>,
    flexible: Option<usize>,
    rows: Vec<Vec<Text>>,
}

/// Between two columns.
const GAP: usize = 2;
/// The flexible column never gets narrower.
const NARROWEST: usize = 10;

impl Table {
    /// A table with these headings; the last column is the flexible one.
    pub fn new<const N: usize>(headings: [&'static str; N]) -> Self {
        Self { headings: headings.to_vec(), right: Vec::new(), flexible: N.checked_sub(1), rows: Vec::new() }
    }

    /// A table of `N` columns without a line of headings.
    pub fn plain<const N: usize>() -> Self {
        Self::new([""; N])
    }

    /// The same with the column at `index`, from 0, as the one that gives way.
    #[must_use]
    pub fn flexible(mut self, index: usize) -> Self {
        self.flexible = Some(index);
        self
    }

    /// The same with the column at `index`, from 0, aligned to the right.
    #[must_use]
    pub fn right(mut self, index: usize) -> Self {
        self.right.push(index);
        self
    }

    /// Adds a row; line breaks in cells become spaces.
    pub fn row<const N: usize>(&mut self, cells: [Text; N]) {
        debug_assert_eq!(N, self.headings.len(), "as many cells as headings");
        self.rows.push(cells.map(Text::one_line).into());
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Its lines, headings first; `width` is the room that there is, if it is limited.
    pub fn lines(self, width: Option<usize>) -> Vec<Text> {
        let widths = self.widths(width);
        let Self { headings, right, rows, .. } = self;
        let head: Vec<Text> = headings.into_iter().map(|heading| Text::new().heading(heading)).collect();
        let head = Some(head).filter(|head| !head.iter().all(Text::is_empty));
        head.into_iter().chain(rows).map(|row| line(row, &widths, &right)).collect()
    }

    fn widths(&self, limit: Option<usize>) -> Vec<usize> {
        let heads = self.headings.iter().map(|heading| Text::from(*heading).width());
        let mut widths: Vec<usize> = heads.collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let (Some(limit), Some(flexible)) = (limit, self.flexible) {
            let others: usize = widths.iter().sum::<usize>() - widths[flexible] + GAP * (widths.len() - 1);
            let room = limit.saturating_sub(others).max(NARROWEST);
            widths[flexible] = widths[flexible].min(room);
        }
        widths
    }
}

fn line(row: Vec<Text>, widths: &[usize], right: &[usize]) -> Text {
    let last = row.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
    let mut line = Text::new();
    for (index, cell) in row.into_iter().enumerate().take(last + 1) {
        let cell = cell.cut(widths[index]);
        let space = " ".repeat(widths[index].saturating_sub(cell.width()));
        let gap = if index == 0 { String::new() } else { " ".repeat(GAP) };
        line = match (right.contains(&index), index == last) {
            (true, _) => line.plain(gap + &space).join(cell),
            (false, true) => line.plain(gap).join(cell),
            (false, false) => line.plain(gap).join(cell).plain(space),
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["ID", "P", "TITLE"]).right(1);
        table.row([Text::new().id("web-x7k2m"), "2".into(), "Add login".into()]);
        table.row([Text::new().id("web-日本"), "10".into(), "A longer title than fits".into()]);
        table.row([Text::new().id("hq-abcde"), "0".into(), "".into()]);
        table
    }

    fn shown(width: Option<usize>) -> Vec<String> {
        table().lines(width).iter().map(|line| line.paint(false)).collect()
    }

    #[test]
    fn columns_stand_under_their_headings_whatever_the_letters() {
        let expected = [
            "ID          P  TITLE",
            "web-x7k2m   2  Add login",
            "web-日本   10  A longer title than fits",
            "hq-abcde    0",
        ];
        assert_eq!(shown(None), expected);
    }

    #[test]
    fn a_plain_table_has_no_line_of_headings() {
        let mut table = Table::plain::<2>();
        table.row(["a".into(), "b".into()]);
        table.row(["longer".into(), "c".into()]);
        let shown: Vec<String> = table.lines(None).iter().map(|line| line.paint(false)).collect();
        assert_eq!(shown, ["a       b", "longer  c"]);
    }

    #[test]
    fn the_flexible_column_gives_way() {
        let lines = shown(Some(30));
        assert_eq!(lines[2], "web-日本   10  A longer title…");
        assert!(lines.iter().all(|line| Text::from(line).width() <= 30), "{lines:?}");
    }
}
