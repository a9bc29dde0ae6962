//! Presets, launch plans and detection, with scripts in the place of agents.

mod changes;
mod choice;
mod commands;
mod description;
mod hooks;
mod preflight;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use snapbox::{assert_data_eq, file, str};
use tempfile::TempDir;

use super::*;
use crate::town::{Permissions, Settings, schema};

/// A machine of our own: `bin` is its `PATH`, `home` its home.
struct Machine {
    folder: TempDir,
    caller: Caller,
}

impl Machine {
    fn with(programs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["bin", "home", "work/web/polecats/toast", "run"] {
            fs::create_dir_all(folder.path().join(name)).expect("writable");
        }
        let path = folder.path().join("bin");
        let variables =
            [("PATH", path.display().to_string()), ("HOME", folder.path().join("home").display().to_string())];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
        let machine = Self { folder, caller: Caller { variables, root: false } };
        for (name, script) in programs {
            machine.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"), 0o755);
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[expect(clippy::disallowed_methods, reason = "a fixture need not survive a crash")]
    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::create_dir_all(self.path(name).parent().expect("it has one")).expect("writable");
        fs::write(self.path(name), text).expect("writable");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("ours");
    }

    fn set(&mut self, name: &str, value: &str) {
        self.caller.variables.insert(name.to_owned(), value.to_owned());
    }

    /// With what claude and codex want to find of a person who uses them.
    fn signed_in(self) -> Self {
        self.write("home/.claude.json", "{\"hasCompletedOnboarding\":true}", 0o600);
        self.write("home/.claude/.credentials.json", "{}", 0o600);
        self.write("home/.codex/auth.json", "{}", 0o600);
        self
    }

    /// With the paths of this machine as `[M]`.
    fn shown(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "[M]")
    }
}

fn settings(text: &str) -> Settings {
    let mut settings = Settings::defaults();
    settings.agents = toml::from_str(text).expect("valid");
    settings
}

/// What a test is about; the rest is the usual.
#[derive(Default)]
struct Wish<'a> {
    prompt: &'a str,
    model: Option<&'a str>,
    effort: Option<&'a str>,
    profile: Option<&'a str>,
    extra: &'a [&'a str],
    ask: bool,
    resume: Option<&'a str>,
    variables: &'a [(&'a str, &'a str)],
}

fn launch(machine: &Machine, preset: &Preset, wish: &Wish<'_>, oneshot: bool) -> Result<LaunchPlan, AgentError> {
    let (worktree, run_dir, gt) = (machine.path("work/web/polecats/toast"), machine.path("run"), machine.path("gt/gt"));
    let tuning = Tuning {
        profile: wish.profile.map(str::to_owned),
        model: wish.model.map(str::to_owned),
        effort: wish.effort.map(str::to_owned),
        extra_args: wish.extra.iter().map(|word| (*word).to_owned()).collect(),
    };
    let request = LaunchRequest {
        preset,
        prompt: if wish.prompt.is_empty() { "Do it" } else { wish.prompt },
        tuning: &tuning,
        permissions: if wish.ask { Permissions::Ask } else { Permissions::Autonomous },
        worktree: &worktree,
        run_dir: &run_dir,
        state_dir: &machine.path("state"),
        gt: &gt,
        variables: wish.variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        caller: &machine.caller,
        begin: wish.resume.map_or(Begin::New, Begin::Resume),
    };
    if oneshot { plan_oneshot(&request) } else { plan(&request) }
}

/// One argument per line, variables sorted, files with their text; what is random as `[UUID]`.
fn described(machine: &Machine, plan: &LaunchPlan) -> String {
    let mut text = plan.argv.join("\n");
    for (name, value) in &plan.env {
        text.push_str(&format!("\n{name}={value}"));
    }
    for file in &plan.files {
        text.push_str(&format!("\n== {}\n{}", file.path.display(), file.text));
    }
    let text = machine.shown(&text);
    plan.conversation.as_ref().map_or(text.clone(), |id| text.replace(id, "[UUID]"))
}

