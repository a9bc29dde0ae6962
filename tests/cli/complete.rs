//! Completion, asked as the shells ask.

use crate::support::{TestTown, wait_until};
use crate::terminal::Terminal;

/// What `gt` offers for the last of `words`, as bash asks; `list` is a second tab.
fn offered(town: &TestTown, words: &[&str], list: bool) -> Vec<String> {
    let mut command = town.program(crate::support::town::GT);
    command.args(["--", "gt"]).args(words);
    command.current_dir(if town.root.is_dir() { &town.root } else { &town.sandbox });
    command.env("COMPLETE", "bash").env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command.env("_CLAP_COMPLETE_COMP_TYPE", if list { "63" } else { "9" });
    let output = command.output().expect("the binary under test starts");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "a completer says nothing");
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn has_program(town: &TestTown, name: &str) -> bool {
    town.program("sh").args(["-c", &format!("command -v {name}")]).output().is_ok_and(|output| output.status.success())
}

#[test]
fn commands_and_options_are_offered() {
    let town = TestTown::builder().empty();
    assert!(offered(&town, &["ri"], false).contains(&"rig".to_owned()));
    assert_eq!(offered(&town, &["rig", "par"], false), ["park"]);
    assert!(offered(&town, &["--js"], false).contains(&"--json".to_owned()));
}

#[test]
fn rigs_and_settings_are_offered_as_they_are_now() {
    let (town, project) = TestTown::with_rig();
    assert_eq!(offered(&town, &["rig", "show", "w"], false), ["web"]);
    town.gt(["rig", "add", "shop", project.url(), "--no-gates"]).succeeds();
    let listed = offered(&town, &["rig", "show", ""], true);
    assert!(listed.iter().any(|line| line.starts_with("shop  (/")), "{listed:?}");
    assert_eq!(offered(&town, &["config", "get", "cap"], false), ["capacity"]);
    assert!(offered(&town, &["config", "get", "rigs.shop.b"], false).contains(&"rigs.shop.branch".to_owned()));
}

#[test]
fn beads_are_offered_with_their_titles() {
    let (town, _project) = TestTown::with_rig();
    let first = town.json(["new", "--rig", "web", "Add login"])["id"].as_str().expect("an id").to_owned();
    let second = town.json(["new", "--rig", "web", "Test login"])["id"].as_str().expect("an id").to_owned();
    let offers = offered(&town, &["sling", "web-"], false);
    assert!(offers.contains(&first) && offers.contains(&second), "{offers:?}");
    assert_eq!(offered(&town, &["sling", &first[..first.len() - 1]], false), [first.as_str()]);
    let listed = offered(&town, &["sling", "web-"], true);
    assert!(listed.contains(&format!("{first}  (Add login)")), "{listed:?}");
}

#[test]
fn each_verb_is_offered_only_what_it_takes() {
    let (town, _project) = TestTown::with_rig();
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.work_with("works");
    let new = |title: &str, kind: &str| {
        let made = town.json(["new", "--rig", "web", title, "--kind", kind]);
        made["id"].as_str().expect("an id").to_owned()
    };
    let [open, closed, queued] = ["Add login", "Add logout", "Test login"].map(|title| new(title, "task"));
    let epic = new("Accounts", "epic");
    town.gt(["close", &closed]).succeeds();
    town.gt(["sling", &queued, "web/toast"]).succeeds();
    wait_until("the work", || town.json(["show", &queued])[0]["result"]["status"] == "submitted");
    // Before the first letter, and after some.
    for typed in ["", "web-"] {
        let beads = |words: &[&str]| {
            let mut offers = offered(&town, &[words, &[typed]].concat(), false);
            offers.retain(|offer| offer.starts_with("web-"));
            offers.sort();
            offers
        };
        let all = |of: &[&String]| {
            let mut of: Vec<String> = of.iter().map(|id| (*id).clone()).collect();
            of.sort();
            of
        };
        assert_eq!(beads(&["sling"]), all(&[&open]));
        assert_eq!(beads(&["unsling"]), all(&[&queued]));
        assert_eq!(beads(&["queue", "reject"]), all(&[&queued]));
        assert_eq!(beads(&["bead", "reopen"]), all(&[&closed]));
        assert_eq!(beads(&["close"]), all(&[&open, &queued, &epic]));
        assert_eq!(beads(&["bead", "edit"]), all(&[&open, &queued, &epic]));
    }
    assert!(offered(&town, &["show", "web-"], false).contains(&closed));
    assert!(!offered(&town, &["show", ""], false).contains(&closed));
}

