//! The program of an image, as a child of the agent.
//!
//! It runs in the device's folder, without input, in a process group of its own that ends with it. One that an agent
//! left behind when it was killed is ended before another starts: `application.pid` names it, and a word in its
//! environment proves that it is the one.

use crate::private_file::{self, OWNER_ONLY};
use crate::stop::Waker;
use aws_lc_rs::rand;
use nix::poll::poll;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::fs;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const PID_FILE: &str = "application.pid";
const WORD: &str = "PINTLE_APPLICATION";
/// How long a program that is told to end may take.
const PARTING: Duration = Duration::from_secs(5);
/// What another process is just doing, such as holding the program's file open while it starts, is over in a moment.
const BUSY_TRIES: u32 = 100;
const BUSY_WAIT_MILLIS: u16 = 10;

/// How a program ended: its exit code, or 128 and the signal's number.
type Ended = Option<i32>;

/// A running program. Dropping it ends it.
pub(crate) struct Program {
    group: Pid,
    ended: Arc<(Mutex<Ended>, Condvar)>,
}

impl Program {
    /// Starts the program; `waker` wakes whoever looks after it when it ends.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) fn start(path: &Path, dir: &Path, waker: Waker) -> io::Result<Self> {
        end_left_behind(dir);
        let word = word()?;
        let child = spawn(path, dir, &word)?;
        let id = i32::try_from(child.id()).map_err(|_| io::ErrorKind::InvalidData)?;
        let note = format!("{id} {word}\n");
        if let Err(error) = private_file::replace(&dir.join(PID_FILE), OWNER_ONLY, note.as_bytes())
        {
            tracing::warn!(%error, "a program that outlives a killed agent is not found again");
        }
        let ended: Arc<(Mutex<Ended>, Condvar)> = Arc::default();
        let program = Self { group: Pid::from_raw(id), ended: Arc::clone(&ended) };
        let group = program.group;
        let watcher = std::thread::Builder::new().name("application".to_owned());
        watcher.spawn(move || watch(child, group, &ended, &waker))?;
        Ok(program)
    }

    fn lock(&self) -> MutexGuard<'_, Ended> {
        self.ended.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&self) -> Ended {
        *self.lock()
    }

    /// To its whole group; while its end is not noted, nobody else has its number.
    fn signal(&self, ended: &Ended, signal: Signal) {
        if ended.is_none() {
            let _ = killpg(self.group, signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let ended = self.lock();
        self.signal(&ended, Signal::SIGTERM);
        let waited = self.ended.1.wait_timeout_while(ended, PARTING, |ended| ended.is_none());
        let (ended, _) = waited.unwrap_or_else(PoisonError::into_inner);
        self.signal(&ended, Signal::SIGKILL);
        drop(self.ended.1.wait_while(ended, |ended| ended.is_none()));
    }
}

fn spawn(path: &Path, dir: &Path, word: &str) -> io::Result<Child> {
    let mut tries = 0;
    loop {
        let child = Command::new(path)
            .current_dir(dir)
            .env(WORD, word)
            .stdin(Stdio::null())
            .process_group(0)
            .spawn();
        match child {
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES =>
            {
                tries += 1;
                let _ = poll(&mut [], BUSY_WAIT_MILLIS);
            }
            child => return child,
        }
    }
}

/// Waits for the end of a program, and ends what it leaves behind.
fn watch(mut child: Child, group: Pid, ended: &(Mutex<Ended>, Condvar), waker: &Waker) {
    // Its number is not given to anybody else before it is waited for a second time.
    while waitid(Id::Pid(group), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)
        == Err(nix::Error::EINTR)
    {}
    let mut noted = ended.0.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = killpg(group, Signal::SIGKILL);
    *noted = Some(child.wait().map_or(-1, exit_code));
    drop(noted);
    ended.1.notify_all();
    waker.wake();
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

fn word() -> io::Result<String> {
    let mut random = [0; 16];
    rand::fill(&mut random).map_err(|_| io::ErrorKind::Other)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Ends the program of an agent that was killed.
fn end_left_behind(dir: &Path) {
    let Ok(note) = fs::read_to_string(dir.join(PID_FILE)) else { return };
    let Some((id, word)) = note.trim().split_once(' ') else { return };
    let environment = environment_of(id);
    let mark = format!("{WORD}={word}");
    let is_it = environment.split(|byte| *byte == 0).any(|one| one == mark.as_bytes());
    if let (true, Ok(group)) = (is_it, id.parse()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

/// What a process was given as its environment; nothing for one that has ended or is not ours. In the midst of
/// starting a program a process shows an empty one for a moment, so an empty one is asked for again.
fn environment_of(id: &str) -> Vec<u8> {
    for _ in 0..BUSY_TRIES {
        match fs::read(format!("/proc/{id}/environ")) {
            Ok(environment) if environment.is_empty() => {
                let _ = poll(&mut [], BUSY_WAIT_MILLIS);
            }
            read => return read.unwrap_or_default(),
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Stop;

    fn script(dir: &Path, name: &str, text: &str) -> std::path::PathBuf {
        let path = dir.join(name);
        private_file::replace(&path, 0o700, format!("#!/bin/sh\n{text}").as_bytes()).unwrap();
        path
    }

    fn wait_for_end(stop: &Stop, program: &Program) -> i32 {
        loop {
            if let Some(code) = program.ended() {
                return code;
            }
            let mut fds = [nix::poll::PollFd::new(stop.waker().fd(), nix::poll::PollFlags::POLLIN)];
            poll(&mut fds, 60_000_u16).unwrap();
            stop.waker().drain();
        }
    }

    #[test]
    fn a_program_runs_in_the_folder_and_its_end_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = script(dir.path(), "a", "pwd > where; exit 7\n");
        let stop = Stop::new().unwrap();
        let program = Program::start(&path, dir.path(), stop.waker().clone()).unwrap();
        assert_eq!(wait_for_end(&stop, &program), 7);
        let here = fs::read_to_string(dir.path().join("where")).unwrap();
        assert_eq!(fs::canonicalize(here.trim()).unwrap(), fs::canonicalize(dir.path()).unwrap());
    }

    #[test]
    fn a_program_that_a_killed_agent_left_behind_is_ended_before_another_starts() {
        let dir = tempfile::tempdir().unwrap();
        let path = script(dir.path(), "a", "exec sleep 600\n");
        let stop = Stop::new().unwrap();
        let left = Program::start(&path, dir.path(), stop.waker().clone()).unwrap();
        let path = script(dir.path(), "b", "exit 0\n");
        let other = Stop::new().unwrap();
        let program = Program::start(&path, dir.path(), other.waker().clone()).unwrap();
        assert_eq!(wait_for_end(&stop, &left), 128 + 9);
        assert_eq!(wait_for_end(&other, &program), 0);
    }
}
