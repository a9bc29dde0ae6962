//! Finding and filling templates.

use std::fs;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};

use super::context::{
    CrewContext, GateContext, MailContext, MayorContext, PlanContext, PrimeContext, RememberedContext, RepairContext,
    RoleSummary,
};
use super::cut::{fit, head, lines, tail};
use crate::agent::AgentError;
use crate::id::RoleName;

/// The built-in templates by name. A new role is a new file and a new line.
const BUILT_IN: &[(&str, &str)] = &[
    ("prime.md", include_str!("../../../templates/prime.md")),
    ("first-prompt.md", include_str!("../../../templates/first-prompt.md")),
    ("resume.md", include_str!("../../../templates/resume.md")),
    ("mayor.md", include_str!("../../../templates/mayor.md")),
    ("crew.md", include_str!("../../../templates/crew.md")),
    ("plan.md", include_str!("../../../templates/plan.md")),
    ("plan-repair.md", include_str!("../../../templates/plan-repair.md")),
    ("conflict.md", include_str!("../../../templates/conflict.md")),
    ("roles/developer.md", include_str!("../../../templates/roles/developer.md")),
    ("roles/tester.md", include_str!("../../../templates/roles/tester.md")),
    ("roles/reviewer.md", include_str!("../../../templates/roles/reviewer.md")),
    ("roles/architect.md", include_str!("../../../templates/roles/architect.md")),
    ("roles/debugger.md", include_str!("../../../templates/roles/debugger.md")),
    ("roles/documenter.md", include_str!("../../../templates/roles/documenter.md")),
    ("roles/devops.md", include_str!("../../../templates/roles/devops.md")),
];

/// What `gt prime` prints at most, in bytes.
const PRIME_LIMIT: usize = 6_000;
/// What an agent is started with at most, in bytes: it is one argument of a command.
const FIRST_PROMPT_LIMIT: usize = 4_000;
/// How many letters are named by their subjects, and how long those may be, in characters.
const LETTERS: usize = 8;
/// See [`LETTERS`].
const SUBJECT: usize = 80;
/// How many files in conflict are named.
const CONFLICT_PATHS: usize = 20;
/// What a planner's own answer takes at most when it is handed back, in bytes.
const ANSWER_LIMIT: usize = 40_000;

/// The templates of a town.
#[derive(Debug, Clone)]
pub struct Prompts {
    folder: Option<PathBuf>,
}

impl Prompts {
    /// The built-in templates alone.
    pub fn built_in() -> Self {
        Self { folder: None }
    }

