//! The control socket: who may open the file may command the node, and nobody else.

use super::{Office, Products, Request, Response, Rollouts, SOCKET};
use crate::folder::{Folder, FolderError};
use crate::product::Delivery;
use crate::product::rollout::Desk;
use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncReader};
use tokio::net::{UnixListener, UnixStream};

/// The longest request taken, in bytes: a batch of some hundred thousand pins.
const LONGEST: u64 = 64 << 20;

/// What the system takes as a socket's path, in bytes.
const LONGEST_PATH: usize = 107;

/// How long to wait after a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(500);

/// Why a request could not be carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The running node cannot be talked to.
    #[error("the running node does not answer on {}: {source}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The running node is of another version.
    #[error(
        "the running node answers what this version does not understand: restart it with this version"
    )]
    Version,
}

/// The end that a running node listens on; removes the socket when dropped.
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Listens in the data folder, which the caller has locked: an old socket there is a dead one.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        if path.as_os_str().len() > LONGEST_PATH {
            let why = format!(
                "a socket's path has {LONGEST_PATH} bytes at most: use a shorter --data, or start in another folder"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidFilename, why));
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Carries requests out for ever.
    pub async fn serve(self, office: Office) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let office = office.clone();
                    tokio::spawn(async move {
                        if let Err(error) = converse(stream, &office).await {
                            tracing::debug!(%error, "a control connection broke");
                        }
                    });
                }
                // No file descriptor left, most likely: that passes, and the operator must get in again then.
                Err(error) => {
                    tracing::error!(%error, "a control connection was not accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = fs::remove_file(&self.path);
    }
}

async fn converse(stream: UnixStream, office: &Office) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    AsyncReader::new(reader.take(LONGEST)).read_line(&mut line).await?;
    let response = match serde_json::from_str(&line) {
        Ok(request) => office.carry_out(request).await,
        Err(error) => Response::Refused { why: format!("not a request of this version: {error}") },
    };
    let mut answer = serde_json::to_vec(&response)?;
    answer.push(b'\n');
    writer.write_all(&answer).await
}

/// Asks the node that runs on this data folder, or opens the folder where none does. Blocks.
///
/// # Errors
/// [`ControlError`]; a refusal by the node is an answer.
pub fn ask(folder: &Path, request: Request) -> Result<Response, ControlError> {
    let path = folder.join(SOCKET);
    match BlockingStream::connect(&path) {
        Ok(stream) => ask_running(stream, &request)
            .map_err(|source| ControlError::Socket { path, source })?
            .ok_or(ControlError::Version),
        Err(_) => {
            let folder = Folder::open(folder)?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .map_err(|source| ControlError::Socket { path, source })?;
            let office = Office::new(folder.store.clone(), folder.accounts(), None)
                .with_pinning(folder.pinning())
                .with_products(Products {
                    store: folder.store.clone(),
                    shelf: folder.shelf.clone(),
                    delivery: Delivery::default(),
                })
                .with_vault(folder.vault())
                .with_rollouts(Rollouts {
                    desk: Desk::new(folder.store.clone(), None),
                    shelf: folder.shelf.clone(),
                });
            Ok(runtime.block_on(office.carry_out(request)))
        }
    }
}

/// Asks the node that runs on this data folder; `None` where none does. Never opens the folder. Blocks, `within` this
/// time for each step.
///
/// # Errors
/// [`ControlError`]; a refusal by the node is an answer.
pub fn ask_if_running(
    folder: &Path,
    request: &Request,
    within: Duration,
) -> Result<Option<Response>, ControlError> {
    let path = folder.join(SOCKET);
    let stream = match BlockingStream::connect(&path) {
        Ok(stream) => stream,
        Err(error) if is_nobody(&error) => return Ok(None),
        Err(source) => return Err(ControlError::Socket { path, source }),
    };
    let bounded = stream.set_read_timeout(Some(within)).and(stream.set_write_timeout(Some(within)));
    bounded
        .and_then(|()| ask_running(stream, request))
        .map_err(|source| ControlError::Socket { path, source })?
        .ok_or(ControlError::Version)
        .map(Some)
}

/// No socket, or one that a killed node left.
fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn ask_running(mut stream: BlockingStream, request: &Request) -> io::Result<Option<Response>> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    if BufReader::new(stream).read_line(&mut answer)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended before it answered"));
    }
    Ok(serde_json::from_str(&answer).ok())
}