#[test]
fn another_town_on_the_command_line_is_the_one_that_is_asked() {
    let (town, _project) = TestTown::with_rig();
    let elsewhere = TestTown::builder().empty();
    let root = town.root.to_str().expect("test paths are UTF-8");
    assert_eq!(offered(&elsewhere, &["--town", root, "rig", "show", "w"], false), ["web"]);
    assert_eq!(offered(&elsewhere, &["-C", root, "rig", "show", "w"], false), ["web"]);
}

#[test]
fn outside_of_a_town_or_in_a_broken_one_nothing_is_offered_and_nothing_said() {
    let town = TestTown::builder().empty();
    assert_eq!(offered(&town, &["rig", "show", "w"], false), Vec::<String>::new());
    let broken = TestTown::new();
    broken.write("town.toml", "this is = = no TOML");
    std::fs::remove_dir_all(broken.root.join(".git/refs")).expect("own folder");
    assert_eq!(offered(&broken, &["sling", "web-"], false), Vec::<String>::new());
}

/// Starts a real shell, makes it complete, types and waits until the screen shows what is expected.
fn typed(town: &TestTown, shell: &[&str], script: &str, keys: &[&str], expected: &str) {
    let terminal = Terminal::start(town, shell);
    terminal.line(script);
    wait_until("the shell", || terminal.screen().lines().any(|line| line.trim() == "ready"));
    for key in keys {
        terminal.keys(&[key]);
    }
    terminal.wait(expected);
}

#[test]
fn a_real_bash_completes() {
    let (town, _project) = TestTown::with_rig();
    let script = "source <(gt completions bash); echo rea''dy";
    typed(
        &town,
        &["bash", "--norc", "--noprofile"],
        script,
        &["gt", "Space", "ri", "Tab", "sh", "Tab", "Tab", "w", "Tab"],
        "gt rig show web",
    );
}

#[test]
fn a_real_zsh_completes() {
    let (town, _project) = TestTown::with_rig();
    if !has_program(&town, "zsh") {
        eprintln!("skipped: this machine has no zsh");
        return;
    }
    let script = "autoload -Uz compinit; compinit -u; source <(gt completions zsh); echo rea''dy";
    typed(
        &town,
        &["zsh", "-f"],
        script,
        &["gt", "Space", "rig", "Space", "show", "Space", "w", "Tab"],
        "gt rig show web",
    );
}

#[test]
fn a_real_fish_completes() {
    let (town, _project) = TestTown::with_rig();
    if !has_program(&town, "fish") {
        eprintln!("skipped: this machine has no fish");
        return;
    }
    let script = "gt completions fish | source; echo rea''dy";
    typed(
        &town,
        &["fish", "--no-config"],
        script,
        &["gt", "Space", "rig", "Space", "show", "Space", "w", "Tab"],
        "gt rig show web",
    );
}

#[test]
fn completions_are_installed_where_the_shell_looks() {
    let town = TestTown::builder().empty();
    let installed = town.gt(["completions", "bash", "--install"]).succeeds();
    let file = town.sandbox.join("home/.local/share/bash-completion/completions/gt");
    installed.says(&[file.to_str().expect("test paths are UTF-8")]);
    assert_eq!(std::fs::read_to_string(&file).expect("installed"), "source <(gt completions bash)\n");
    town.gt(["completions", "bash", "--install"]).succeeds();
    town.gt(["completions", "fish", "--install"]).succeeds();
    assert!(town.sandbox.join("home/.config/fish/completions/gt.fish").exists());
    town.gt(["completions", "zsh", "--install"]).exits(7).complains(&["put `source <(gt completions zsh)`"]);
    std::fs::write(&file, "mine\n").expect("own file");
    town.gt(["completions", "bash", "--install"]).exits(6).complains(&["holds something else"]);
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "mine\n");
}
