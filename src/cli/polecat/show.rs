//! `gt polecat show`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::ops::ending::Ending;
use crate::ops::polecat::show::{Session, Shown, show};

/// Show a worker: its bead, its worktree, its sessions, what was kept of its work
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The worker, or the bead that it is on
    #[arg(value_name = "WORKER|BEAD", add = complete::workers())]
    worker: String,
}

impl Perform for Args {
    type Report = Shown;

    fn perform(self, call: &mut Call) -> Outcome<Shown> {
        show(&call.open()?, &self.worker)
    }
}

impl Render for Shown {
    fn render(&self, ui: &mut Ui) {
        let head = Text::new().name(self.worker.short()).plain("  ");
        ui.line(match &self.now {
            Some(now) => head.state(now.judgement.health.word()).faint(format_args!("  {}", now.judgement.evidence)),
            None if self.retired => head.state("retired"),
            None => head.faint("a person's own"),
        });
        let fact = |name: &str, value: Text| Text::from(format!("  {name:<10}")).join(value);
        for (name, held) in self
            .hook
            .hooked
            .iter()
            .map(|held| ("hook", held))
            .chain(self.hook.submitted.iter().map(|held| ("submitted", held)))
        {
            ui.line(fact(name, Text::new().id(&held.bead).plain(" ").title(&held.title)));
        }
        let tree = &self.worktree;
        let branch = tree.branch.as_deref().unwrap_or("no branch");
        let commit = tree.head.as_ref().map(|head| head.short().to_owned()).unwrap_or_default();
        ui.line(fact("worktree", Text::new().path(tree.path.display()).plain("  ").state(&tree.state)));
        ui.line(fact("branch", Text::from(branch).faint(format_args!("  {commit}"))));
        for detail in &tree.details {
            ui.line(fact("", Text::new().warn(detail)));
        }
        for (place, session) in self.sessions.iter().enumerate() {
            ui.line(fact("session", line(session)));
            // Of older ones the line says enough.
            let told = session.ending.iter().filter(|_| place == 0).flat_map(Ending::sentences);
            told.for_each(|sentence| ui.line(fact("", Text::new().warn(sentence)).one_line()));
        }
        for kept in &self.snapshots {
            ui.line(fact("kept", Text::new().path(&kept.name).faint(format_args!("  {}", kept.commit.short()))));
        }
    }
}

fn line(session: &Session) -> Text {
    let text = Text::new().id(&session.session).plain("  ").time(rfc3339(session.started)).plain("  ");
    let bead = session.bead.as_ref().map(ToString::to_string).unwrap_or_default();
    let text = text.plain(format!("{}  {bead}  ", session.agent));
    match &session.end {
        None => text.good("runs"),
        Some(end) => {
            let status = end.status.map(|status| format!(" ({status})")).unwrap_or_default();
            text.faint(format_args!("ended {}: {}{status}", rfc3339(end.at), end.reason))
        }
    }
}
