//! `gt bead edit`.

use std::path::PathBuf;

use crate::bead::Kind;
use crate::cli::{Call, Perform, Render, Ui, complete, input};
use crate::clock::Timestamp;
use crate::error::{Failure, Kind as Class, Outcome};
use crate::id::RoleName;
use crate::ops::bead::edit::{Changes, Edited, check, edit, replace};

/// Change what a bead says
///
/// Without options your editor gets the bead's file; what you save is checked before it counts. Where a bead stands
/// (status, assignee, merge, attempts) is never changed by an edit: `gt sling`, `gt bead close` and their like do.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bead, or the worker that has it
    #[arg(value_name = "BEAD", add = complete::beads_that_are(complete::Takes::NotClosed))]
    bead: String,
    /// Take the whole file from here instead of an editor; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "fields")]
    file: Option<PathBuf>,
    /// The fields.
    #[command(flatten)]
    fields: Fields,
}

/// What to change.
#[derive(Debug, Default, PartialEq, clap::Args)]
#[group(id = "fields", multiple = true)]
struct Fields {
    /// Another title
    #[arg(long, short = 't', value_name = "TEXT")]
    title: Option<String>,
    /// Another description
    #[arg(long, short = 'd', value_name = "TEXT")]
    description: Option<String>,
    /// How one sees that it is done
    #[arg(long, short = 'a', value_name = "TEXT")]
    acceptance: Option<String>,
    /// What sort of work it is
    #[arg(long, short = 'k', value_enum)]
    kind: Option<Kind>,
    /// How urgent it is: 0 (now) to 4 (some day)
    #[arg(long, short = 'p', value_parser = clap::value_parser!(u8).range(0..=4))]
    priority: Option<u8>,
    /// Who is to do it
    #[arg(long, value_name = "ROLE")]
    role: Option<RoleName>,
    /// One more label; may be given several times
    #[arg(long, short = 'l', value_name = "WORD")]
    label: Vec<String>,
    /// A label to take away; may be given several times
    #[arg(long, value_name = "WORD")]
    unlabel: Vec<String>,
    /// The epic that it belongs to; `none` for none
    #[arg(long, value_name = "BEAD", add = complete::beads_that_are(complete::Takes::NotClosed))]
    parent: Option<String>,
    /// The path globs that it is expected to change, instead of those it has; `none` for none
    #[arg(long, value_name = "GLOB")]
    touches: Vec<String>,
    /// Not ready before this RFC 3339 time; `none` for now
    #[arg(long, value_name = "TIME")]
    defer_until: Option<String>,
    /// The most that one attempt may use: time, tokens or turns, such as `2h, 300k tokens`; `none` for no limit
    #[arg(long, value_name = "AMOUNT")]
    budget: Option<String>,
}

impl Fields {
    fn changes(self) -> Outcome<Changes> {
        let time = |text: String| {
            text.parse::<Timestamp>().map_err(|error| {
                Failure::new(Class::Usage, format!("{text:?} is no time: {error}")).hint("such as 2030-01-31T09:00:00Z")
            })
        };
        let touches = if self.touches.is_empty() { None } else { Some(self.touches) };
        Ok(Changes {
            title: self.title,
            description: self.description,
            acceptance: self.acceptance,
            kind: self.kind,
            priority: self.priority,
            role: self.role,
            add_labels: self.label,
            remove_labels: self.unlabel,
            parent: self.parent.map(unless_none),
            touches: touches.map(|globs| if globs == ["none"] { Vec::new() } else { globs }),
            defer_until: self.defer_until.map(unless_none).map(|text| text.map(time).transpose()).transpose()?,
            budget: self.budget.map(unless_none),
        })
    }
}

fn unless_none(text: String) -> Option<String> {
    if text == "none" { None } else { Some(text) }
}

impl Perform for Args {
    type Report = Edited;

    fn perform(self, call: &mut Call) -> Outcome<Edited> {
        let open = call.open()?;
        if self.fields != Fields::default() {
            return edit(&open, &self.bead, &self.fields.changes()?);
        }
        let snapshot = open.snapshot()?;
        let bead = snapshot.bead(&open.bead_id(&snapshot, &self.bead)?)?;
        let before = bead.render();
        let text = match &self.file {
            Some(path) => Some(input::file(path, "the bead")?),
            None => call.edit(&format!("{}.toml", bead.id), &before, |text| check(&bead, text).map(drop))?,
        };
        match text {
            Some(text) => replace(&open, &bead, &text),
            None => Ok(Edited { bead: bead.id, title: bead.title, changed: Vec::new() }),
        }
    }
}

impl Render for Edited {
    fn render(&self, ui: &mut Ui) {
        let line = super::bead(&self.bead, &self.title);
        ui.line(if self.changed.is_empty() {
            line.plain(": nothing was changed")
        } else {
            line.plain(format!(": changed {}", self.changed.join(", ")))
        });
    }
}
