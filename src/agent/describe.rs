//! A preset in words: for `gt agent show` and for the reference.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Argument, AtEnd, By, Credential, Delivery, Enter, Preset, WhileBusy};

/// One thing that is known about an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trait {
    /// What it is about.
    pub about: &'static str,
    /// What is known, in prose; words of programs stand between back quotes.
    pub says: String,
}

/// What something is about, and what is known of it; empty where there is nothing.
type Row = (&'static str, String);

impl Preset {
    /// All that is known about the agent. Where there is nothing the preset says why; where it does not either, as that
    /// of a person's own program, the row is left out.
    pub fn traits(&self) -> Vec<Trait> {
        let reason = |about: &str| self.absent.get(about).cloned().unwrap_or_default();
        let told = |(about, says): Row| Trait { about, says: if says.is_empty() { reason(about) } else { says } };
        self.rows().into_iter().map(told).filter(|one| !one.says.is_empty()).collect()
    }

    /// Everything that there is to know about an agent.
    pub(super) fn rows(&self) -> Vec<Row> {
        let parts = [self.starting(), self.choices(), self.surroundings(), self.signs(), self.running()];
        parts.into_iter().flatten().collect()
    }

    /// How sure what is known is: "run, 1.2.3, 2026-11".
    pub fn provenance(&self) -> String {
        let by = match self.measured.by {
            By::Nobody => "nobody has tried it",
            By::Documents => "read in its documents",
            By::Run => "run against a scripted endpoint",
        };
        let rest = [&self.measured.version, &self.measured.when];
        std::iter::once(by)
            .chain(rest.into_iter().map(String::as_str).filter(|part| !part.is_empty()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn starting(&self) -> Vec<Row> {
        let session = self.command.as_deref().map_or_else(|| self.line(&self.interactive), code);
        let oneshot = self.oneshot.as_deref().map(|list| format!("{}, {}", self.line(list), how(self.oneshot_prompt)));
        let lines = |list: &Option<Vec<Argument>>| list.as_deref().map(|list| self.line(list)).unwrap_or_default();
        let flags = |list: &[String], set: &BTreeMap<String, String>| {
            codes(assignments(set).chain(list.first().map(|_| list.join(" "))))
        };
        let permissions = &self.permissions;
        let chooses = if self.chooses_session { "chosen by gt" } else { "chosen by the agent" };
        vec![
            ("session", session),
            ("first prompt", how(self.prompt).to_owned()),
            ("without questions", flags(&permissions.autonomous, &permissions.env.autonomous)),
            ("with questions", flags(&permissions.ask, &permissions.env.ask)),
            ("once, without a terminal", self.oneshot_command.as_deref().map(code).or(oneshot).unwrap_or_default()),
            ("resume", lines(&self.resume)),
            ("fork", lines(&self.fork)),
            ("asked of a conversation", lines(&self.ask)),
            ("conversation id", chooses.to_owned()),
            ("at its end", self.ending()),
        ]
    }

    /// The program with arguments, as on a command line.
    fn line(&self, list: &[Argument]) -> String {
        code(&format!("{} {}", self.program, words(list)))
    }

    fn choices(&self) -> Vec<Row> {
        vec![("model", self.told("{model}")), ("effort", self.told("{effort}"))]
    }

    /// How it is told the value of a placeholder.
    fn told(&self, placeholder: &str) -> String {
        let find = |list: &[Argument]| {
            let group = list.iter().find(|argument| argument.mentions(placeholder))?;
            Some(code(words(std::slice::from_ref(group)).trim_matches(['[', ']'])))
        };
        let once = || Some(format!("{}, without a terminal only", find(self.oneshot.as_deref()?)?));
        find(&self.interactive).or_else(once).unwrap_or_default()
    }

    fn ending(&self) -> String {
        let end = match self.at_end {
            AtEnd::Exits => "it ends",
            AtEnd::Waits => "it waits at its prompt",
        };
        let quit = self.quit.as_deref().map(|quit| format!("{} ends it", code(quit)));
        let leaves = (!self.leaves.is_empty()).then(|| format!("outlives its terminal: {}", self.leaves));
        [Some(end.to_owned()), quit, leaves].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    fn surroundings(&self) -> Vec<Row> {
        let with = self.pass_with.iter().map(|(name, more)| format!("{} with {}", codes(more.iter()), code(name)));
        let pass = [codes(in_order(self.keys.iter().chain(&self.pass)))].into_iter().chain(with);
        let folder = |folder: &Option<String>| folder.as_deref().map(code);
        let moved = self.config_variable.as_deref().map(|name| format!("{} moves it", code(name)));
        let config = folder(&self.config_folder);
        let same = config.as_ref().map(|_| "the same folder".to_owned());
        let files = self.files.iter().chain(&self.own_config).map(|file| &file.path).chain(&self.hooks.file);
        vec![
            ("install", self.install.clone()),
            ("credentials, any of", self.credentials()),
            ("environment it gets", pass.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")),
            ("environment it is given", or_nothing(codes(assignments(&self.env)))),
            ("the same as root", or_nothing(codes(assignments(&self.env_root)))),
            ("configuration", config.into_iter().chain(moved).collect::<Vec<_>>().join(", ")),
            ("credentials and conversations", folder(&self.data_folder).or(same).unwrap_or_default()),
            ("files written for it", or_nothing(codes(unique(files)))),
            ("hidden from git", or_nothing(codes(self.excludes.iter()))),
            ("reads in the repository", codes(self.instructions.iter())),
            ("first start", self.first_start()),
        ]
    }

    fn credentials(&self) -> String {
        let one = |one: &Credential| {
            let variable = one.variable.as_deref().map(code);
            let file = one.file.as_deref().map(|file| match one.contains.as_deref() {
                Some(text) => format!("{} with {}", code(file), code(text)),
                None => code(file),
            });
            let system = one.system.as_deref().map(|system| format!("on {system}"));
            [variable, file, system].into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        let keys = || self.keys.iter().map(|key| code(key)).collect();
        let all: Vec<String> =
            if self.credentials.is_empty() { keys() } else { self.credentials.iter().map(one).collect() };
        all.join("; ")
    }

    fn first_start(&self) -> String {
        let told = self.dialogs.iter().map(|screen| {
            let enter = match screen.enter {
                Enter::Unknown => "",
                Enter::Accepts => " (Enter accepts)",
                Enter::Declines => " (Enter declines)",
                Enter::Exits => " (Enter ends it)",
            };
            format!("{}{enter}: {}", screen.about, screen.answered)
        });
        told.collect::<Vec<_>>().join("; ")
    }

    /// On the screen, and in the title of the terminal.
    fn signs(&self) -> Vec<Row> {
        let screen = &self.screen;
        let sign = |screen: &Option<String>, title: &Option<String>| {
            let title = title.as_deref().map(|pattern| format!("title {}", code(pattern)));
            screen.as_deref().map(code).into_iter().chain(title).collect::<Vec<_>>().join("; ")
        };
        vec![
            ("ready sign", sign(&screen.ready, &screen.title_idle)),
            ("busy sign", sign(&screen.busy, &screen.title_busy)),
            ("sign of a question", sign(&screen.waiting, &screen.title_waiting)),
            ("sign of a limit", sign(&screen.limited, &None)),
        ]
    }

    fn running(&self) -> Vec<Row> {
        vec![
            ("processes", codes(self.processes.iter())),
            ("Enter while it works", self.enter()),
            ("hooks", self.hooking()),
            ("transcript", self.writes_down()),
            ("known", self.provenance()),
        ]
    }

    fn enter(&self) -> String {
        let typing = &self.typing;
        let enter = match typing.while_busy {
            WhileBusy::Unknown => "",
            WhileBusy::Queues => "the message waits for the end of the turn",
            WhileBusy::Steers => "the message goes in at the next call of the model",
            WhileBusy::Aborts => "the answer that is being written is dropped",
            WhileBusy::Ignores => "nothing: the text stays in the input line",
        };
        let queue = typing.queue_key.as_deref().map(|key| format!("{} queues it", code(key)));
        let stops = (!typing.interrupt.is_empty()).then(|| format!("{} stops it", codes(typing.interrupt.iter())));
        let parts = std::iter::once(enter.to_owned()).chain(queue).chain(stops);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }

    fn hooking(&self) -> String {
        if self.hooks.format.is_none() {
            return String::new();
        }
        let file = self.hooks.file.as_deref().map(|file| format!("{}: ", code(file))).unwrap_or_default();
        let told =
            (!self.hooks.arguments.is_empty()).then(|| format!("; with {}", code(&self.hooks.arguments.join(" "))));
        let hand_over = self.hooks.hand_over.as_deref();
        let hand_over = hand_over.map(|word| format!("; stop with {} hands a message over", code(word)));
        let parts = [told, hand_over].into_iter().flatten().collect::<String>();
        format!("{file}{}{parts}", codes(self.hooks.events.values()))
    }

    fn writes_down(&self) -> String {
        let Some(path) = self.transcript.path.as_deref() else { return String::new() };
        let read = if self.transcript.format.is_some() { "" } else { ", which is not read" };
        let contents = [(self.transcript.tokens, "tokens"), (self.transcript.cost, "money")];
        let contents: Vec<_> = contents.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
        match contents.as_slice() {
            [] => format!("{}{read}", code(path)),
            contents => format!("{} with {}{read}", code(path), contents.join(" and ")),
        }
    }
}

fn how(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Argument => "as an argument",
        Delivery::File => "as a file",
        Delivery::Stdin => "on standard input",
        Delivery::Typed => "typed once it is ready",
    }
}

/// As on a command line, with what may be left out in brackets.
fn words(list: &[Argument]) -> String {
    let word = |argument: &Argument| match argument {
        Argument::One(text) => text.clone(),
        Argument::Group(texts) => format!("[{}]", texts.join(" ")),
    };
    list.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn code(text: &str) -> String {
    if text.trim().is_empty() { String::new() } else { format!("`{}`", text.trim()) }
}

/// What gt gives to an agent is known, also where it is nothing.
fn or_nothing(text: String) -> String {
    if text.is_empty() { "nothing".to_owned() } else { text }
}

fn assignments(variables: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    variables.iter().map(|(name, value)| format!("{name}={value}"))
}

fn codes<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    texts.into_iter().map(|text| code(text.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Each once, where it stands first.
fn in_order<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut seen = std::collections::BTreeSet::new();
    texts.filter(|text| seen.insert(*text)).collect()
}

fn unique<'a>(texts: impl Iterator<Item = &'a String>) -> std::collections::BTreeSet<&'a String> {
    texts.collect()
}
