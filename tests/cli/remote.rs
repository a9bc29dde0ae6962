//! A remote behind HTTP that lets nobody in without a password: the person's own git and credentials get there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{GENEROUS, TestTown, promises, wait_until};

/// `ada` with the password `secret`, as RFC 7617 has it.
const ADA: &str = "Basic YWRhOnNlY3JldA==";

/// Serves the repositories below `root` by git's own program for that, `git http-backend`; answers its address.
fn serve(town: &TestTown, root: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let environment: Vec<_> =
        town.program("git").get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut backend = Command::new("git");
            backend.arg("http-backend").env_clear().envs(environment.iter().cloned());
            backend.env("GIT_PROJECT_ROOT", &root).env("GIT_HTTP_EXPORT_ALL", "1");
            // Who asked has gone when this fails.
            std::thread::spawn(move || drop(answer(stream, backend)));
        }
    });
    address
}

/// One request, and the end of the connection. The variables are those of RFC 3875.
fn answer(mut stream: TcpStream, mut backend: Command) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let (mut allowed, mut length) = (false, 0);
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    backend.env("REQUEST_METHOD", method).env("PATH_INFO", path).env("QUERY_STRING", query);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => allowed = value == ADA,
            "content-length" => length = value.parse().unwrap_or(0),
            "content-type" => drop(backend.env("CONTENT_TYPE", value)),
            "content-encoding" => drop(backend.env("HTTP_CONTENT_ENCODING", value)),
            "git-protocol" => drop(backend.env("GIT_PROTOCOL", value)),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if !allowed {
        let refusal = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n";
        return stream.write_all(format!("{refusal}Connection: close\r\n\r\n").as_bytes());
    }
    backend.env("REMOTE_USER", "ada").env("CONTENT_LENGTH", length.to_string());
    let mut child = backend.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().expect("it is piped").write_all(&body)?;
    let output = child.wait_with_output()?.stdout;
    // The answer of such a program begins with headers, of which `Status` may be one.
    let headers = String::from_utf8_lossy(&output[..output.len().min(2_000)]).into_owned();
    let status = headers.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    stream.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n").as_bytes())?;
    stream.write_all(&output)
}

fn has(town: &TestTown, repository: &Path, file: &str) -> bool {
    let name = format!("main:{file}");
    let mut git = town.program("git");
    git.arg("-C").arg(repository).args(["cat-file", "-e", &name]).stderr(Stdio::null());
    git.status().expect("git runs").success()
}

#[test]
fn a_remote_that_wants_a_password_is_fetched_and_landed_at_with_the_persons_own() {
    let town = TestTown::new();
    let project = town.repo("web");
    let bare = town.bare_copy(&project, "bare.git");
    let url = format!("{}/bare.git", serve(&town, town.sandbox.join("projects")));
    let refused = town.gt(["rig", "add", "web", &url, "--gate", "./test.sh"]).exits(9);
    refused.complains(&["cannot be read", "git ls-remote", "the same credentials"]);
    let settings = town.sandbox.join("home/.gitconfig");
    let own = std::fs::read_to_string(&settings).expect("it was written");
    let helper = "[credential]\n\thelper = \"!f() { echo username=ada; echo password=secret; }; f\"\n";
    std::fs::write(&settings, own + helper).expect("own file");
    town.gt(["rig", "add", "web", &url, "--gate", "./test.sh"]).succeeds().says(&["green to begin with"]);
    town.gt(["config", "set", "runtime", "process"]).succeeds();
    town.work_with("works");
    let id = town.json(["new", "Add login", "--rig", "web"])["id"].as_str().expect("an id").to_owned();
    town.gt(["sling", &id]).succeeds();
    wait_until("the landing", || town.json(["show", &id])[0]["result"]["closed_as"] == "merged");
    assert!(has(&town, &bare, &format!("{id}.txt")), "it is where the person's colleagues look");
    let kept = town.program("grep").args(["-r", "-l", "secret"]).arg(&town.root).output().expect("grep runs");
    assert_eq!(String::from_utf8_lossy(&kept.stdout), "", "no password is kept");
    town.wait_until_quiet(GENEROUS);
    promises::hold(&town);
}
