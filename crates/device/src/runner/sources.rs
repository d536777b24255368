//! Where events come from besides other threads: standard input, and whoever connects to the event socket.
//! Everything here is polled by the runner; nothing blocks.

use super::lines::{LineEvent, Lines};
use crate::config::Events;
use crate::error::Error;
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// How many programs may be connected to the event socket.
const MAX_CLIENTS: usize = 16;
/// How much is read at a time, in bytes.
const PIECE: usize = 4096;

/// The open sources.
#[derive(Default)]
pub(super) struct Sources {
    stdin: Option<Stream<File>>,
    listener: Option<Listener>,
    clients: Vec<Stream<UnixStream>>,
}

/// A stream and its lines.
struct Stream<R> {
    from: R,
    lines: Lines,
    open: bool,
}

/// The event socket; its file goes when it does.
struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Sources {
    /// Opens what the configuration names; `dir` is what the socket's path is relative to.
    pub(super) fn open(events: &Events, stdin: bool, dir: &Path) -> Result<Self, Error> {
        let stdin = stdin.then(open_stdin).transpose()?;
        let listener = events.socket.as_ref().map(|path| listen(dir.join(path))).transpose()?;
        Ok(Self { stdin, listener, clients: Vec::new() })
    }

    /// What to poll.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let room = self.clients.len() < MAX_CLIENTS;
        let listener =
            self.listener.iter().filter(move |_| room).map(|listener| listener.socket.as_fd());
        let clients =
            self.clients.iter().filter(|client| client.open).map(|client| client.from.as_fd());
        self.stdin
            .iter()
            .filter(|stdin| stdin.open)
            .map(|stdin| stdin.from.as_fd())
            .chain(listener)
            .chain(clients)
    }

    /// Reads a piece of each source that has one.
    pub(super) fn read(&mut self) {
        if let Some(stdin) = &mut self.stdin
            && is_readable(&stdin.from)
        {
            stdin.read();
        }
        self.accept();
        self.clients.iter_mut().for_each(Stream::read);
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else { return };
        while self.clients.len() < MAX_CLIENTS {
            let Ok((client, _)) = listener.socket.accept() else { break };
            if client.set_nonblocking(true).is_ok() {
                self.clients.push(Stream::new(client));
            }
        }
    }

    /// The next event of any source, or why a line is none.
    pub(super) fn next_event(&mut self) -> Option<Result<LineEvent, String>> {
        if let Some(event) = self.stdin.as_mut().and_then(|stdin| stdin.lines.next_event()) {
            return Some(event);
        }
        let event = self.clients.iter_mut().find_map(|client| client.lines.next_event());
        if event.is_none() {
            self.clients.retain(|client| client.open);
        }
        event
    }
}

impl<R: Read> Stream<R> {
    fn new(from: R) -> Self {
        Self { from, lines: Lines::default(), open: true }
    }

    fn read(&mut self) {
        if !self.open {
            return;
        }
        let mut piece = [0; PIECE];
        match self.from.read(&mut piece) {
            Ok(length) if length > 0 => self.lines.push(piece.get(..length).unwrap_or_default()),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            _ => {
                self.open = false;
                self.lines.end();
            }
        }
    }
}

/// Standard input past the buffer of the standard library, which polling does not see. It stays blocking,
/// because others may share it, and is read only when it is readable.
fn open_stdin() -> Result<Stream<File>, Error> {
    let own =
        io::stdin().as_fd().try_clone_to_owned().map_err(Error::system("open standard input"))?;
    Ok(Stream::new(File::from(own)))
}

fn is_readable(file: &File) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    matches!(poll(&mut fds, PollTimeout::ZERO), Ok(ready) if ready > 0)
}

fn listen(path: PathBuf) -> Result<Listener, Error> {
    // A socket that nobody listens to is what a crash left.
    let is_left = fs::symlink_metadata(&path).is_ok_and(|found| found.file_type().is_socket());
    if is_left && UnixStream::connect(&path).is_err() {
        fs::remove_file(&path).map_err(Error::file("remove", &path))?;
    }
    let socket = UnixListener::bind(&path).map_err(Error::file("listen on", &path))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))
        .map_err(Error::file("protect", &path))?;
    socket.set_nonblocking(true).map_err(Error::file("listen on", &path))?;
    Ok(Listener { socket, path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn lines_written_to_the_event_socket_are_events() {
        let dir = tempfile::tempdir().unwrap();
        let events = Events { socket: Some("e.sock".into()), ..Events::default() };
        let mut sources = Sources::open(&events, false, dir.path()).unwrap();
        let path = dir.path().join("e.sock");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let mut client = UnixStream::connect(&path).unwrap();
        client.write_all(b"a 1\nb 2").unwrap();
        drop(client);
        let mut found = Vec::new();
        for _ in 0..3 {
            sources.read();
            found.extend(std::iter::from_fn(|| sources.next_event()));
        }
        assert_eq!(found.len(), 2);
        assert!(sources.clients.is_empty());
        drop(sources);
        assert!(!path.exists());
    }
}
