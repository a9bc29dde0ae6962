//! A town with one rig of a given size, and a clone in which the same work is done by hand.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use super::timed;

mod crowd;

const GT: &str = env!("CARGO_BIN_EXE_gt");
/// Files of one folder.
const FOLDER: usize = 100;
/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(300);

/// The town and everything around it.
pub struct Yard {
    dir: tempfile::TempDir,
    /// How many files the rig's repository has.
    pub files: usize,
}

/// What a run did.
pub struct Ran {
    /// How long it took.
    pub took: Duration,
    /// How long until its first gate started.
    pub until_gate: Duration,
    /// How many gates ran.
    pub gates: usize,
    /// How many beads landed.
    pub landed: usize,
}

/// The way of one bead.
pub struct Way {
    pub sling_to_agent: Duration,
    pub done_to_gate: Duration,
    pub done_to_landed: Duration,
}

impl Yard {
    /// A rig of a bare repository with so many files, whose gate takes `gate` seconds.
    pub fn new(files: usize, gate: f64) -> Self {
        let yard = Self { dir: tempfile::tempdir().expect("a temporary folder"), files };
        fs::create_dir_all(yard.path("home")).expect("a home");
        let person = "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n";
        fs::write(yard.path("home/.gitconfig"), person).expect("a configuration");
        let gate = format!(
            "date +%s%N >>\"${{COUNT:-{}}}\"\nsleep {gate}\n! test -e bad && ! test -e bad2 && ! {{ test -e half && test -e half2; }}\n",
            yard.path("gates").display()
        );
        fs::write(yard.path("gate.sh"), gate).expect("a gate");
        yard.git(".", &["init", "--quiet", "--bare", "upstream.git"]);
        yard.import(&yard.base());
        yard.gt(&["init", &yard.text("town")]);
        let gate = format!("sh {}", yard.text("gate.sh"));
        yard.gt(&["rig", "add", "web", &yard.text("upstream.git"), "--gate", &gate, "--no-setup", "--no-run"]);
        for (key, value) in [("auto_merge", "false"), ("batch_size", "64"), ("runtime", "process")] {
            yard.gt(&["config", "set", key, value]);
        }
        // The bench is warm and the target known to be green, as in a rig that has been at work for a while.
        yard.hand_in("first", 1, &[]);
        yard.run();
        yard
    }

    /// A path of the yard.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn command(&self, program: &str, folder: &str) -> Command {
        let mut command = Command::new(program);
        let beside = Path::new(GT).parent().expect("the program lies in a folder").display().to_string();
        command
            .env_clear()
            .env("PATH", format!("{beside}:{}", std::env::var("PATH").unwrap_or_default()))
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(self.path(folder));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn git(&self, folder: &str, args: &[&str]) -> Duration {
        timed(self.command("git", folder).args(args))
    }

    fn gt(&self, args: &[&str]) -> Duration {
        let folder = if self.path("town").exists() { "town" } else { "." };
        timed(self.command(GT, folder).args(args))
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        let output = self.command(GT, "town").args(args).arg("--json").output().expect("gt starts");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        answer["data"].clone()
    }

    /// A stream of `git fast-import`: one commit with all files on `main`.
    fn base(&self) -> String {
        let mut stream =
            String::from("commit refs/heads/main\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata 5\nbegin\n");
        for number in 0..self.files {
            let text = format!("file {number}\nof the project\n");
            let _ = write!(stream, "M 644 inline {}\ndata {}\n{text}\n", file(number), text.len());
        }
        stream
    }

    fn import(&self, stream: &str) {
        let mut git = self.command("git", "upstream.git");
        let mut child = git.args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().expect("git starts");
        child.stdin.take().expect("a pipe").write_all(stream.as_bytes()).expect("git reads");
        assert!(child.wait().expect("git ends").success(), "git fast-import");
    }

    /// Puts so many branches into the queue, of which some bring a file that the gate dislikes.
    pub fn hand_in(&self, name: &str, members: usize, bad: &[(usize, &str)]) -> usize {
        let mut stream = String::new();
        for member in 0..members {
            let _ = write!(
                stream,
                "commit refs/heads/{name}-{member}\ncommitter Ada <ada@example.org> 1700000001 +0000\ndata 4\nwork\nfrom refs/heads/main^0\n"
            );
            let changed = file((member * 7919 + name.len()) % self.files);
            let added = bad.iter().filter(|(number, _)| *number == member).map(|(_, file)| (*file).to_owned());
            for path in [changed, format!("new/{name}/{member}.txt")].into_iter().chain(added) {
                let text = format!("{name} {member}\n");
                let _ = write!(stream, "M 644 inline {path}\ndata {}\n{text}\n", text.len());
            }
        }
        self.import(&stream);
        for member in 0..members {
            // One after the other, so that the queue has this order.
            let time = format!("2026-01-01T{:02}:{:02}:00Z", member / 60, member % 60);
            let mut command = self.command(GT, "town");
            timed(
                command.args(["queue", "add", &format!("{name}-{member}"), "--rig", "web"]).env(gt::env::CLOCK, time),
            );
        }
        members
    }

    /// Works through the queue.
    pub fn run(&self) -> Ran {
        let _ = fs::remove_file(self.path("gates"));
        let began = SystemTime::now();
        let start = Instant::now();
        let done = self.json(&["refinery", "run", "web"]);
        let took = start.elapsed();
        let gates = times(&self.path("gates"));
        let until_gate = gates.first().and_then(|gate| gate.duration_since(began).ok()).unwrap_or_default();
        let landed = done[0]["result"]["landed"].as_array().map_or(0, Vec::len);
        Ran { took, until_gate, gates: gates.len(), landed }
    }

