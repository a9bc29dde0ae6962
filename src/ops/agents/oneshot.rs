//! Running an agent once, without a terminal: a prompt in, an answer out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agent::{Delivery, LaunchPlan};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::{OpenTown, launch};
use crate::runtime::{CommandResult, CommandSpec, run_command, shell_line};

/// How much of an answer is kept: a plan of some hundred beads.
const ANSWER_LIMIT: u64 = 2 * 1024 * 1024;
/// How much of what a program complained of is shown.
const COMPLAINT: usize = 600;

/// What a program said.
#[derive(Debug)]
pub(in crate::ops) struct Said {
    /// How it ended.
    pub result: CommandResult,
    /// Its standard output.
    pub answer: String,
    errors: PathBuf,
}

impl Said {
    /// How it ended and what it complained of: "ended with status 1: no key".
    pub fn complaint(&self) -> String {
        let status = self.result.status;
        let how = status.map_or_else(|| "was ended".to_owned(), |status| format!("ended with status {status}"));
        let said = std::fs::read(&self.errors).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        let said = if said.trim().is_empty() { &self.result.tail } else { &said };
        let said = crate::agent::prompt::tail(said, COMPLAINT, "");
        format!("{how}: {}", if said.is_empty() { "it said nothing" } else { said.as_str() })
    }
}

/// Runs a plan of one answer; prompt, answer and complaints are kept in `folder`.
///
/// # Errors
/// When a file cannot be written or the program not be started.
pub(in crate::ops) fn run(open: &OpenTown, plan: &LaunchPlan, folder: &Path, limit: Duration) -> Outcome<Said> {
    for file in &plan.files {
        launch::write_private(file)?;
    }
    let input = match plan.delivery {
        Delivery::Stdin => folder.join("prompt.md"),
        _ => PathBuf::from("/dev/null"),
    };
    let (answer, errors) = (folder.join("answer.md"), folder.join("errors.log"));
    let redirect = |path: &Path| shell_line([path.display().to_string()]);
    let command = format!("exec {} <{} 2>{}", shell_line(&plan.argv), redirect(&input), redirect(&errors));
    let result = run_command(&CommandSpec {
        command,
        cwd: plan.cwd.clone(),
        env: plan.env.clone(),
        limit,
        log: answer.clone(),
        log_limit: ANSWER_LIMIT,
        runs: open.town.run_dir(),
        memory: None,
    })?;
    let cannot = |error| Failure::caused(Kind::External, format!("cannot read {}", answer.display()), error);
    let bytes = std::fs::read(&answer).map_err(cannot)?;
    Ok(Said { result, answer: String::from_utf8_lossy(&bytes).into_owned(), errors })
}
