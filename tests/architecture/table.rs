//! The table of storeys and rooms in the architecture page.

/// The rooms in the order of the page.
#[derive(Debug)]
pub struct Table(Vec<(u8, String)>);

/// Where the doors are.
const DOORS: u8 = 1;
/// Where the roles are, which see no door.
const ROLES: u8 = 3;
/// What a role may name of a door: plain values without a hand.
const VALUES: &[&str] = &["git::Oid"];

impl Table {
    /// Reads the rows `| 1 doors | `git` | ... |`; a row without a storey belongs to the one above, and a
    /// row may name several rooms.
    pub fn parse(page: &str) -> Self {
        let mut rooms = Vec::new();
        let mut storey = None;
        for line in page.lines().filter(|line| line.starts_with('|')) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, place, names, ..] = cells[..] else { continue };
            storey = place.split(' ').next().and_then(|number| number.parse().ok()).or(storey);
            let names = names.split('`').skip(1).step_by(2).map(str::to_owned);
            rooms.extend(storey.into_iter().flat_map(|storey| names.clone().map(move |name| (storey, name))));
        }
        Self(rooms)
    }

    /// The names of all rooms.
    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, name)| name.as_str())
    }

    fn place(&self, room: &str) -> Option<(usize, u8)> {
        self.0.iter().enumerate().find(|(_, (_, name))| name == room).map(|(order, (storey, _))| (order, *storey))
    }

    /// Why `from` may not use `path`, whose first part is a room; `None` when it may.
    pub fn objection(&self, from: &str, path: &[String]) -> Option<String> {
        let to = path.first()?;
        if from == to {
            return None;
        }
        let Some((to_order, to_storey)) = self.place(to) else {
            return Some(format!("crate::{to} is no room of the table"));
        };
        let (order, storey) = self.place(from)?;
        if to_storey > storey {
            Some(format!("{from} (storey {storey}) uses {to} (storey {to_storey}): up"))
        } else if to_storey == storey && to_order > order {
            Some(format!("{from} uses {to}, which stands behind it in storey {storey}: forward"))
        } else if storey == ROLES && to_storey == DOORS && !VALUES.contains(&path.join("::").as_str()) {
            Some(format!("{from} is a role and uses the door {}: roles see no door", path.join("::")))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
| storey | room | purpose |
|---|---|---|
| 0 words | `id` `clock` | names |
| 1 doors | `git` | git |
| | `store` | files |
| 2 nouns | `bead` | work |
| 3 roles | `witness` | health |
";

    fn verdict(from: &str, to: &str) -> Option<String> {
        let path: Vec<String> = to.split("::").map(str::to_owned).collect();
        Table::parse(PAGE).objection(from, &path)
    }

    #[test]
    fn rows_are_read_with_and_without_a_storey() {
        assert_eq!(Table::parse(PAGE).rooms().collect::<Vec<_>>(), ["id", "clock", "git", "store", "bead", "witness"]);
    }

    #[test]
    fn only_down_and_back_is_allowed() {
        for (from, to) in
            [("store", "git"), ("bead", "git::Git"), ("clock", "id"), ("bead", "bead"), ("witness", "bead")]
        {
            assert_eq!(verdict(from, to), None, "{from} -> {to}");
        }
        let refused =
            [("git", "store", "forward"), ("git", "bead", "up"), ("id", "witness", "up"), ("bead", "util", "no room")];
        for (from, to, why) in refused {
            assert!(verdict(from, to).is_some_and(|text| text.contains(why)), "{from} -> {to}");
        }
    }

    #[test]
    fn a_role_sees_no_door_but_its_values() {
        assert_eq!(verdict("witness", "git::Oid"), None);
        assert!(verdict("witness", "git::Git").is_some_and(|text| text.contains("roles see no door")));
    }
}
