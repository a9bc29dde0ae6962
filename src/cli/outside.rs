//! A worker in a sandbox: its `gt` hands every verb to its session, whose process carries it out outside.

use std::io::{self, Read};
use std::path::PathBuf;

use clap::ArgMatches;

use super::args::Cli;
use super::verbs::{self, Reach};
use super::{Call, input};
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, SessionId, WorkerKind};
use crate::runtime::{Verb, run_outside};

/// The longest text that a verb is handed on its standard input.
const LONGEST: u64 = 1 << 20;

/// Has the command carried out by the session when this is a sandbox; none: it is carried out here.
///
/// # Errors
/// When the session does not carry it out; outside, when no worker may do this.
pub(super) fn instead(cli: &Cli, typed: &ArgMatches, call: &Call) -> Outcome<Option<u8>> {
    if is_set(env::OUTSIDE) {
        return check(cli, typed).map(|()| None);
    }
    if !is_set(env::SANDBOX) || Reach::typed(typed) == Reach::Inside {
        return Ok(None);
    }
    let verb = Verb { argv: words()?, cwd: call.here()?, stdin: cli.command.reads_stdin().then(stdin).transpose()? };
    let status = run_outside(&folder(call)?, verb, &mut io::stdout(), &mut io::stderr())?;
    Ok(Some(u8::try_from(status).unwrap_or(1)))
}

/// What a verb without arguments says when it is carried out by the session; none where this is no sandbox.
pub(super) fn said(call: &Call, verb: &str) -> Option<Outcome<String>> {
    let ask = || {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let verb = Verb { argv: vec![verb.to_owned()], cwd: call.here()?, stdin: None };
        match run_outside(&folder(call)?, verb, &mut out, &mut errors)? {
            0 => Ok(String::from_utf8_lossy(&out).into_owned()),
            _ => Err(Failure::new(Kind::External, String::from_utf8_lossy(&errors).trim())),
        }
    };
    is_set(env::SANDBOX).then(ask)
}

fn folder(call: &Call) -> Outcome<PathBuf> {
    let session = std::env::var(env::SESSION).unwrap_or_default().parse::<SessionId>()?;
    Ok(call.town()?.session_dir(&session))
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whoever types in a sandbox says what is done outside with all rights of the person: that is no more than a worker
/// needs, and for this town. Crew and the mayor act for a person, and may use every verb of it.
fn check(cli: &Cli, typed: &ArgMatches) -> Outcome<()> {
    if cli.global.town.is_some() {
        return Err(Failure::new(Kind::Refused, "what is typed in a sandbox is carried out in its own town alone")
            .hint("Leave --town out."));
    }
    if Reach::typed(typed) == Reach::Workers || acts_for_a_person() {
        return Ok(());
    }
    let verb = verbs::name(typed);
    Err(Failure::new(Kind::Refused, format!("this worker is in a sandbox, and `gt {verb}` is not for workers"))
        .hint("Ask a person to do it: `gt escalate \"WHAT AND WHY\"`."))
}

/// Who acts here: the session says so, which is outside.
fn acts_for_a_person() -> bool {
    match std::env::var(env::WORKER).unwrap_or_default().parse() {
        Ok(Actor::Worker(worker)) => worker.kind == WorkerKind::Crew,
        Ok(actor) => actor == Actor::Mayor,
        Err(_) => false,
    }
}

fn words() -> Outcome<Vec<String>> {
    let word = |word: std::ffi::OsString| {
        word.into_string().map_err(|word| Failure::new(Kind::Usage, format!("{} is not UTF-8", word.display())))
    };
    std::env::args_os().skip(1).map(word).collect()
}

fn stdin() -> Outcome<String> {
    let text = input::from(&mut io::stdin().take(LONGEST + 1), "the text")?;
    if text.len() as u64 > LONGEST {
        return Err(Failure::new(Kind::Invalid, format!("the text is longer than {LONGEST} bytes")));
    }
    Ok(text)
}