    /// The templates of the town whose `templates/` folder this is; it need not exist.
    pub fn of(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()) }
    }

    /// What `gt prime` prints, under 6 kB.
    ///
    /// # Errors
    /// When the role has no template, or a template is broken.
    pub fn prime(&self, prime: &PrimeContext) -> Result<String, AgentError> {
        let role_text = match prime.conflict.as_slice() {
            [] => self.role(&prime.role)?,
            _ => self.conflict(prime)?,
        };
        fit(PRIME_LIMIT, |scale| {
            let shown = shortened(prime, scale);
            let role_text = head(&role_text, 200 + 2 * scale, "");
            self.fill("prime.md", context! { role_text, ..Value::from(Serde(&shown)) })
        })
    }

    /// What an agent is started with.
    ///
    /// # Errors
    /// When the template is broken.
    pub fn first(&self, prime: &PrimeContext) -> Result<String, AgentError> {
        fit(FIRST_PROMPT_LIMIT, |scale| self.fill("first-prompt.md", Serde(shortened(prime, scale))))
    }

    /// What an agent is told that goes on in the conversation it had about the bead. `happened` is one sentence; with
    /// `again` the bead was taken from it meanwhile. Its notes are those that are new to it.
    ///
    /// # Errors
    /// When the template is broken.
    pub fn resume(&self, prime: &PrimeContext, happened: &str, again: bool) -> Result<String, AgentError> {
        fit(FIRST_PROMPT_LIMIT, |scale| {
            let mut shown = shortened(prime, scale);
            shown.conflict.truncate(CONFLICT_PATHS);
            self.fill("resume.md", context! { happened, again, ..Value::from(Serde(shown)) })
        })
    }

    /// What the mayor's session is started with, and what `gt prime` prints there: under 6 kB.
    ///
    /// # Errors
    /// When the template is broken.
    pub fn mayor(&self, mayor: &MayorContext) -> Result<String, AgentError> {
        let roles: Vec<String> = self.roles()?.into_iter().map(|role| role.name).collect();
        fit(PRIME_LIMIT, |scale| {
            let mut shown = mayor.clone();
            shown.rigs_more = keep_first(&mut shown.rigs, (40 * scale / 1_000).max(3));
            for rig in &mut shown.rigs {
                rig.gates = vec![head(&rig.gates.join(", "), (300 * scale / 1_000).max(40), "")];
                rig.gates.retain(|gates| !gates.is_empty());
            }
            shown.remembered_more = fewer_notes(&mut shown.remembered, scale);
            fewer_letters(&mut shown.mail, (LETTERS * scale / 1_000).max(1));
            self.fill("mayor.md", context! { roles => &roles, ..Value::from(Serde(shown)) })
        })
    }

    /// What a crew member's session is started with, and what `gt prime` prints there: under 4 kB.
    ///
    /// # Errors
    /// When the template is broken.
    pub fn crew(&self, crew: &CrewContext) -> Result<String, AgentError> {
        fit(FIRST_PROMPT_LIMIT, |scale| {
            let mut shown = crew.clone();
            shown.remembered_more = fewer_notes(&mut shown.remembered, scale);
            shown.gates_more = fewer_gates(&mut shown.gates, (10 * scale / 1_000).max(2));
            fewer_letters(&mut shown.mail, (LETTERS * scale / 1_000).max(1));
            self.fill("crew.md", Serde(shown))
        })
    }

    /// What a planner is asked, in at most `limit` bytes as far as the goal allows: files, README and open beads
    /// are cut, in equal measure, the goal and the rules never.
    ///
    /// # Errors
    /// When a template is broken.
    pub fn plan(&self, plan: &PlanContext, limit: usize) -> Result<String, AgentError> {
        let roles = self.roles()?;
        let share = limit / plan.rigs.len().max(1);
        fit(limit, |scale| {
            let rigs: Vec<Value> = plan
                .rigs
                .iter()
                .map(|rig| {
                    let tree = lines(&rig.tree, share * scale / 2_000);
                    let readme = head(&rig.readme, share * scale / 3_000, "");
                    context! { name => &rig.name, branch => &rig.branch, gates => Serde(&rig.gates), tree, readme }
                })
                .collect();
            let open_beads = lines(&plan.open_beads, limit * scale / 5_000);
            self.fill(
                "plan.md",
                context! { goal => &plan.goal, schema => plan.schema.trim(), rigs, roles => Serde(&roles), open_beads },
            )
        })
    }

    /// What a planner is asked when its plan could not be used.
    ///
    /// # Errors
    /// When the template is broken.
    pub fn plan_repair(&self, repair: &RepairContext) -> Result<String, AgentError> {
        let answer = head(&repair.answer, ANSWER_LIMIT, "");
        let errors = Serde(&repair.errors);
        self.fill("plan-repair.md", context! { goal => &repair.goal, errors, answer, schema => repair.schema.trim() })
    }

    /// What stands in place of the role where finished work is to be brought together with what landed meanwhile.
    fn conflict(&self, prime: &PrimeContext) -> Result<String, AgentError> {
        let mut shown = shortened(prime, 100);
        let more = shown.conflict.len().saturating_sub(CONFLICT_PATHS);
        shown.conflict.truncate(CONFLICT_PATHS);
        let text = self.fill("conflict.md", context! { more, ..Value::from(Serde(shown)) })?;
        Ok(text.trim_end().to_owned())
    }

    /// The text of a role.
    ///
    /// # Errors
    /// When it has no template.
    pub fn role(&self, role: &str) -> Result<String, AgentError> {
        let unknown = || AgentError::UnknownRole {
            role: role.to_owned(),
            known: self.role_names().iter().map(ToString::to_string).collect(),
        };
        // A name that is no role could climb out of the folder.
        let role: RoleName = role.parse().map_err(|_| unknown())?;
        let text = self.source(&format!("roles/{role}.md"))?.ok_or_else(unknown)?;
        Ok(text.trim_end().to_owned())
    }

    /// Every role that has a template, with the first line of it.
    ///
    /// # Errors
    /// When a template cannot be read.
    pub fn roles(&self) -> Result<Vec<RoleSummary>, AgentError> {
        let summary = |name: RoleName| {
            let text = self.role(name.as_str())?;
            let first = text.lines().map(|line| line.trim_start_matches('#').trim()).find(|line| !line.is_empty());
            Ok(RoleSummary { name: name.to_string(), summary: first.unwrap_or_default().to_owned() })
        };
        self.role_names().into_iter().map(summary).collect()
    }

    /// The names of the roles: those built in, in their order, then the town's own.
    pub fn role_names(&self) -> Vec<RoleName> {
        let role = |name: &str| name.strip_prefix("roles/")?.strip_suffix(".md")?.parse().ok();
        let mut names: Vec<RoleName> = BUILT_IN.iter().filter_map(|(name, _)| role(name)).collect();
        let entries = self.folder.as_ref().and_then(|folder| fs::read_dir(folder.join("roles")).ok());
        let mut own: Vec<RoleName> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| role(&format!("roles/{}", entry.ok()?.file_name().to_str()?)))
            .filter(|name| !names.contains(name))
            .collect();
        own.sort();
        names.extend(own);
        names
    }

    /// The text of a template: the town's, else the built-in one.
    fn source(&self, name: &str) -> Result<Option<String>, AgentError> {
        let built_in = || BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        let Some(path) = self.folder.as_deref().map(|folder| folder.join(Path::new(name))) else {
            return Ok(built_in());
        };
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(built_in()),
            Err(source) => Err(AgentError::Io { path, source }),
        }
    }

    fn fill(&self, name: &str, values: impl Into<Value>) -> Result<String, AgentError> {
        let broken = |error: minijinja::Error| AgentError::Template { name: name.to_owned(), reason: reason(&error) };
        let text = self.source(name)?.expect("every template that is filled is built in");
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(broken)?;
        environment.set_syntax(syntax);
        environment.add_template(name, &text).map_err(broken)?;
        let filled = environment.get_template(name).and_then(|template| template.render(values)).map_err(broken)?;
        Ok(without_wide_gaps(&filled))
    }
}

