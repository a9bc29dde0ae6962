//! Workers in the sandbox: what they may write, what they may not, and how their verbs get out.

mod letters;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::{Project, TestTown, promises, wait_for};

const SOON: Duration = Duration::from_secs(60);

/// Whether this machine can run these tests; why not is said.
#[allow(clippy::print_stderr, reason = "a test that is skipped says why")]
pub fn has_sandboxes() -> bool {
    let program = Path::new(env!("CARGO_BIN_EXE_gt"));
    match gt::runtime::can_confine(program) {
        Ok(()) => true,
        Err(error) => {
            eprintln!("skipped: {error}");
            false
        }
    }
}

/// A town whose workers follow orders in a sandbox; none where this machine has no sandboxes.
fn confined_town(runtime: &str) -> Option<(TestTown, Project)> {
    if !has_sandboxes() {
        return None;
    }
    let (town, project) = TestTown::with_rig();
    let out = town.sandbox.join("out");
    fs::create_dir(&out).expect("the sandbox is writable");
    town.gt(["config", "set", "runtime", runtime]).succeeds();
    town.gt(["config", "set", "auto_merge", "false"]).succeeds();
    town.gt(["config", "set", "sandbox", "on"]).succeeds();
    town.gt(["config", "set", "sandbox_writes", &format!("[\"{}\"]", out.display())]).succeeds();
    town.work_with("tries");
    fs::create_dir(town.sandbox.join("home/tries")).expect("the sandbox is writable");
    town.change_local(|local| local["agents"]["tries"]["config_folder"] = toml_edit::value("~/tries"));
    Some((town, project))
}

/// Slings a bead to `worker`, whose agent then does what `orders` say; the bead.
fn ordered(town: &TestTown, worker: &str, orders: &str) -> String {
    let head = format!(
        "export town={} rig={} out={}\n",
        town.root.display(),
        town.root.join("rigs/web/.git").display(),
        town.sandbox.join("out").display(),
    );
    fs::write(town.sandbox.join("home/orders.sh"), head + orders).expect("the sandbox is writable");
    let _ = fs::remove_file(report(town));
    let made = town.json(["new", &format!("Something for {worker}"), "--rig", "web"]);
    let id = made["id"].as_str().expect("a new bead has an id").to_owned();
    town.gt(["sling", &id, &format!("web/{worker}")]).succeeds();
    id
}

fn report(town: &TestTown) -> PathBuf {
    town.sandbox.join("out/report")
}

/// What the agent reports once it is through: nothing when all went as its orders expect.
pub fn reported(town: &TestTown) -> String {
    wait_for("the agent to be through", SOON, || {
        fs::read_to_string(report(town)).ok()?.strip_suffix("over\n").map(str::to_owned)
    })
}

#[test]
fn a_worker_in_the_sandbox_commits_and_rebases() {
    for runtime in ["process", "tmux"] {
        let Some((town, _project)) = confined_town(runtime) else { return };
        let orders = r#"
            can own-state sh -c 'echo x >"$HOME/tries/x"'
            can write sh -c 'echo a >a.txt && echo t >"$TMPDIR/t" && echo x >/dev/null'
            can add git add a.txt
            can commit git commit -qm one
            can amend git commit -q --amend -m "the first"
            can branch git checkout -q -b "polecat/toast/aside" HEAD~1
            can commit-aside sh -c 'echo b >b.txt && git add b.txt && git commit -qm aside && echo c >a.txt && git add a.txt && git commit -qm clash'
            can back git checkout -q -
            cannot rebase git rebase -q polecat/toast/aside
            can resolve sh -c 'echo ac >a.txt && git add a.txt && GIT_EDITOR=true git rebase --continue'
            can pick sh -c 'git cherry-pick polecat/toast/aside~1 || git cherry-pick --skip'
            can revert git revert --no-edit HEAD
            can remove git branch -q -D polecat/toast/aside
            can undo git reset -q --hard HEAD~1
            say "$(git rebase HEAD~1 2>&1 | grep -i -e error -e denied)"
            say "$(git status --porcelain)$(ls "$rig"/worktrees/toast | grep -e CHERRY -e MERGE -e rebase)"
        "#;
        ordered(&town, "toast", orders);
        assert_eq!(reported(&town).trim(), "", "{runtime}");
        town.gt(["polecat", "stop", "toast"]).succeeds();
        promises::hold(&town);
    }
}

