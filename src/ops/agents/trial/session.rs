//! The part of a test that happens in a terminal.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::place::FILE;
use super::{Sheet, Subject, Verdict};
use crate::agent::{AtEnd, Delivery, LaunchPlan, Reading};
use crate::error::{Failure, Outcome};
use crate::ops::launch;
use crate::runtime::{
    Confinement, HookKind, Launch, Observed, Runtime, RuntimeKind, Watched, deliver, end, events, observe,
    wait_until_ended, watch,
};

/// How long an agent may take to end by itself when it is asked to.
const QUIT: Duration = Duration::from_secs(20);
/// How much of a screen is shown.
const LINES: usize = 20;
/// How long its prompt has to stand there until it is at rest: between two steps of a turn many show it for a moment.
const CALM: Duration = Duration::from_millis(600);

/// A session on trial.
struct Trial<'s, 'a> {
    subject: &'s Subject<'a>,
    runtime: Box<dyn Runtime>,
    dir: PathBuf,
    plan: LaunchPlan,
    confinement: Option<Confinement>,
}

/// Starts a session, sees it work and ends it; nothing of it is left afterwards.
pub(super) fn try_session(subject: &Subject<'_>, mut plan: LaunchPlan, sheet: &mut Sheet<'_>) -> Outcome<()> {
    let open = subject.open;
    let runtime = open.runtime(RuntimeKind::Tmux)?;
    let dir = subject.place.run.clone();
    let confinement = subject.confinement(&mut plan)?;
    let trial = Trial { subject, runtime, dir, plan, confinement };
    let tried = trial.works(sheet);
    let ended = trial.ends(sheet);
    let _ = trial.runtime.close(&trial.dir);
    tried.and(ended)
}

impl Trial<'_, '_> {
    fn works(&self, sheet: &mut Sheet<'_>) -> Outcome<()> {
        sheet.begin("starting it in a scratch worktree");
        for file in &self.plan.files {
            launch::write_private(file)?;
        }
        if let Err(error) = self.runtime.start(&self.dir, &self.launch()) {
            let failure = Failure::from(error);
            sheet.fails("starts", failure.message, failure.hints);
            return Ok(());
        }
        sheet.works("starts", self.plan.argv.first().map_or("", String::as_str));
        if !self.is_ready(sheet)? {
            return Ok(());
        }
        self.acts(sheet)
    }

    fn launch(&self) -> Launch {
        let subject = self.subject;
        let session = subject.place.session.clone();
        Launch {
            name: format!("test/{}", subject.preset.name),
            runtime: RuntimeKind::Tmux,
            argv: self.plan.argv.clone(),
            typed: self.plan.typed(),
            manners: self.plan.manners.clone(),
            cwd: self.plan.cwd.clone(),
            log: subject.place.oneshot.join("session.log"),
            grace_seconds: subject.open.settings.grace.duration().as_secs(),
            on_end: Vec::new(),
            pulse: None,
            tmux_socket: None,
            state: None,
            env: self.plan.env.clone(),
            on_end_env: std::collections::BTreeMap::new(),
            confinement: self.confinement.clone(),
            session,
        }
    }

    fn watch(&self, seen: &mut dyn FnMut(&str) -> bool) -> Outcome<Watched> {
        Ok(watch(&*self.runtime, &self.dir, self.subject.request.limit, seen)?)
    }

    fn read(&self, screen: &str) -> Reading {
        self.subject.preset.screen.read(screen)
    }

    fn is_ready(&self, sheet: &mut Sheet<'_>) -> Outcome<bool> {
        if self.subject.preset.screen.ready.is_none() {
            sheet.put("ready", Verdict::Skipped, "its preset has no sign of it");
            return Ok(true);
        }
        let typed = self.plan.delivery == Delivery::Typed;
        // An agent with its prompt in hand may be through with it before anybody looks.
        let done = || !typed && self.subject.place.is_written();
        let watched = self.watch(&mut |screen| {
            let reading = self.read(screen);
            reading.ready || (!typed && reading.busy) || done() || self.dialog(screen).is_some()
        })?;
        if let Some(about) = self.dialog(&watched.screen) {
            self.stuck(sheet, "ready", &watched, &format!("it shows a screen of its first start: {about}"));
            return Ok(false);
        }
        if !watched.seen {
            self.stuck(sheet, "ready", &watched, "its screen does not show the sign of its preset");
            // Without the sign it may work all the same, unless it is to be typed to.
            return Ok(!watched.over && !typed);
        }
        sheet.works("ready", "its screen shows the sign");
        Ok(true)
    }

    fn dialog(&self, screen: &str) -> Option<&str> {
        let screens = &self.subject.preset.dialogs;
        screens.iter().find(|dialog| dialog.is_on(screen)).map(|dialog| dialog.about.as_str())
    }

    /// Whether the prompt was taken and the file written without a question.
    fn acts(&self, sheet: &mut Sheet<'_>) -> Outcome<()> {
        let place = self.subject.place;
        let mut busy = false;
        let watched = self.watch(&mut |screen| {
            let reading = self.read(screen);
            busy |= reading.busy;
            place.is_written() || reading.waiting
        })?;
        let written = place.is_written();
        match (written || busy, written) {
            (true, _) if busy => sheet.works("prompt", "taken; its screen shows that it works"),
            (true, _) => sheet.works("prompt", "taken"),
            (false, _) => self.stuck(sheet, "prompt", &watched, "nothing shows that it was taken"),
        }
        if written {
            sheet.works("unattended", format!("wrote {FILE} and was asked nothing"));
        } else if watched.seen {
            self.stuck(sheet, "unattended", &watched, "it asks before it acts");
        } else {
            let limit = self.subject.request.limit.as_secs();
            self.stuck(sheet, "unattended", &watched, &format!("{FILE} was not written within {limit} s"));
        }
        if !written {
            return Ok(());
        }
        self.finds(sheet)?;
        // A hook tells of the end of a turn before the turn is over.
        self.tells(sheet)?;
        self.rests(sheet)
    }

