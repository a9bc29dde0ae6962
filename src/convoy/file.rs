use chrono::DateTime;

use super::{Convoy, ConvoyId};
use crate::bead::FileError;
use crate::bead::file::{Reader, Writer};
use crate::ledger::Document;

impl Document for Convoy {
    const FOLDER: &'static str = "convoys";

    fn path(&self) -> String {
        self.id.path()
    }

    fn parse(path: &str, text: &str) -> Result<Self, FileError> {
        let mut file = Reader::open(path, text)?;
        let id = file.parsed("id")?;
        let id: ConvoyId = file.required("id", id)?;
        if id.path() != path {
            return Err(file.fail("id", format!("the id {id} does not fit the path: its file is {}", id.path())));
        }
        let title = file.string("title")?;
        let convoy = Self {
            id,
            title: file.required("title", title)?,
            goal: file.string("goal")?.unwrap_or_default(),
            rig: file.parsed("rig")?,
            epic: file.parsed("epic")?,
            members: file.list("members")?,
            workers: file.number("workers", 1..=u32::MAX)?,
            feed: file.boolean("feed")?.unwrap_or(false),
            created: file.time("created")?.unwrap_or(DateTime::UNIX_EPOCH),
            closed: file.time("closed")?,
            extra: toml::Table::new(),
        };
        Ok(Self { extra: file.rest()?, ..convoy })
    }

    fn render(&self) -> String {
        let mut out = Writer::new();
        out.text("id", self.id.as_str());
        out.group().text("title", &self.title);
        if let Some(rig) = &self.rig {
            out.group().text("rig", rig.as_str());
        }
        if let Some(epic) = &self.epic {
            out.group().text("epic", epic.as_str());
        }
        if let Some(workers) = self.workers {
            out.group().plain("workers", workers);
        }
        out.group().plain("feed", self.feed);
        out.group().time("created", self.created);
        if let Some(closed) = self.closed {
            out.group().time("closed", closed);
        }
        if !self.members.is_empty() {
            out.group().list("members", &self.members);
        }
        if !self.goal.is_empty() {
            out.group().prose("goal", &self.goal);
        }
        out.unknown_keys(&self.extra);
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bead::sample::{at, id, text};

    fn convoy() -> Convoy {
        let mut convoy = Convoy::new("cv-x7k2m".parse().expect("valid"), "Login", at(0));
        convoy.members = [id("abcde"), id("fghjk")].into();
        convoy
    }

    proptest! {
        #[test]
        fn a_convoy_survives_its_file(title in text(), goal in text(), workers in proptest::option::of(1..99u32), feed: bool) {
            let convoy = Convoy { title, goal, workers, feed, closed: feed.then(|| at(9)), ..convoy() };
            let rendered = convoy.render();
            prop_assert_eq!(Convoy::parse(&convoy.path(), &rendered), Ok(convoy));
        }
    }

    #[test]
    fn unknown_keys_survive_and_faults_are_named() {
        let text = "id = \"cv-x7k2m\"\ntitle = \"x\"\ncolour = 3\n[tracker]\nurl = \"u\"\n";
        let convoy = Convoy::parse("convoys/x7/cv-x7k2m.toml", text).expect("valid");
        assert_eq!(Convoy::parse(&convoy.path(), &convoy.render()), Ok(convoy.clone()));
        assert!(convoy.render().ends_with("colour = 3\n\n[tracker]\nurl = \"u\"\n"), "{}", convoy.render());
        let error = Convoy::parse("convoys/x7/cv-x7k2m.toml", "id = \"cv-zzzzz\"").expect_err("other file");
        assert_eq!(
            error.to_string(),
            "convoys/x7/cv-x7k2m.toml:1: the id cv-zzzzz does not fit the path: its file is convoys/zz/cv-zzzzz.toml"
        );
        let error = Convoy::parse("convoys/x7/cv-x7k2m.toml", "id = \"web-x7k2m\"").expect_err("a bead");
        assert!(error.to_string().contains("is not a convoy id"), "{error}");
    }

    #[test]
    fn random_ids_parse() {
        (0..200).for_each(|_| assert!(ConvoyId::random().as_str().parse::<ConvoyId>().is_ok()));
    }
}
