//! The options of `gt harness run`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::terminal::Keyboard;
use super::{HarnessOptions, Limits};
use crate::bead::Budget;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::model::{self, Subject};
use crate::town::{Seconds, Town};

/// Run the built-in agent on one prompt in one worktree.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// What to do; without it the agent waits for the first message at the terminal.
    #[arg(value_name = "PROMPT", conflicts_with = "prompt_file")]
    pub prompt: Option<String>,
    /// A file with what to do; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub prompt_file: Option<PathBuf>,
    /// A file with the role: what the agent is told before everything else.
    #[arg(long, value_name = "FILE")]
    pub system_file: Option<PathBuf>,
    /// The model, as `provider/name`; default: `GT_MODEL`, else by the key that is set.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The worktree; nothing outside of it is written.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub cwd: PathBuf,
    /// End after this many replies of the model.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_turns: u32,
    /// End when this many tokens were read and written.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_tokens: Option<u64>,
    /// End after this many minutes of work.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub max_minutes: Option<u64>,
    /// How many tokens the model can read at once; older results are shortened before that is reached.
    #[arg(long, value_name = "N", default_value_t = 160_000, value_parser = clap::value_parser!(u64).range(4_000..))]
    pub context: u64,
    /// Append every call of the model and of a tool to this file as a line of JSON; default: beside the session's log.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// The run folder of the session that is told what happens.
    #[arg(long, value_name = "DIR", hide = true)]
    pub told: Option<PathBuf>,
    /// End when the model has nothing more to do, also at a terminal.
    #[arg(long)]
    pub once: bool,
}

impl Options {
    /// Reads the files and looks the rest up in the environment.
    pub(super) fn prepare(self, variables: &dyn Fn(&str) -> Option<String>) -> Outcome<HarnessOptions> {
        let terminal = Keyboard::exists();
        let prompt = match &self.prompt_file {
            Some(file) => Some(read(file)?),
            None => self.prompt,
        };
        let prompt = prompt.filter(|prompt| !prompt.trim().is_empty());
        if prompt.is_none() && (!terminal || self.once) {
            let failure = Failure::new(Kind::Usage, "there is nothing to do: no prompt, and nobody at a terminal");
            return Err(failure.hint("give the prompt as an argument or with --prompt-file FILE"));
        }
        let system = self.system_file.as_deref().map(read).transpose()?.unwrap_or_default();
        let session = variables(env::SESSION);
        let budget = Budget::read(variables(env::BUDGET).as_deref());
        let turns = budget.turns.map_or(u32::MAX, |turns| u32::try_from(turns).unwrap_or(u32::MAX));
        let minutes = self.max_minutes.map(|minutes| Duration::from_secs(60 * minutes));
        let audit = self.audit.or_else(|| default_audit(variables(env::TOWN).as_deref(), session.as_deref()));
        Ok(HarnessOptions {
            prompt,
            system,
            subject: Subject::from_env(),
            cwd: self.cwd,
            model: Arc::from(model::from_variables(self.model.as_deref(), variables)?),
            limits: Limits {
                turns: self.max_turns.min(turns),
                tokens: self.max_tokens.or(budget.tokens),
                time: minutes.or(budget.time.map(Seconds::duration)),
                context: self.context,
                ..Limits::default()
            },
            audit,
            told: self.told,
            session: session.unwrap_or_else(|| format!("pid-{}", std::process::id())),
            interactive: terminal && !self.once,
        })
    }
}

/// `<town>/.git/gt/logs/sessions/<session>.audit.jsonl`, for a session that gt started.
fn default_audit(town: Option<&str>, session: Option<&str>) -> Option<PathBuf> {
    let session = session?.parse().ok()?;
    Some(Town::at(town?).session_log(&session).with_extension("audit.jsonl"))
}

fn read(file: &Path) -> Outcome<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    let what = || format!("{} cannot be read", file.display());
    read.map_err(|error| Failure::caused(Kind::NotFound, what(), error))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: Options,
    }

    fn prepare(args: &[&str], set: &[(&str, &str)]) -> Outcome<HarnessOptions> {
        let program = Program::try_parse_from([&["gt"], args].concat()).expect("the arguments are right");
        let variables = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        program.options.prepare(&variables)
    }

    #[test]
    fn options_become_a_session() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let (prompt, system) = (file("prompt", "do it"), file("system", "a role"));
        let args =
            ["--prompt-file", &prompt, "--system-file", &system, "--max-minutes", "2", "--max-tokens", "7", "--once"];
        let set = [("OPENAI_API_KEY", "x"), ("GT_TOWN", "/town"), ("GT_SESSION", "abcdefgh1234")];
        let options = prepare(&args, &set).expect("a session");
        assert_eq!((options.prompt.as_deref(), options.system.as_str()), (Some("do it"), "a role"));
        assert_eq!((options.model.name(), options.interactive), ("openai/gpt-5", false));
        assert_eq!((options.limits.time, options.limits.tokens), (Some(Duration::from_secs(120)), Some(7)));
        let log = "/town/.git/gt/logs/sessions/abcdefgh1234.audit.jsonl";
        assert_eq!((options.audit.as_deref(), options.session.as_str()), (Some(Path::new(log)), "abcdefgh1234"));
    }

    #[test]
    fn the_budget_of_the_bead_is_a_limit() {
        let set = [("OPENAI_API_KEY", "x"), ("GT_BUDGET", "2m, 7k tokens, 30 turns")];
        let limits = prepare(&["do"], &set).expect("a session").limits;
        assert_eq!((limits.turns, limits.tokens, limits.time), (30, Some(7_000), Some(Duration::from_secs(120))));
        let limits = prepare(&["do", "--max-tokens", "9"], &set).expect("a session").limits;
        assert_eq!(limits.tokens, Some(9));
    }

    #[test]
    fn what_is_missing_is_said() {
        let key = ("OPENAI_API_KEY", "x");
        for (args, set, kind, text) in [
            (&["--once"][..], &[key][..], Kind::Usage, "there is nothing to do"),
            (&["--once", "  "], &[key], Kind::Usage, "there is nothing to do"),
            (&["--prompt-file", "/nowhere/x"], &[key], Kind::NotFound, "/nowhere/x cannot be read"),
            (&["do", "--system-file", "/nowhere/x"], &[key], Kind::NotFound, "/nowhere/x cannot be read"),
            (&["do"], &[], Kind::Invalid, "no model is set"),
            (&["do", "--model", "x/y"], &[key], Kind::Invalid, "\"x/y\" names no model"),
        ] {
            let failure = prepare(args, set).err().expect(text);
            assert_eq!(failure.kind, kind);
            assert!(failure.to_string().contains(text), "{failure}");
        }
    }
}
