//! The session's socket: one JSON object per line in, one out.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use super::super::folder::make_private_dir;
use super::super::message::socket_path;
use super::super::survivors::is_in_another_sandbox;
use super::super::{Reply, Request, RuntimeError};
use super::verbs::{Verbs, put};

/// The longest request: a long message for the agent.
const REQUEST_LIMIT: u64 = 4 * 1024 * 1024;

/// How long a client may take to send its request.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// A request and where its answer goes.
pub type Question = (Request, oneshot::Sender<Reply>);

/// The open socket of a session; its file is removed when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens at the socket of a run folder.
    pub fn open(dir: &Path) -> Result<Self, RuntimeError> {
        let path = socket_path(dir);
        if let Some(parent) = path.parent().filter(|parent| *parent != dir) {
            make_private_dir(parent)?;
            check_owner(parent)?;
        }
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).map_err(RuntimeError::io("listen at", &path))?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))
            .map_err(RuntimeError::io("set the mode of", &path))?;
        Ok(Self { listener, path })
    }

    /// Answers whoever connects, through `questions`, for ever.
    pub async fn serve(&self, questions: mpsc::Sender<Question>, verbs: Verbs) -> ! {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(answer(stream, questions.clone(), verbs.clone()));
                }
                // Out of file descriptors, most likely: others will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        if let Some(parent) = self.path.parent().filter(|parent| parent.starts_with("/tmp")) {
            // Only the folder that was made for a path that is too long is empty now.
            let _ = std::fs::remove_dir(parent);
        }
    }
}

/// In a folder that everybody may write to, somebody else may have made ours first.
fn check_owner(dir: &Path) -> Result<(), RuntimeError> {
    let file = std::fs::symlink_metadata(dir).map_err(RuntimeError::io("look at", dir))?;
    if file.is_dir() && file.uid() == rustix::process::getuid().as_raw() && file.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(RuntimeError::io("trust", dir)(std::io::ErrorKind::PermissionDenied.into()))
}

async fn answer(stream: UnixStream, questions: mpsc::Sender<Question>, verbs: Verbs) -> std::io::Result<()> {
    let peer = stream.peer_cred().ok().and_then(|peer| peer.pid());
    if peer.is_some_and(is_in_another_sandbox) {
        return Ok(());
    }
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(REQUEST_LIMIT)).lines();
    while let Ok(Ok(Some(line))) = tokio::time::timeout(IDLE_LIMIT, lines.next_line()).await {
        let reply = match serde_json::from_str(&line) {
            Ok(Request::Verb(verb)) => {
                verbs.run(verb, peer, &mut write).await?;
                continue;
            }
            Ok(request) => ask(request, &questions).await,
            Err(error) => Reply::Failed { message: format!("no request: {error}") },
        };
        put(&mut write, &reply).await?;
    }
    Ok(())
}

async fn ask(request: Request, questions: &mpsc::Sender<Question>) -> Reply {
    let (sender, receiver) = oneshot::channel();
    let ended = || Reply::Failed { message: "the session is over".to_owned() };
    if questions.send((request, sender)).await.is_err() {
        return ended();
    }
    receiver.await.unwrap_or_else(|_| ended())
}