    /// A clone with a warm worktree at the state before the queue was worked through.
    fn clone(&self, name: &str) {
        self.git(".", &["clone", "--quiet", "upstream.git", name]);
    }

    /// The same as [`Yard::run`] by hand: merge one, gate it, keep it or throw it away.
    pub fn one_by_one(&self, name: &str, members: usize) -> Ran {
        self.clone("by-hand");
        let (start, mut landed) = (Instant::now(), 0);
        for member in 0..members {
            self.git("by-hand", &["merge", "--quiet", "--no-ff", "--no-edit", &format!("origin/{name}-{member}")]);
            let gate = self.text("gate.sh");
            let gated = self.command("sh", "by-hand").arg(gate).env("COUNT", self.path("by-hand.gates")).status();
            if gated.expect("sh starts").success() {
                landed += 1;
            } else {
                self.git("by-hand", &["reset", "--quiet", "--hard", "HEAD~1"]);
            }
        }
        let gates = times(&self.path("by-hand.gates")).len();
        Ran { took: start.elapsed(), until_gate: Duration::ZERO, gates, landed }
    }

    /// How long `git merge` of these branches takes in a worktree, without a gate.
    pub fn merge_all(&self, name: &str, members: usize) -> Duration {
        let clone = format!("merged-{name}");
        self.clone(&clone);
        self.git(&clone, &["reset", "--quiet", "--hard", &format!("origin/{name}-0~1")]);
        (0..members)
            .map(|member| {
                self.git(&clone, &["merge", "--quiet", "--no-ff", "--no-edit", &format!("origin/{name}-{member}")])
            })
            .sum()
    }

    /// How long `git worktree add` takes in the rig's own repository.
    pub fn worktree_add(&self) -> Duration {
        let path = self.text("added");
        let took = self.git("town/rigs/web/.git", &["worktree", "add", "--quiet", "--detach", &path, "origin/main"]);
        self.git("town/rigs/web/.git", &["worktree", "remove", "--force", &path]);
        took
    }

    /// From now on an agent works that commits one file, and everything goes on by itself.
    pub fn employ(&self) {
        let script = format!(
            "#!/bin/sh\nset -e\ndate +%s%N >'{0}/agent'\necho x >\"$GT_BEAD.txt\"\ngit add \"$GT_BEAD.txt\"\ngit commit --quiet --message work\ndate +%s%N >'{0}/done'\ngt done >/dev/null\n",
            self.dir.path().display()
        );
        self.employ_script(&script);
        self.gt(&["config", "set", "auto_merge", "true"]);
    }

    /// From now on this script is the agent.
    fn employ_script(&self, script: &str) {
        let path = self.script(script);
        let local = self.path("town/local.toml");
        let text = fs::read_to_string(&local).unwrap_or_default();
        let mut local_file: toml_edit::DocumentMut = text.parse().expect("gt writes it as TOML");
        local_file["agent"] = toml_edit::value("bench");
        local_file["agents"]["bench"]["command"] = toml_edit::value(path.display().to_string());
        fs::write(local, local_file.to_string()).expect("written");
    }

    /// A program of the yard.
    fn script(&self, text: &str) -> PathBuf {
        let path = self.path("agent.sh");
        fs::write(&path, text).expect("a script");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).expect("own file");
        path
    }

    /// Slings one bead and waits until it has landed.
    pub fn way_of_a_bead(&self, number: usize) -> Way {
        let _ = fs::remove_file(self.path("gates"));
        let made = self.json(&["new", &format!("Bead {number}"), "--rig", "web"]);
        let id = made["id"].as_str().expect("an id").to_owned();
        let slung = SystemTime::now();
        self.gt(&["sling", &id, "web/worker"]);
        wait_until(|| self.json(&["show", &id])[0]["result"]["status"] == "closed");
        let landed = SystemTime::now();
        wait_until(|| self.is_quiet());
        let at = |name: &str| times(&self.path(name))[0];
        let from = |before: SystemTime, after: SystemTime| after.duration_since(before).unwrap_or_default();
        Way {
            sling_to_agent: from(slung, at("agent")),
            done_to_gate: from(at("done"), at("gates")),
            done_to_landed: from(at("done"), landed),
        }
    }
}

impl Yard {
    /// Whether nothing runs any more that was started here.
    fn is_quiet(&self) -> bool {
        let home = format!("HOME={}", self.text("home"));
        let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        !processes
            .filter_map(|process| fs::read(process.path().join("environ")).ok())
            .any(|environment| environment.split(|byte| *byte == 0).any(|variable| variable == home.as_bytes()))
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        let _ = gt::runtime::end_household(&self.path("home"), Duration::from_secs(20));
    }
}

fn file(number: usize) -> String {
    format!("src/{:04}/{number}.txt", number / FOLDER)
}

/// The times that a script wrote, in nanoseconds since 1970, one on each line.
fn times(path: &Path) -> Vec<SystemTime> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let nanoseconds = text.lines().filter_map(|line| line.trim().parse().ok());
    nanoseconds.map(|time| SystemTime::UNIX_EPOCH + Duration::from_nanos(time)).collect()
}

/// Looks again and again until it is so.
fn wait_until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "it takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}
