//! A verb of a session in the sandbox, carried out here, outside of it, with the session's own lease.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use super::super::message::{Stream, Verb};
use super::super::survivors::descends_from;
use super::super::{Launch, Reply};
use crate::env;

/// How many verbs run at once; more wait.
const AT_ONCE: usize = 8;

/// How much of an output is handed on at once.
const CHUNK: usize = 16 * 1024;

/// What carries verbs out.
#[derive(Debug, Clone)]
pub struct Verbs {
    program: Option<PathBuf>,
    env: Arc<BTreeMap<String, String>>,
    seats: Arc<Semaphore>,
}

impl Verbs {
    /// Those of a session, which has them only in a sandbox.
    pub fn of(launch: &Launch) -> Self {
        let mut env = launch.env.clone();
        env.remove(env::SANDBOX);
        env.insert(env::OUTSIDE.to_owned(), "1".to_owned());
        env.insert(env::SESSION.to_owned(), launch.session.to_string());
        let program = launch.confinement.as_ref().map(|confinement| confinement.program.clone());
        Self { program, env: Arc::new(env), seats: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Carries a verb out for the process `peer`, and writes what it says as it says it.
    pub async fn run(
        &self,
        verb: Verb,
        peer: Option<i32>,
        write: &mut (impl AsyncWrite + Unpin),
    ) -> std::io::Result<()> {
        let own = std::process::id() as i32;
        let refused = match (&self.program, peer) {
            (None, _) => Err("this session is in no sandbox"),
            (_, Some(peer)) if descends_from(peer, own) => self.seats.acquire().await.map_err(|_| "it ends"),
            _ => Err("only what the session started may do that"),
        };
        let _seat = match refused {
            Ok(seat) => seat,
            Err(reason) => return put(write, &Reply::Failed { message: reason.to_owned() }).await,
        };
        match self.start(&verb) {
            Ok(child) => self.hand_on(child, verb.stdin, write).await,
            Err(error) => put(write, &Reply::Failed { message: format!("gt cannot be run: {error}") }).await,
        }
    }

    fn start(&self, verb: &Verb) -> std::io::Result<Child> {
        let mut command = Command::new(self.program.as_deref().expect("looked at before"));
        command.args(&verb.argv).current_dir(&verb.cwd).env_clear().envs(&*self.env);
        let stdin = if verb.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    }

    async fn hand_on(
        &self,
        mut child: Child,
        input: Option<String>,
        write: &mut (impl AsyncWrite + Unpin),
    ) -> std::io::Result<()> {
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            tokio::spawn(async move {
                let _ = stdin.write_all(input.as_bytes()).await;
            });
        }
        let mut out = child.stdout.take();
        let mut errors = child.stderr.take();
        while out.is_some() || errors.is_some() {
            let (stream, bytes) = tokio::select! {
                bytes = next(&mut out), if out.is_some() => (Stream::Out, bytes),
                bytes = next(&mut errors), if errors.is_some() => (Stream::Error, bytes),
            };
            if let Some(bytes) = bytes {
                put(write, &Reply::Output { stream, bytes: bytes.len() }).await?;
                write.write_all(&bytes).await?;
            }
        }
        let status = child.wait().await?.code().unwrap_or(1);
        put(write, &Reply::Ran { status }).await
    }
}

/// The next piece; at the end the pipe is gone.
async fn next(pipe: &mut Option<impl AsyncRead + Unpin>) -> Option<Vec<u8>> {
    let mut bytes = vec![0; CHUNK];
    match pipe.as_mut()?.read(&mut bytes).await {
        Ok(count) if count > 0 => {
            bytes.truncate(count);
            Some(bytes)
        }
        _ => {
            *pipe = None;
            None
        }
    }
}

/// Writes an answer as one line.
pub async fn put(write: &mut (impl AsyncWrite + Unpin), reply: &Reply) -> std::io::Result<()> {
    let mut text = serde_json::to_string(reply).expect("a reply has only plain fields");
    text.push('\n');
    write.write_all(text.as_bytes()).await
}
