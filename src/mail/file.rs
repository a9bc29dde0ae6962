use chrono::DateTime;
use clap::ValueEnum;

use super::{Kind, Letter, Severity, mailbox};
use crate::bead::FileError;
use crate::bead::file::{Reader, Writer};
use crate::ledger::Document;

/// The bare word of a [`Kind`].
#[derive(Clone, Copy, ValueEnum)]
enum KindWord {
    Message,
    Escalation,
}

impl Document for Letter {
    const FOLDER: &'static str = "mail";

    fn path(&self) -> String {
        format!("{}/{}.toml", mailbox(&self.to), self.id)
    }

    fn parse(path: &str, text: &str) -> Result<Self, FileError> {
        let mut file = Reader::open(path, text)?;
        let (id, from, to) = (file.parsed("id")?, file.parsed("from")?, file.parsed("to")?);
        let subject = file.string("subject")?;
        let kind = read_kind(&mut file)?;
        let letter = Self {
            id: file.required("id", id)?,
            from: file.required("from", from)?,
            to: file.required("to", to)?,
            subject: file.required("subject", subject)?,
            body: file.string("body")?.unwrap_or_default(),
            bead: file.parsed("bead")?,
            kind,
            created: file.time("created")?.unwrap_or(DateTime::UNIX_EPOCH),
            read: file.time("read")?,
            acknowledged: file.time("acknowledged")?,
            archived: file.time("archived")?,
            extra: toml::Table::new(),
        };
        if letter.path() != path {
            let reason = format!("id and receiver do not fit the path: its file is {}", letter.path());
            return Err(file.fail("id", reason));
        }
        Ok(Self { extra: file.rest()?, ..letter })
    }

    fn render(&self) -> String {
        let mut out = Writer::new();
        out.text("id", self.id.as_str());
        out.group().text("from", &self.from.to_string());
        out.group().text("to", &self.to.to_string());
        out.group().text("subject", &self.subject);
        match self.kind {
            Kind::Message => out.group().text("kind", "message"),
            Kind::Escalation { severity } => {
                out.group().text("kind", "escalation").text("severity", &crate::bead::word(severity))
            }
        };
        if let Some(bead) = &self.bead {
            out.group().text("bead", bead.as_str());
        }
        out.group().time("created", self.created);
        for (key, time) in [("read", self.read), ("acknowledged", self.acknowledged), ("archived", self.archived)] {
            if let Some(time) = time {
                out.group().time(key, time);
            }
        }
        if !self.body.is_empty() {
            out.group().prose("body", &self.body);
        }
        out.unknown_keys(&self.extra);
        out.finish()
    }
}

fn read_kind(file: &mut Reader<'_>) -> Result<Kind, FileError> {
    let kind = file.word::<KindWord>("kind")?.unwrap_or(KindWord::Message);
    let severity = file.word::<Severity>("severity")?;
    match (kind, severity) {
        (KindWord::Message, None) => Ok(Kind::Message),
        (KindWord::Message, Some(_)) => Err(file.fail("severity", "a message has no severity")),
        (KindWord::Escalation, severity) => Ok(Kind::Escalation { severity: file.required("severity", severity)? }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bead::sample::{at, id, text, worker};
    use crate::id::Actor;
    use crate::mail::MailId;

    fn letter(to: Actor) -> Letter {
        Letter::new("ml-x7k2mq4t".parse().expect("valid"), Actor::Worker(worker("toast")), to, "Help", at(0))
    }

    proptest! {
        #[test]
        fn a_letter_survives_its_file(subject in text(), body in text(), read: bool, bad: bool) {
            let mut letter = Letter { subject, body, read: read.then(|| at(5)), bead: Some(id("abcde")), ..letter(Actor::Mayor) };
            if bad {
                letter.kind = Kind::Escalation { severity: Severity::High };
            }
            let rendered = letter.render();
            prop_assert_eq!(Letter::parse(&letter.path(), &rendered), Ok(letter));
        }
    }

    #[test]
    fn the_path_is_the_mailbox() {
        assert_eq!(letter(Actor::Human).path(), "mail/human/ml-x7k2mq4t.toml");
        let to = Actor::Worker(worker("nux"));
        assert_eq!(letter(to).path(), "mail/web/polecats/nux/ml-x7k2mq4t.toml");
    }

    #[test]
    fn faults_are_named() {
        let path = "mail/human/ml-x7k2mq4t.toml";
        let base = "id = \"ml-x7k2mq4t\"\nfrom = \"mayor\"\nto = \"human\"\nsubject = \"x\"\n";
        let cases = [
            ("kind = \"escalation\"\n", "severity is missing"),
            ("kind = \"escalaton\"\n", "nearest is \"escalation\""),
            ("severity = \"low\"\n", "mail/human/ml-x7k2mq4t.toml:5: a message has no severity"),
            ("read = 3\n", "read must be a time"),
        ];
        for (more, expected) in cases {
            let error = Letter::parse(path, &format!("{base}{more}")).expect_err(more);
            assert!(error.to_string().contains(expected), "{error}");
        }
        let error = Letter::parse("mail/mayor/ml-x7k2mq4t.toml", base).expect_err("other mailbox");
        assert!(error.reason.contains("its file is mail/human/"), "{error}");
    }

    #[test]
    fn an_escalation_is_open_until_acknowledged() {
        let mut letter = letter(Actor::Human);
        assert!(!letter.is_open_escalation());
        letter.kind = Kind::Escalation { severity: Severity::Low };
        assert!(letter.is_open_escalation());
        letter.acknowledged = Some(at(1));
        assert!(!letter.is_open_escalation());
        let json = serde_json::to_value(&letter).expect("JSON");
        assert_eq!((&json["kind"], &json["severity"]), (&"escalation".into(), &"low".into()));
    }

    #[test]
    fn random_ids_parse() {
        (0..200).for_each(|_| assert!(MailId::random().as_str().parse::<MailId>().is_ok()));
    }
}
