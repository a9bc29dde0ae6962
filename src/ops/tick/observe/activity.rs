//! What a worker's last session did, as far as files, terminals and its agent tell.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Around;
use crate::agent::Catalogue;
use crate::clock::whole_seconds;
use crate::error::Outcome;
use crate::git::worktree::{self, State};
use crate::id::{SessionId, WorkerRef};
use crate::ops::tick::told::{Terminal, signs};
use crate::ops::tick::used;
use crate::ops::{OpenTown, session, transcripts};
use crate::runtime::{self, Launch, Observed, Pane};
use crate::store::{SessionRow, written, written_at};
use crate::witness::{Activity, Prompt, Source, fuse};

impl Around<'_> {
    /// What is known of the last session of a worker.
    pub(super) fn activity(
        &self,
        worker: &WorkerRef,
        row: Option<&SessionRow>,
        observed: &Observed,
        hooked: bool,
    ) -> Outcome<Activity> {
        let Some(row) = row else { return Ok(Activity::default()) };
        let worktree = self.open.town.worktree(worker);
        let launched = launched(self.open, row);
        let since_then = |path: &Path| written(path).filter(|at| *at > launched).map(whole_seconds);
        let marks = [worktree.join(".git")].into_iter().chain(self.git_marks(&worktree));
        let git = marks.filter_map(|path| since_then(&path)).max();
        // Somebody made the log; what tells of the agent is that it is in it.
        let drawn = since_then(&row.log).filter(|_| runtime::agent_spoke(&row.log));
        let pane = self.panes.iter().flatten().find(|pane| pane.session.as_ref() == Some(&row.id));
        let moved = git.max(drawn);
        let begun = match observed {
            Observed::Ended(exit) => !exit.early && (moved.is_some() || hooked && self.left_work(worker, launched)),
            _ => moved.is_some(),
        };
        let shown = pane.and_then(|pane| pane.activity).filter(|at| *at >= row.created);
        let progress = moved.max(shown);
        let endpoint = used::endpoint(row).unwrap_or(used::Endpoint { answered: true, limited_until: None });
        let activity = Activity {
            // Without any answer of its model an agent has begun nothing, whatever it said of that.
            begun: begun && endpoint.answered,
            progress: progress.filter(|_| endpoint.answered),
            prompt: prompt(self.open, &row.id),
            limited_until: endpoint.limited_until,
            ..Activity::default()
        };
        if observed.is_live() || hooked { self.told(row, observed, activity, git.is_some()) } else { Ok(activity) }
    }

    /// The same with what the agent itself tells and shows.
    fn told(&self, row: &SessionRow, observed: &Observed, seen: Activity, by_git: bool) -> Outcome<Activity> {
        let catalogue = self.catalogue.get_or_init(|| Catalogue::new(&self.settings));
        let Ok(preset) = catalogue.get(&row.agent) else { return Ok(seen) };
        let heard = transcripts::heard(self.open, catalogue, row)?;
        let pane = self.panes.iter().flatten().find(|pane| pane.session.as_ref() == Some(&row.id));
        let text = |pane: &Pane| self.screens.get(&pane.pane).map(String::as_str);
        let terminal = pane.filter(|_| observed.is_live()).map(|pane| Terminal { pane, text: text(pane) });
        let mut signs = signs(preset, &heard, terminal, self.open.now());
        if preset.is_built_in() {
            // It says in its run folder what it does, which is surer than these.
            signs.retain(|sign| sign.source == Source::Transcript && sign.says.keeps_from_work());
        }
        let told = fuse(&signs, self.open.now(), &self.thresholds);
        // It stands there ready, and neither hooks nor a transcript tell of any turn: its first prompt was not taken.
        let can_tell = preset.hooks.format.is_some() || preset.transcript.format.is_some();
        let untouched = can_tell && told.last.is_none() && matches!(told.prompt, Prompt::Idle { .. }) && !by_git;
        let begun = seen.begun && !untouched;
        Ok(Activity { begun, progress: seen.progress.filter(|_| begun), ..seen }.with(told, signs))
    }

    /// Whether a session that is over has changed a file of its worktree that is in no commit.
    fn left_work(&self, worker: &WorkerRef, launched: SystemTime) -> bool {
        let path = self.open.town.worktree(worker);
        let files = match worktree::look(&self.open.town.rig_repo(&worker.rig), &path).map(|look| look.state) {
            Ok(State::Dirty { changed, untracked } | State::Busy { changed, untracked, .. }) => [changed, untracked],
            _ => return false,
        };
        files.iter().flatten().any(|file| written(&path.join(file)).is_some_and(|at| at > launched))
    }

    /// Files of git that move when a worker commits, stages or switches.
    fn git_marks(&self, worktree: &Path) -> Vec<PathBuf> {
        let Some(admin) = self.registry.folder_of(worktree) else { return Vec::new() };
        ["index", "logs/HEAD", "HEAD"].iter().map(|name| admin.join(name)).collect()
    }
}

/// What the agent says of its own prompt: the built-in one notes in its run folder when it waits.
fn prompt(open: &OpenTown, session: &SessionId) -> Prompt {
    let file = session::folder(open, session).join("waiting");
    written_at(&file).map_or(Prompt::Busy, |since| Prompt::Idle { since })
}

/// When the launch of a session was written down, by the clock of the files that are held against it: its worktree was
/// ready before, and its agent began after. Where that is gone, the end of the second in which it was recorded.
fn launched(open: &OpenTown, row: &SessionRow) -> SystemTime {
    let second = Duration::from_secs(1);
    written(&session::folder(open, &row.id).join(Launch::FILE)).unwrap_or_else(|| (row.created + second).into())
}