#[test]
fn claude_starts_without_a_question_as_root_too() {
    let mut machine = Machine::with(&[("claude", "true")]).signed_in();
    machine.caller.root = true;
    machine.set("ANTHROPIC_AUTH_TOKEN", "token");
    machine.set("OPENAI_API_KEY", "not its business");
    machine.set("SSH_AUTH_SOCK", "/run/agent");
    machine.set("LC_ALL", "C.UTF-8");
    let catalogue = Catalogue::built_in();
    let wish = Wish { model: Some("opus"), variables: &[("GT_BEAD", "web-x7k2m")], ..Wish::default() };
    let plan = launch(&machine, catalogue.get("claude").expect("built in"), &wish, false).expect("installed");
    assert_data_eq!(
        described(&machine, &plan),
        str![[r#"
[M]/bin/claude
--dangerously-skip-permissions
--settings
[M]/run/claude-settings.json
--model
opus
--session-id
[UUID]
Do it
ANTHROPIC_AUTH_TOKEN=token
CLAUDE_CODE_SANDBOXED=1
DISABLE_AUTOUPDATER=1
GT_BEAD=web-x7k2m
HOME=[M]/home
IS_SANDBOX=1
LC_ALL=C.UTF-8
PATH=[M]/gt:[M]/bin
TERM=xterm-256color
== [M]/run/prompt.md
Do it
== [M]/run/claude-settings.json
{"skipDangerousModePermissionPrompt":true,"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"[M]/gt/gt session event start --dir [M]/run"}]}],"UserPromptSubmit":[{"hooks":[{"type":"command","command":"[M]/gt/gt session event prompt --dir [M]/run"}]}],"PreToolUse":[{"hooks":[{"type":"command","command":"[M]/gt/gt session event tool --dir [M]/run"}]}],"PostToolUse":[{"hooks":[{"type":"command","command":"[M]/gt/gt session event tool-done --dir [M]/run"}]}],"Stop":[{"hooks":[{"type":"command","command":"[M]/gt/gt session event stop --dir [M]/run --hand-over block"}]}],"StopFailure":[{"hooks":[{"type":"command","command":"[M]/gt/gt session event fail --dir [M]/run"}]}],"PreCompact":[{"hooks":[{"type":"command","command":"[M]/gt/gt session event compact --dir [M]/run"}]}],"SessionEnd":[{"hooks":[{"type":"command","command":"[M]/gt/gt session event end --dir [M]/run"}]}]}}

"#]]
    );
    assert_eq!(plan.delivery, Delivery::Argument);
    assert_eq!(plan.conversation.as_deref().map(str::len), Some(36));
}

#[test]
fn codex_trusts_the_worktree_by_a_profile_of_its_own() {
    let machine = Machine::with(&[("codex", "true")]).signed_in();
    let catalogue = Catalogue::built_in();
    let wish = Wish { effort: Some("high"), ..Wish::default() };
    let plan = launch(&machine, catalogue.get("codex").expect("built in"), &wish, false).expect("installed");
    // The name of the profile follows from the path of the worktree, which is another one in each run.
    let profile = plan.argv[5].clone();
    assert!(profile.starts_with("gt-web-toast-") && profile.len() == "gt-web-toast-123456".len(), "{profile}");
    assert_data_eq!(described(&machine, &plan).replace(&profile, "[PROFILE]"), file!["tests/codex.txt"]);
    let again = launch(&machine, catalogue.get("codex").expect("built in"), &wish, false).expect("installed");
    assert_eq!(again, plan, "a second start writes the same files");
}

#[test]
fn the_built_in_agent_is_gt_itself_with_the_prompt_in_a_file() {
    let machine = Machine::with(&[]);
    machine.write("gt/gt", "#!/bin/sh\n", 0o755);
    let catalogue = Catalogue::built_in();
    let wish = Wish { model: Some("openai/gpt-5"), ..Wish::default() };
    let plan = launch(&machine, catalogue.get("builtin").expect("built in"), &wish, false).expect("installed");
    assert_data_eq!(
        described(&machine, &plan),
        str![[r#"
[M]/gt/gt
harness
run
--told
[M]/run
--model
openai/gpt-5
--prompt-file
[M]/run/prompt.md
HOME=[M]/home
PATH=[M]/gt:[M]/bin
TERM=xterm-256color
== [M]/run/prompt.md
Do it
"#]]
    );
}

#[test]
fn permission_modes_models_and_conversations_change_the_arguments() {
    let machine = Machine::with(&[("claude", "true"), ("codex", "true")]).signed_in();
    let catalogue = Catalogue::built_in();
    let argv = |name: &str, wish: &Wish<'_>, oneshot: bool| {
        let plan = launch(&machine, catalogue.get(name).expect("built in"), wish, oneshot).expect("installed");
        let shown = plan.argv[1..].join(" ");
        machine.shown(&plan.conversation.map_or(shown.clone(), |id| shown.replace(&id, "[ID]")))
    };
    let ask = Wish { ask: true, ..Wish::default() };
    assert!(argv("claude", &ask, false).starts_with("--permission-mode default --settings"));
    assert!(!argv("codex", &ask, false).contains("bypass-approvals"));
    let resume = Wish { resume: Some("abc"), ..Wish::default() };
    let resumed = argv("claude", &resume, false);
    assert!(resumed.ends_with("--resume [ID] Do it") && !resumed.contains("--session-id"), "{resumed}");
    assert!(argv("codex", &resume, false).replace("[ID]", "abc").ends_with("resume abc Do it"));
    let model = Wish { model: Some("m"), ..Wish::default() };
    assert_eq!(argv("claude", &model, true), "-p --output-format text --permission-mode default --model m");
    assert_eq!(argv("codex", &model, true), "exec --skip-git-repo-check --sandbox read-only --model m -");
}

#[test]
fn an_agent_without_a_form_says_so() {
    let machine = Machine::with(&[("mine", "true")]);
    let catalogue = Catalogue::new(&settings("[mine]\ncommand = \"mine\"\n"));
    let mine = catalogue.get("mine").expect("defined");
    assert!(matches!(launch(&machine, mine, &Wish::default(), true), Err(AgentError::NoOneshot { .. })));
    let resume = Wish { resume: Some("abc"), ..Wish::default() };
    assert!(matches!(launch(&machine, mine, &resume, false), Err(AgentError::NoResume { .. })));
}

#[test]
fn quotes_in_a_path_do_not_break_the_files_of_a_preset() {
    let machine = Machine::with(&[("codex", "true")]).signed_in();
    let catalogue = Catalogue::built_in();
    let preset = catalogue.get("codex").expect("built in");
    let worktree = Path::new("/w/a \"b\\c\"/polecats/toast");
    let request = LaunchRequest {
        preset,
        prompt: "x",
        tuning: &Tuning::default(),
        permissions: Permissions::Autonomous,
        worktree,
        run_dir: Path::new("/r"),
        state_dir: Path::new("/s"),
        gt: Path::new("/gt"),
        variables: BTreeMap::new(),
        caller: &machine.caller,
        begin: Begin::New,
    };
    let plan = plan(&request).expect("installed");
    let profile: toml::Table = toml::from_str(&plan.files[1].text).expect("still TOML");
    assert!(profile["projects"].as_table().expect("a table").contains_key(worktree.to_str().expect("UTF-8")));
}

#[test]
fn the_agents_own_gt_comes_first_in_its_path() {
    let mut machine = Machine::with(&[("claude", "true")]).signed_in();
    let gt = machine.path("gt");
    machine.set("PATH", &format!("/other:{}:{}", machine.path("bin").display(), gt.display()));
    let catalogue = Catalogue::built_in();
    let plan =
        launch(&machine, catalogue.get("claude").expect("built in"), &Wish::default(), false).expect("installed");
    assert_eq!(machine.shown(&plan.env["PATH"]), "[M]/gt:/other:[M]/bin");
}

#[test]
fn a_worker_is_told_who_it_is() {
    let variables = WorkerVariables {
        town: PathBuf::from("/t"),
        session: "abcdefgh2345".parse().expect("valid"),
        rig: Some("web".parse().expect("valid")),
        worker: Some("web/polecats/toast".parse().expect("valid")),
        role: Some("developer".parse().expect("valid")),
        bead: Some("web-x7k2m".parse().expect("valid")),
        title: Some("Add\n login".to_owned()),
        lease: Some("abcdefgh23456789".parse().expect("valid")),
        attempt: Some(2),
    };
    let shown: Vec<String> = variables.variables().iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_data_eq!(
        shown.join("\n"),
        str![[r#"
GT_ATTEMPT=2
GT_BEAD=web-x7k2m
GT_LEASE=abcdefgh23456789
GT_RIG=web
GT_ROLE=developer
GT_SESSION=abcdefgh2345
GT_TITLE=Add login
GT_TOWN=/t
GT_WORKER=web/polecats/toast
"#]]
    );
    let mayor = WorkerVariables::of_session(Path::new("/t"), "abcdefgh2345".parse().expect("valid"));
    assert_eq!(mayor.variables().len(), 2);
}

/// Runs the plan as the runtime would and answers what it printed.
#[expect(clippy::disallowed_methods, reason = "the plan is what is tested")]
fn run(plan: &LaunchPlan) -> String {
    let output = Command::new(&plan.argv[0])
        .args(&plan.argv[1..])
        .current_dir(&plan.cwd)
        .env_clear()
        .envs(&plan.env)
        .output()
        .expect("the program exists");
    String::from_utf8(output.stdout).expect("UTF-8")
}