#[test]
fn a_worker_in_the_sandbox_changes_nothing_that_is_not_its_own() {
    for runtime in ["process", "tmux"] {
        let Some((town, _project)) = confined_town(runtime) else { return };
        ordered(&town, "salt", "can commit sh -c 'echo s >s && git add s && git commit -qm s'");
        assert_eq!(reported(&town), "", "{runtime}");
        let before = state(&town);
        let orders = r#"
            other="$town/rigs/web/polecats/salt"
            sock=$(find "$town/.git/gt/run" "$HOME/../tmp" -name '*.sock' 2>/dev/null)
            cannot hook sh -c 'echo x >"$1/hooks/pre-commit"' - "$rig"
            cannot hook-over sh -c 'd=$(git rev-parse --git-path hooks) && echo x >"$d/post-checkout"'
            cannot config git config core.fsmonitor /bin/false
            cannot identity sh -c 'echo x >>"$1/gt-workers/toast.gitconfig"' - "$rig"
            cannot other-file sh -c 'echo x >>"$1/s"' - "$other"
            cannot other-new sh -c 'echo x >"$1/new"' - "$other"
            cannot other-remove rm "$other/s"
            cannot other-cut perl -e 'truncate($ARGV[0], 0) or die' "$other/s"
            cannot other-branch git update-ref "refs/heads/$(git -C "$other" symbolic-ref --short HEAD)" HEAD
            cannot other-head sh -c 'echo x >"$1/worktrees/salt/HEAD"' - "$rig"
            cannot target git update-ref refs/heads/main HEAD
            cannot pin git update-ref refs/gt/work/x/1 HEAD
            cannot tag git tag mine
            cannot ledger sh -c 'echo x >>"$1/town.toml"' - "$town"
            cannot ledger-new sh -c 'echo x >"$1/beads/x"' - "$town"
            cannot ledger-commit git -C "$town" commit --allow-empty -qm mine
            cannot state sh -c 'echo x >>"$1/.git/gt/state.db"' - "$town"
            cannot state-sql sh -c 'echo x >"$1/.git/gt/state.db-journal"' - "$town"
            cannot locks sh -c 'echo x >"$1/.git/gt/locks/x.lock"' - "$town"
            cannot own-run sh -c 'echo x >"$1/.git/gt/run/$GT_SESSION/exit"' - "$town"
            cannot commondir sh -c 'echo /tmp >"$1/worktrees/toast/commondir"' - "$rig"
            cannot commondir-replaced sh -c 'echo /tmp >c && mv -f c "$1/worktrees/toast/commondir"' - "$rig"
            cannot dot-git sh -c 'echo "gitdir: /tmp" >.git'
            cannot dot-git-removed rm -f .git
            cannot home sh -c 'echo x >"$HOME/.profile"'
            cannot temporary sh -c 'echo x >"$TMPDIR/../x"'
            cannot unmount umount "$town/.git/gt/run"
            session=$(sed -n 's/^pid = //p' "$town/.git/gt/run/$GT_SESSION/pid" | head -n 1)
            case $(uname -r) in [1-5].*|6.[0-9].*|6.1[01].*) ;; *) cannot signal kill -0 "$session" ;; esac
            can see-session test -e "/proc/$session"
            say "$(ls "$town/.git/gt/run" | grep -v -e "$GT_SESSION" -e repository)$sock"
            cannot town gt -C "$town" show
            cannot settings gt config set sandbox off
            cannot sling gt sling x web
            rm -f c
        "#;
        ordered(&town, "toast", orders);
        assert_eq!(reported(&town).trim(), "", "{runtime}");
        let after = state(&town);
        assert_eq!(before, after, "{runtime}");
        town.gt(["polecat", "stop", "salt"]).succeeds();
        town.gt(["polecat", "stop", "toast"]).succeeds();
        promises::hold(&town);
    }
}

