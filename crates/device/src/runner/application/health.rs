//! Whether a new image is well: the health command of `device.toml`, beside the running program.
//!
//! It is well when the command ends with 0, and asked again a second later when it ends with 75 (not yet: the number
//! that `sysexits.h` has for that). Anything else, the end of the program, or no good answer in time: it is not.

use super::Program;
use super::Settings;
use crate::command;
use crate::life::LastReset;
use crate::stop::Stop;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// "Not yet".
const NOT_YET: i32 = 75;
const AGAIN: Duration = Duration::from_secs(1);

/// What became of trying an image.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Well,
    Ill(LastReset),
    /// The agent is to end before that is known.
    Stopped,
}

/// A command's exit code, or why there is none.
type Answer = Result<i32, String>;

/// Asks until there is an answer, the program ended, or the time is up.
pub(super) fn ask(settings: &Settings, dir: &Path, program: &Program, stop: &Stop) -> Verdict {
    let Some(command) = &settings.health else { return Verdict::Well };
    let ends = Instant::now() + settings.health_within;
    let mut asked: Option<Receiver<Answer>> = None;
    let mut next = Instant::now();
    loop {
        if stop.is_asked() {
            return Verdict::Stopped;
        }
        if let Some(code) = program.ended() {
            return Verdict::Ill(LastReset::Failed(format!("the program ended with {code}")));
        }
        let now = Instant::now();
        if now >= ends {
            let within = settings.health_within.as_secs();
            return Verdict::Ill(LastReset::TimedOut(format!(
                "its health command did not find it well within {within} s"
            )));
        }
        match asked.as_ref().and_then(|answer| answer.try_recv().ok()) {
            Some(Ok(0)) => return Verdict::Well,
            Some(Ok(NOT_YET)) => (asked, next) = (None, now + AGAIN),
            Some(Ok(code)) => {
                let why = format!("its health command ended with {code}");
                return Verdict::Ill(LastReset::Failed(why));
            }
            Some(Err(why)) => return Verdict::Ill(LastReset::Failed(why)),
            None => {}
        }
        if asked.is_none() && now >= next {
            asked = Some(begin(command, dir, ends - now, stop));
        }
        wait(stop, if asked.is_some() { ends } else { next.min(ends) });
    }
}

/// Runs the command on a thread of its own, which wakes this one.
fn begin(command: &[String], dir: &Path, limit: Duration, stop: &Stop) -> Receiver<Answer> {
    let (sender, answer) = channel();
    let (command, dir, waker) = (command.to_vec(), dir.to_path_buf(), stop.waker().clone());
    let failed = sender.clone();
    let started = thread::Builder::new().name("health".to_owned()).spawn(move || {
        let answer = match command::run_for(limit, &command, None, &dir) {
            Ok(output) => Ok(output.exit_code),
            Err(error) => Err(format!("its health command: {error}")),
        };
        // Nobody listens any more when the program ended before.
        let _ = sender.send(answer);
        waker.wake();
    });
    if let Err(error) = started {
        let _ = failed.send(Err(format!("its health command could not be started: {error}")));
        stop.waker().wake();
    }
    answer
}

fn wait(stop: &Stop, until: Instant) {
    let left = until.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    let mut fds = [PollFd::new(stop.waker().fd(), PollFlags::POLLIN)];
    let _ = poll(&mut fds, timeout);
    stop.waker().drain();
}