fn reason(error: &minijinja::Error) -> String {
    let place = error.line().map_or(String::new(), |line| format!("line {line}: "));
    format!("{place}{}", error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}

/// No two empty lines in a row and none at the ends, whatever was left out.
fn without_wide_gaps(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut gap = false;
    for line in text.trim().lines() {
        let empty = line.trim().is_empty();
        if !(empty && gap) {
            kept.push_str(line.trim_end());
            kept.push('\n');
        }
        gap = empty;
    }
    kept
}

/// The same with long parts cut, at `scale` per mille of their room.
fn shortened(prime: &PrimeContext, scale: usize) -> PrimeContext {
    let room = |bytes: usize| bytes * scale / 1_000;
    let show = format!("`gt show {}`", prime.bead.id);
    let mut shown = prime.clone();
    let bead = &mut shown.bead;
    bead.title = head(&bead.title, 200, "");
    bead.description = head(&bead.description, room(3_000), &show);
    bead.acceptance = head(&bead.acceptance, room(1_500), &show);
    bead.parent = bead.parent.as_deref().map(|parent| head(parent, 100, ""));
    shown.more.touches = keep_first(&mut bead.touches, room(20));
    shown.more.needs = keep_first(&mut shown.needs, room(20).max(5));
    for need in &mut shown.needs {
        need.title = head(&need.title, 100, "");
        let show = format!("`gt show {}`", need.id);
        need.result = need.result.as_deref().map(|result| head(result, room(1_000), &show));
    }
    shown.more.earlier = keep_last(&mut shown.earlier, room(5).max(3));
    let newest = shown.earlier.len().saturating_sub(1);
    for (place, attempt) in shown.earlier.iter_mut().enumerate() {
        let bytes = room(if place == newest { 1_500 } else { 500 });
        attempt.reason = tail(&attempt.reason, bytes, attempt.log.as_deref().unwrap_or(&show));
    }
    shown.more.notes = keep_last(&mut shown.notes, room(5).max(1));
    for note in &mut shown.notes {
        note.text = head(&note.text, room(800).max(80), &show);
    }
    // The last note says most: a handoff, a person's answer.
    if let (Some(last), Some(whole)) = (shown.notes.last_mut(), prime.notes.last()) {
        last.text = head(&whole.text, room(2_400).max(500), &show);
    }
    shown.remembered_more = fewer_notes(&mut shown.remembered, scale);
    shown.more.gates = fewer_gates(&mut shown.gates, room(10).max(2));
    fewer_letters(&mut shown.mail, room(LETTERS).max(1));
    shown
}

/// Leaves out what comes after the first so many; how many those are.
fn keep_first<T>(list: &mut Vec<T>, count: usize) -> usize {
    let more = list.len().saturating_sub(count);
    list.truncate(count);
    more
}

/// Leaves out what comes before the last so many; how many those are.
fn keep_last<T>(list: &mut Vec<T>, count: usize) -> usize {
    let more = list.len().saturating_sub(count);
    list.drain(..more);
    more
}

/// Cuts what is remembered at `scale` per mille of its room; how many notes were left out.
fn fewer_notes(remembered: &mut Vec<RememberedContext>, scale: usize) -> usize {
    let room = |bytes: usize| bytes * scale / 1_000;
    let more = keep_first(remembered, room(8));
    for note in remembered {
        let words = note.name.rsplit('/').next().unwrap_or_default().replace('-', " ");
        note.text = head(&note.text, room(500), &format!("`gt recall {words}`"));
    }
    more
}

/// Cuts the letters to so many, and their subjects.
fn fewer_letters(mail: &mut MailContext, count: usize) {
    mail.more += keep_first(&mut mail.letters, count);
    for letter in &mut mail.letters {
        if letter.subject.chars().count() > SUBJECT {
            letter.subject = letter.subject.chars().take(SUBJECT - 1).chain(['…']).collect();
        }
    }
}

/// Cuts the gates to so many; how many were left out.
fn fewer_gates(gates: &mut Vec<GateContext>, count: usize) -> usize {
    let more = keep_first(gates, count);
    for gate in gates {
        gate.run = head(&gate.run, 200, "");
    }
    more
}