/// The same by ways that lead around the walls: links, renames, git's own doors, other processes, sockets.
#[test]
fn a_worker_in_the_sandbox_finds_no_way_around_it() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};
    let Some((town, _project)) = confined_town("process") else { return };
    ordered(&town, "salt", "can commit sh -c 'echo s >s && git add s && git commit -qm s'");
    assert_eq!(reported(&town), "");
    let before = state(&town);
    let outside = town.program("sleep").arg("3600").env("SECRET", "of the person").spawn().expect("sleep runs");
    let name = format!("gt-test-{}", outside.id());
    let address = SocketAddr::from_abstract_name(&name).expect("a short name");
    let _listens = UnixListener::bind_addr(&address).expect("it is free");
    let head = format!("outside={} abstract={name}\n", outside.id());
    let orders = r##"
        other="$town/rigs/web/polecats/salt"; own="$rig/worktrees/toast"; home=$HOME/.profile
        echo "mine" >"$HOME/.profile" 2>/dev/null
        cannot hard-link sh -c 'ln "$1/s" taken && echo x >>taken' - "$other"
        cannot hard-link-in sh -c 'echo x >made && ln made "$1/made"' - "$other"
        cannot hard-link-config sh -c 'ln "$1/rigs/web/.git/config" taken' - "$town"
        cannot symlink sh -c 'ln -s "$1/s" link && echo x >>link' - "$other"
        cannot symlinked-folder sh -c 'ln -s "$1" folder && echo x >folder/new' - "$other"
        cannot rename-in sh -c 'echo x >moved && mv moved "$1/moved"' - "$other"
        cannot rename-out mv "$other/s" stolen
        cannot rename-over mv -f "$other" mine
        cannot link-in-logs sh -c 'ln -s "$1" "$2/logs/refs/heads/polecat/toast/web-x-1"' - "$home" "$rig"
        cannot link-in-refs sh -c 'ln -s ../../main "$1/refs/heads/polecat/toast/main"' - "$rig"
        cannot link-in-entry sh -c 'ln -s "$1" "$2/logs/evil"' - "$home" "$own"
        cannot link-moved sh -c 'ln -s "$1" evil && mv evil "$2/ORIG_HEAD"' - "$home" "$own"
        cannot link-in-objects sh -c 'ln -s "$1" "$2/objects/zz"' - "$HOME" "$rig"
        cannot pipe mkfifo "$rig/refs/heads/polecat/toast/pipe"
        cannot alternates sh -c 'echo /tmp >"$1/objects/info/alternates"' - "$rig"
        cannot alternates-replaced sh -c 'mv "$1/objects/info" "$1/objects/old"' - "$rig"
        cannot hooks-path git config core.hooksPath "$PWD"
        cannot worktree-config git config --worktree core.fsmonitor /bin/false
        cannot worktree-config-by-hand sh -c 'printf "[core]\n\tfsmonitor = /bin/false\n" >"$1/config.worktree"' - "$own"
        cannot worktree-config-replaced sh -c 'echo x >c && mv -f c "$1/config.worktree"' - "$own"
        can own-hook sh -c 'mkdir h && printf "#!/bin/sh\necho x >\"\$HOME/.profile\"\n" >h/pre-commit && chmod +x h/pre-commit'
        cannot own-hook-runs-inside git -c core.hooksPath="$PWD/h" commit --allow-empty -qm hooked
        cannot worktree-add git worktree add "$TMPDIR/more"
        cannot worktree-remove git worktree remove --force "$other"
        cannot worktree-move git worktree move "$other" "$TMPDIR/moved"
        cannot remove-others git branch -D "$(git -C "$other" symbolic-ref --short HEAD)"
        cannot rename-others git branch -m "$(git -C "$other" symbolic-ref --short HEAD)" polecat/toast/taken
        cannot root-of-others sh -c 'echo x >"/proc/$1/root$2/town.toml"' - "$outside" "$town"
        cannot environment-of-others sh -c 'tr "\0" "\n" <"/proc/$1/environ" | grep SECRET' - "$outside"
        cannot program-of-others readlink "/proc/$outside/exe"
        cannot memory-of-others sh -c 'head -c 1 "/proc/$1/mem"' - "$outside"
        case $(uname -r) in [1-5].*|6.[0-9].*|6.1[01].*) ;; *)
            cannot signal-others kill -0 "$outside"
            cannot abstract perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un("\0$ARGV[0]")) or die' "$abstract"
        esac
        cannot launch-file grep -q . "$town/.git/gt/run/$GT_SESSION/launch.toml"
        cannot tmux-of-the-person sh -c 'ls -A "/tmp/tmux-$(id -u)" "/run/user/$(id -u)" 2>/dev/null | grep -v : | grep .'
        cannot docker sh -c 'test -S /run/docker.sock || test -S /var/run/docker.sock'
        cannot others-temporary sh -c 'for o in "$TMPDIR"/../*/; do case $o in *"$GT_SESSION"*) ;; *) echo x >"$o/x" && exit ;; esac; done; exit 1'
        cannot namespace unshare -m true
        cannot namespace-of-others nsenter -t "$outside" -m true
        cannot bind mount --bind / "$TMPDIR"
        cannot by-verb env -u GT_SANDBOX gt bead note "$GT_BEAD" "by myself"
        cannot as-outside env -u GT_SANDBOX GT_OUTSIDE=1 gt config set sandbox off
        cannot exec gt session exec "$GT_SESSION"
        cannot agent gt config agent set x "sh -c id"
        can onto-target git symbolic-ref HEAD refs/heads/main
        cannot commit-to-target sh -c 'echo x >onto && gt done --commit "Past the gates"'
    "##;
    let main =
        || town.program("git").arg("-C").arg(town.root.join("rigs/web/.git")).args(["rev-parse", "main"]).output();
    let target = main().expect("git runs").stdout;
    ordered(&town, "toast", &(head + orders));
    assert_eq!(reported(&town).trim(), "");
    assert_eq!(before, state(&town));
    assert_eq!(main().expect("git runs").stdout, target, "nothing lands without its gates");
    let mut outside = outside;
    let _ = outside.kill().and_then(|()| outside.wait());
    town.gt(["polecat", "stop", "salt"]).succeeds();
    town.gt(["polecat", "stop", "toast"]).succeeds();
}

