//! A preset in words: for `gt agent show` and for the reference.

use serde::Serialize;

use super::{Argument, AtEnd, By, Delivery, Enter, Preset, WhileBusy};

/// One thing that is known about an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trait {
    /// What it is about.
    pub about: &'static str,
    /// What is known, in prose; words of programs stand between back quotes.
    pub says: String,
}

impl Preset {
    /// All that is known about the agent; what is not known is left out.
    pub fn traits(&self) -> Vec<Trait> {
        let mut traits = self.starting();
        traits.extend(self.surroundings());
        traits.extend(self.running());
        let written = |(about, says): (&'static str, String)| (!says.is_empty()).then_some(Trait { about, says });
        traits.into_iter().filter_map(written).collect()
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

    fn starting(&self) -> Vec<(&'static str, String)> {
        let line = |list: &[Argument]| code(&format!("{} {}", self.program, words(list)));
        let session = self.command.as_deref().map_or_else(|| line(&self.interactive), code);
        let oneshot = self.oneshot_command.as_deref().map(code);
        let oneshot =
            oneshot.or_else(|| Some(format!("{}, {}", line(self.oneshot.as_deref()?), how(self.oneshot_prompt))));
        let lines = |list: &Option<Vec<Argument>>| list.as_deref().map(line).unwrap_or_default();
        let flags = |list: &[String], set: &std::collections::BTreeMap<String, String>| {
            let set = set.iter().map(|(name, value)| format!("{name}={value}"));
            codes(set.chain(list.first().map(|_| list.join(" "))))
        };
        let permissions = &self.permissions;
        vec![
            ("session", session),
            ("first prompt", how(self.prompt).to_owned()),
            ("without questions", flags(&permissions.autonomous, &permissions.env.autonomous)),
            ("with questions", flags(&permissions.ask, &permissions.env.ask)),
            ("once, without a terminal", oneshot.unwrap_or_default()),
            ("resume", lines(&self.resume)),
            ("fork", lines(&self.fork)),
            ("asked of a conversation", lines(&self.ask)),
            ("conversation id", if self.chooses_session { "chosen by gt" } else { "" }.to_owned()),
            ("at its end", self.ending()),
        ]
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

    fn surroundings(&self) -> Vec<(&'static str, String)> {
        let credentials = self.credentials.iter().map(|one| {
            let variable = one.variable.as_deref().map(code);
            let file = one.file.as_deref().map(|file| match one.contains.as_deref() {
                Some(text) => format!("{} with {}", code(file), code(text)),
                None => code(file),
            });
            let system = one.system.as_deref().map(|system| format!("on {system}"));
            [variable, file, system].into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        let with = self.pass_with.iter().map(|(name, more)| format!("{} with {}", codes(more.iter()), code(name)));
        let pass = [codes(in_order(self.keys.iter().chain(&self.pass)))].into_iter().chain(with);
        let folder = |folder: &Option<String>| folder.as_deref().map(code).unwrap_or_default();
        let moved = self.config_variable.as_deref().map(|name| format!("{} moves it", code(name)));
        let config = std::iter::once(folder(&self.config_folder)).chain(moved).filter(|part| !part.is_empty());
        let files = self.files.iter().chain(&self.own_config).map(|file| &file.path);
        vec![
            ("install", self.install.clone()),
            ("credentials, any of", credentials.collect::<Vec<_>>().join("; ")),
            ("environment it gets", pass.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")),
            ("environment it is given", codes(self.env.iter().map(|(name, value)| format!("{name}={value}")))),
            ("the same as root", codes(self.env_root.iter().map(|(name, value)| format!("{name}={value}")))),
            ("configuration", config.collect::<Vec<_>>().join(", ")),
            ("credentials and conversations", folder(&self.data_folder)),
            ("files written for it", codes(unique(files))),
            ("hidden from git", codes(self.excludes.iter())),
            ("reads in the repository", codes(self.instructions.iter())),
            ("first start", self.first_start()),
        ]
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

    fn running(&self) -> Vec<(&'static str, String)> {
        let signs =
            self.screen.patterns().map(|(name, pattern)| format!("{} {}", name.replace('_', " "), code(pattern)));
        let enter = match self.typing.while_busy {
            WhileBusy::Unknown => String::new(),
            WhileBusy::Queues => "the message waits for the end of the turn".to_owned(),
            WhileBusy::Steers => "the message goes in at the next call of the model".to_owned(),
            WhileBusy::Aborts => "the answer that is being written is dropped".to_owned(),
            WhileBusy::Ignores => "nothing: the text stays in the input line".to_owned(),
        };
        let queue = self.typing.queue_key.as_deref().map(|key| format!("{} queues it", code(key)));
        let stops =
            (!self.typing.interrupt.is_empty()).then(|| format!("{} stops it", codes(self.typing.interrupt.iter())));
        let enter = std::iter::once(enter)
            .chain(queue)
            .chain(stops)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        let hooks = self.hooks.format.map(|_| {
            let file = self.hooks.file.as_deref().map(|file| format!("{}: ", code(file))).unwrap_or_default();
            let hand_over =
                self.hooks.hand_over.as_deref().map(|word| format!("; stop with {} hands a message over", code(word)));
            format!("{file}{}{}", codes(self.hooks.events.values()), hand_over.unwrap_or_default())
        });
        let contents = [(self.transcript.tokens, "tokens"), (self.transcript.cost, "money")];
        let contents =
            contents.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect::<Vec<_>>().join(" and ");
        let transcript = self.transcript.path.as_deref().map(|path| match contents.as_str() {
            "" => code(path),
            contents => format!("{} with {contents}", code(path)),
        });
        vec![
            ("processes", codes(self.processes.iter())),
            ("on its screen", signs.collect::<Vec<_>>().join("; ")),
            ("Enter while it works", enter),
            ("hooks", hooks.unwrap_or_default()),
            ("transcript", transcript.unwrap_or_default()),
            ("known", self.provenance()),
        ]
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
    format!("`{}`", text.trim())
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