    /// Whether a worker's verbs would reach this `gt`.
    fn finds(&self, sheet: &mut Sheet<'_>) -> Outcome<()> {
        let own = self.subject.open.program()?;
        let same = |path: &str| Path::new(path).canonicalize().ok() == own.canonicalize().ok();
        match self.subject.place.found() {
            None => sheet.put("shell", Verdict::Skipped, "it ran no command"),
            Some(path) if same(&path) => sheet.works("shell", format!("finds {path}")),
            Some(path) => {
                let hint = "Its shell sets PATH anew, most likely in a file that a login shell reads.".to_owned();
                sheet.fails("shell", format!("finds {path} instead of {}", own.display()), vec![hint]);
            }
        }
        Ok(())
    }

    /// Whether its hooks told what the preset says that they tell of a turn.
    fn tells(&self, sheet: &mut Sheet<'_>) -> Outcome<()> {
        let hooks = &self.subject.preset.hooks;
        let due = [HookKind::Prompt, HookKind::Tool, HookKind::Stop];
        let due: Vec<HookKind> = due.into_iter().filter(|kind| hooks.events.contains_key(kind)).collect();
        if due.is_empty() {
            return Ok(());
        }
        let missing = || -> Vec<HookKind> {
            let told: Vec<HookKind> = events(&self.dir).iter().map(|event| event.kind).collect();
            due.iter().copied().filter(|kind| !told.contains(kind)).collect()
        };
        self.watch(&mut |_| missing().is_empty())?;
        let words = |kinds: &[HookKind]| kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match missing().as_slice() {
            [] => sheet.works("hooks", format!("told of {}", words(&due))),
            silent => sheet.fails("hooks", format!("told nothing of {}", words(silent)), Vec::new()),
        }
        Ok(())
    }

    fn rests(&self, sheet: &mut Sheet<'_>) -> Outcome<()> {
        let preset = self.subject.preset;
        if preset.at_end == AtEnd::Waits && preset.screen.ready.is_some() {
            let mut since = None;
            let watched = self.watch(&mut |screen| {
                let reading = self.read(screen);
                let rests = reading.ready && !reading.busy;
                since = since.filter(|_| rests).or(rests.then(Instant::now));
                since.is_some_and(|since| since.elapsed() >= CALM)
            })?;
            match watched.seen {
                true => sheet.works("rests", "at its prompt again"),
                false => self.stuck(sheet, "rests", &watched, "its screen does not show that it is ready again"),
            }
        }
        match self.subject.place.strangers()?.as_slice() {
            [] => {}
            names if names.iter().all(|name| self.is_hidden(name)) => {}
            names => sheet.fails("clean", format!("it left in the worktree: {}", names.join(", ")), Vec::new()),
        }
        Ok(())
    }

    fn is_hidden(&self, name: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        };
        self.subject.preset.excludes.iter().any(fits)
    }

    /// A step that did not come about, with what the screen shows.
    fn stuck(&self, sheet: &mut Sheet<'_>, what: &'static str, watched: &Watched, why: &str) {
        let why = match watched.over {
            true => format!("it ended: {}", over(&self.dir)),
            false => why.to_owned(),
        };
        let hint = format!("`gt agent show {}` shows what its preset says.", self.subject.preset.name);
        sheet.fails(what, why, vec![hint]);
        let lines: Vec<&str> = watched.screen.lines().filter(|line| !line.trim().is_empty()).collect();
        sheet.tested.screen = Some(lines[lines.len().saturating_sub(LINES)..].join("\n"));
    }

    fn ends(&self, sheet: &mut Sheet<'_>) -> Outcome<()> {
        if !self.dir.exists() {
            return Ok(());
        }
        sheet.begin("ending it");
        let preset = self.subject.preset;
        let asked = match (&preset.quit, preset.at_end) {
            (Some(quit), _) if observe(&self.dir).is_live() => {
                deliver(&self.dir, quit).is_ok().then_some(quit.as_str())
            }
            _ => None,
        };
        if asked.is_some() || preset.at_end == AtEnd::Exits {
            wait_until_ended(&self.dir, QUIT);
        }
        let stays = observe(&self.dir).is_live().then(|| self.watch(&mut |_| true)).transpose()?;
        let report = end(&self.dir, self.subject.open.settings.grace.duration())?;
        match (asked, stays) {
            (Some(quit), None) => sheet.works("ends", format!("by {quit}, {}", over(&self.dir))),
            (Some(quit), Some(watched)) => {
                self.stuck(sheet, "ends", &watched, &format!("not by {quit}: it had to be ended"));
            }
            (None, None) => sheet.works("ends", over(&self.dir)),
            (None, Some(_)) => sheet.put("ends", Verdict::Skipped, "its preset does not say how; it was ended"),
        }
        let says = match report.exit.map_or(0, |exit| exit.killed) {
            0 => "nothing of it was left".to_owned(),
            1 => "one process that it left was ended".to_owned(),
            count => format!("{count} processes that it left were ended"),
        };
        sheet.works("leaves nothing", says);
        Ok(())
    }
}

fn over(dir: &Path) -> String {
    match observe(dir) {
        Observed::Ended(exit) => match (exit.status, exit.signal) {
            (Some(status), _) => format!("with status {status}"),
            (None, Some(signal)) => format!("by signal {signal}"),
            _ => exit.message.unwrap_or_else(|| "nobody saw how".to_owned()),
        },
        _ => "nobody saw how".to_owned(),
    }
}