/// What no worker may have changed: hooks and settings of the rig, the other worker's work.
fn state(town: &TestTown) -> Vec<String> {
    let rig = town.root.join("rigs/web/.git");
    let read = |path: &str| fs::read_to_string(rig.join(path)).unwrap_or_default();
    let other = fs::read_to_string(town.root.join("rigs/web/polecats/salt/s")).unwrap_or_default();
    let mut hooks: Vec<String> = fs::read_dir(rig.join("hooks"))
        .map(|all| all.flatten().map(|hook| hook.file_name().display().to_string()).collect())
        .unwrap_or_default();
    hooks.sort();
    let settings = read("config").lines().filter(|line| line.contains("fsmonitor")).map(str::to_owned).collect();
    [hooks, settings, vec![other, read("worktrees/salt/HEAD"), read("worktrees/salt/commondir")]].concat()
}

/// Each verb that a worker may have carried out, with a line that shows it to work. Those that end the session come last,
/// each in a session of its own.
const WORKERS: &[(&str, &str)] = &[
    ("prime", "can prime sh -c 'gt prime | grep -q Something'"),
    ("hook", "can hook sh -c 'gt hook | grep -q toast'"),
    ("escalate", r#"can escalate gt escalate "which database?""#),
    // Where it has no terminal the message fails, and that is said.
    ("nudge", "can nudge sh -c 'gt nudge toast \"to myself\" --mode queue 2>&1 | grep -q \"to web/polecats/toast\"'"),
    ("broadcast", "can broadcast gt broadcast hello"),
    ("mail send", "can mail-send gt mail send toast 'To myself' -m 'Half way'"),
    (
        "mail inbox",
        r#"letter=$(gt mail inbox --json | grep -o 'ml-[a-z0-9]*' | head -n 1); can mail-inbox test -n "$letter""#,
    ),
    ("mail read", r#"can mail-read sh -c 'gt mail read "$1" | grep -q "Half way"' - "$letter""#),
    ("mail reply", r#"can mail-reply sh -c 'echo "The other half" | gt mail reply "$1" -' - "$letter""#),
    ("mail search", "can mail-search sh -c 'gt mail search other half | grep -q Re:'"),
    ("mail archive", r#"can mail-archive gt mail archive "$letter""#),
    ("new", r#"can new gt new "Found on the way" --rig web --discovered-from "$GT_BEAD""#),
    ("bead create", "can create gt bead create 'Found as well' --rig web"),
    ("bead note", r#"can note gt bead note "$GT_BEAD" "half of it is done""#),
    ("remember", "can remember gt remember --rig web --as utc 'The API answers in UTC.'"),
    ("recall", "can recall sh -c 'gt recall UTC | grep -q answers'"),
    ("forget", "can forget gt forget rigs/web/utc"),
    ("show", r#"can json sh -c 'gt show "$GT_BEAD" --json | grep -q "half of it is done"'"#),
    ("list", "can list sh -c 'gt list --json | grep -q Found'"),
    ("ready", "can ready gt ready"),
    ("bead show", r#"can bead-show gt bead show "$GT_BEAD""#),
    ("bead list", "can bead-list gt bead list"),
    ("bead ready", "can bead-ready gt bead ready"),
    ("bead log", r#"can bead-log gt bead log "$GT_BEAD""#),
    ("bead graph", "can bead-graph gt bead graph"),
    ("status", "can status gt status"),
    ("why", r#"can why gt why "$GT_BEAD""#),
    ("log", "can log sh -c 'gt log | grep -q note'"),
    ("feed", "can feed sh -c 'gt feed | grep -q session'"),
    ("costs", "can costs gt costs"),
    ("peek", "can peek gt peek toast"),
    ("seance", r#"can seance sh -c 'gt seance toast | grep -q "$GT_BEAD"'"#),
    ("convoy list", "can convoy-list gt convoy list"),
    ("convoy show", "can convoy-show sh -c 'gt convoy show cv-none; test $? = 3'"),
    ("polecat list", "can polecat-list sh -c 'gt polecat list | grep -q toast'"),
    ("polecat show", "can polecat-show gt polecat show toast"),
    ("crew list", "can crew-list gt crew list"),
    ("escalation list", "can escalation-list sh -c 'gt escalation list | grep -q database'"),
    ("queue list", "can queue-list gt queue list"),
    ("queue show", r#"can queue-show sh -c 'gt queue show "$GT_BEAD" 2>&1 | grep -q -v "not for workers"'"#),
    ("queue log", "can queue-log gt queue log"),
    ("refinery status", "can refinery-status gt refinery status"),
    ("rig list", "can rig-list sh -c 'gt rig list | grep -q web'"),
    ("rig show", "can rig-show gt rig show web"),
    ("agent list", "can agent-list gt agent list"),
    ("agent show", "can agent-show gt agent show tries"),
    ("config list", "can config-list gt config list"),
    ("config get", "can config-get gt config get capacity"),
    ("ledger status", "can ledger-status gt ledger status"),
    (
        "handoff",
        r#"if [ ! -e "$out/handed" ]; then touch "$out/handed"; can handoff gt handoff "go on here"; sleep 60; fi"#,
    ),
    ("done", "can done gt done"),
];

/// What a verb cannot be typed without.
const ARGUMENTS: &[(&str, &str)] = &[
    ("rig add", "api /tmp/api"),
    ("rig take", "web"),
    ("rig park", "web"),
    ("rig unpark", "web"),
    ("rig remove", "web"),
    ("close", "$GT_BEAD"),
    ("bead edit", "$GT_BEAD --title Other"),
    ("bead close", "$GT_BEAD"),
    ("bead reopen", "$GT_BEAD --reason again"),
    ("bead dep add", "$GT_BEAD $GT_BEAD"),
    ("bead dep remove", "$GT_BEAD $GT_BEAD"),
    ("sling", "$GT_BEAD"),
    ("mayor plan", "goal"),
    ("unsling", "$GT_BEAD"),
    ("attach", "toast"),
    ("polecat stop", "toast"),
    ("polecat restart", "toast"),
    ("polecat remove", "toast"),
    ("crew add", "ada"),
    ("crew remove", "ada"),
    ("escalation ack", "ml-abcdefgh"),
    ("queue retry", "$GT_BEAD"),
    ("queue approve", "$GT_BEAD"),
    ("queue reject", "$GT_BEAD no"),
    ("queue pause", "web"),
    ("queue resume", "web"),
    ("run", "goal"),
    ("queue bump", "$GT_BEAD"),
    ("queue lower", "$GT_BEAD"),
    ("agent add", "x true"),
    ("agent test", "tries"),
    ("ledger adopt", "town.toml"),
    ("ledger restore", "town.toml"),
    ("config agent set", "x true"),
    ("config set", "sandbox off"),
    ("config unset", "sandbox"),
];

/// Orders for every verb that there is: those of a worker are carried out, the others are refused.
fn every_verb() -> String {
    let find = |list: &[(&'static str, &'static str)], verb: &str| {
        list.iter().find(|(name, _)| *name == verb).map(|(_, text)| *text)
    };
    let (workers, others): (Vec<_>, Vec<_>) = gt::cli::verbs()
        .into_iter()
        .filter(|(_, reach)| *reach != gt::cli::Reach::Inside)
        .partition(|(_, reach)| *reach == gt::cli::Reach::Workers);
    let mut workers: Vec<String> = workers.into_iter().map(|(verb, _)| verb).collect();
    let place = |verb: &str| WORKERS.iter().position(|(name, _)| *name == verb);
    let missing: Vec<&String> = workers.iter().filter(|verb| place(verb).is_none()).collect();
    assert!(missing.is_empty(), "nothing shows that these work in the sandbox: {missing:?}");
    assert_eq!(workers.len(), WORKERS.len(), "something is shown of a verb that is not for workers");
    workers.sort_by_key(|verb| place(verb));
    let (last, first) = (workers.split_off(workers.len() - 2), workers);
    let of = |verbs: &[String]| -> String {
        verbs.iter().filter_map(|verb| find(WORKERS, verb)).map(|line| format!("{line}\n")).collect()
    };
    let refused: String = others
        .iter()
        .map(|(verb, _)| format!("refused gt {verb} {}\n", find(ARGUMENTS, verb).unwrap_or_default()))
        .collect();
    assert!(others.len() > 30, "{others:?}");
    let refused_is = r#"refused() { said=$("$@" 2>&1); case "$?:$said" in 7:*"is not for workers"*) ;; *) say "$*: $said" ;; esac; }"#;
    format!(
        "if [ ! -e \"$out/handed\" ]; then\n{}{}{refused_is}\n{refused}fi\n{}{}",
        of(&first),
        BESIDE,
        "if [ -e \"$out/handed\" ]; then echo w >w; git add w; git commit -qm w; fi\n",
        of(&last),
    )
}

/// What all of them have in common: standard input, exit codes, and their order.
const BESIDE: &str = r#"
    can event sh -c 'echo "{}" | gt session event start | grep -q Something'
    can stamped env GT_LEASE=abcdefgh2345 GT_WORKER=mayor gt bead note "$GT_BEAD" "under the lease of the session"
    can note-from-stdin sh -c 'echo "and the other half" | gt bead note "$GT_BEAD"'
    cannot code sh -c 'gt show no-such-bead || exit $?'
    can exit sh -c 'gt show no-such-bead 2>/dev/null; test $? = 3'
    can loop sh -c 'printf "a\nb\n" | (read -r x; gt list >/dev/null; read -r y; test "$y" = b)'
    cannot town sh -c 'gt --town /tmp status'
"#;

#[test]
fn every_verb_of_a_worker_works_in_the_sandbox_and_every_other_one_is_refused() {
    for runtime in ["process", "tmux"] {
        let Some((town, _project)) = confined_town(runtime) else { return };
        let settings = || town.git(&["rev-parse", "HEAD:town.toml"]);
        let before = settings();
        let id = ordered(&town, "toast", &every_verb());
        assert_eq!(reported(&town).trim(), "", "{runtime}");
        let shown = town.json(["show", &id]);
        let bead = &shown[0]["result"];
        assert_eq!(bead["status"], "submitted", "{bead}");
        assert!(bead.to_string().contains("and the other half"), "{bead}");
        let notes = bead["notes"].as_array().expect("notes").iter();
        let stamped = notes.filter(|note| note["text"] == "under the lease of the session").map(|note| &note["by"]);
        assert_eq!(stamped.collect::<Vec<_>>(), ["web/polecats/toast"], "whoever types does not say who acts");
        assert_eq!(before, settings(), "a verb that was refused changed the settings");
        promises::hold(&town);
    }
}

/// The mayor stands in the ledger, and changes it by verbs only.
#[test]
fn the_mayor_in_the_sandbox_writes_nothing_and_may_use_every_verb() {
    let Some((town, _project)) = confined_town("process") else { return };
    let orders = r#"
        cannot ledger sh -c 'echo x >>town.toml'
        cannot ledger-new sh -c 'echo x >beads/x'
        cannot commit git commit --allow-empty -qm mine
        cannot rig sh -c 'echo x >rigs/web/.git/hooks/pre-commit'
        cannot home sh -c 'echo x >"$HOME/.profile"'
        can temporary sh -c 'echo x >"$TMPDIR/x"'
        can prime sh -c 'gt prime | grep -q -i mayor'
        can new gt new "Found by the mayor" --rig web
        can settings gt config set capacity 7
    "#;
    fs::write(town.sandbox.join("home/orders.sh"), orders).expect("the sandbox is writable");
    town.gt(["mayor", "attach"]).succeeds();
    assert_eq!(reported(&town).trim(), "");
    assert!(town.gt(["list"]).succeeds().stdout.contains("Found by the mayor"));
    assert_eq!(town.json(["config", "get", "capacity"])["value"], 7);
    promises::hold(&town);
}

#[test]
fn without_a_sandbox_nothing_is_started_where_one_is_wanted() {
    let (town, _project) = TestTown::with_rig();
    town.work_with("idles");
    town.gt(["config", "set", "sandbox", "maybe"]).exits(5).complains(&["off, on"]);
    let fake = town.sandbox.join("bin/no-sandbox");
    fs::write(&fake, "#!/bin/sh\necho 'the kernel is too old' >&2\nexit 9\n").expect("the sandbox is writable");
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).expect("own file");
    let local = town.read("local.toml").unwrap_or_default();
    town.write("local.toml", &format!("gt = \"{}\"\n{local}", fake.display()));
    let sling = |id: &str| town.gt(["sling", id, "web/toast"]);
    let made = |role: &str| {
        let made = town.json(["new", "Something", "--rig", "web", "--role", role]);
        made["id"].as_str().expect("an id").to_owned()
    };
    town.gt(["config", "set", "roles.tester.sandbox", "on"]).succeeds();
    let id = made("tester");
    sling(&id).exits(9).complains(&[
        "no sandbox can be made here",
        "the kernel is too old",
        "gt config set sandbox off",
    ]);
    assert_eq!(town.json(["show", &id])[0]["result"]["status"], "open", "nothing was hooked");
}
