//! Runs a program with an argument vector, never a shell, within bounds of time and output.
//!
//! The program gets no input, its own process group, and the agent's standard error. When its time is up the
//! whole group is killed.

use crate::board::BoardError;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(15);
/// How much of what a program prints, or of a file, is read, in bytes.
pub(crate) const MAX_OUTPUT: u64 = 4096;
/// How often a program that closed its output is asked whether it ended, in milliseconds.
const ENDED_CHECK: u16 = 5;

/// What a program left.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Output {
    /// Its exit code; 128 and the number of the signal that ended it.
    pub(crate) exit_code: i32,
    /// What it printed, at most [`MAX_OUTPUT`] bytes.
    pub(crate) text: Vec<u8>,
}

/// Runs `command`, with `argument` as its last argument, in `dir`.
pub(crate) fn run(
    command: &[String],
    argument: Option<&OsStr>,
    dir: &Path,
) -> Result<Output, BoardError> {
    run_for(LIMIT, command, argument, dir)
}

pub(crate) fn run_for(
    limit: Duration,
    command: &[String],
    argument: Option<&OsStr>,
    dir: &Path,
) -> Result<Output, BoardError> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(BoardError::Unknown(String::new()));
    };
    let not_run = |error: std::io::Error| BoardError::NotRun {
        program: program.clone(),
        reason: error.to_string(),
    };
    let mut child = Command::new(program)
        .args(arguments)
        .args(argument)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(not_run)?;
    let deadline = Instant::now() + limit;
    let output = child.stdout.take().map(|stdout| read_until(stdout, deadline)).unwrap_or_default();
    match wait_until(&mut child, deadline) {
        Some(status) => Ok(Output { exit_code: exit_code(status), text: output }),
        None => {
            end(&mut child);
            Err(BoardError::TooSlow(program.clone()))
        }
    }
}

/// What the program prints until it closes its output, up to the limits; the pipe is closed afterwards.
fn read_until(mut stdout: ChildStdout, deadline: Instant) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() < MAX_OUTPUT as usize && is_readable(&stdout, deadline) {
        let mut piece = [0; 1024];
        match stdout.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(length) => text.extend_from_slice(piece.get(..length).unwrap_or_default()),
        }
    }
    text.truncate(MAX_OUTPUT as usize);
    text
}

fn is_readable(stdout: &ChildStdout, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::POLLIN)];
    matches!(poll(&mut fds, timeout), Ok(ready) if ready > 0)
}

fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => {}
            _ => return None,
        }
        // Nothing to poll for: this is a wait, on a worker thread.
        let _ = poll(&mut [], ENDED_CHECK);
    }
}

/// Kills the program and whatever it started, and reaps it.
fn end(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    let _ = child.wait();
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Whether a process runs; one that ended and was not reaped does not.
    fn runs(id: &str) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{id}/stat"));
        status.is_ok_and(|status| !status.contains(") Z ") && !status.contains(") X "))
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let command = words(&["sh", "-c", "sleep 600 & echo $! > child; wait"]);
        // On a machine that is slow to start a program, with more time.
        let child = [1, 10, 60].into_iter().find_map(|seconds| {
            let result = run_for(Duration::from_secs(seconds), &command, None, dir.path());
            assert_eq!(result, Err(BoardError::TooSlow("sh".to_owned())));
            std::fs::read_to_string(dir.path().join("child")).ok().filter(|id| id.ends_with('\n'))
        });
        let child = child.expect("the program started another");
        let deadline = Instant::now() + Duration::from_secs(60);
        while runs(child.trim()) {
            assert!(Instant::now() < deadline, "{child} was left running");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_program_that_prints_without_end_is_cut_short() {
        let output = run(&words(&["yes"]), None, Path::new(".")).unwrap();
        assert_eq!(output.text.len(), MAX_OUTPUT as usize);
        // It ends by the closed pipe.
        assert_ne!(output.exit_code, 0);
    }
}
