//! The clock: certificates, events and the audit depend on it.
//!
//! It cannot be earlier than this program and the files of the data folder were made.

use super::finding::Finding;
use super::host::Host;
use pintle_cloud::clock::{iso8601, now_ms};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

/// Files are stamped with a coarser clock than the one compared: this much earlier is no sign, in milliseconds.
const SLACK_MS: i64 = 60_000;

pub fn look(host: &Host) -> [Finding; 2] {
    let program = std::env::current_exe().ok();
    let files =
        program.into_iter().chain(["ca.pem", "store.sqlite3"].map(|name| host.data.join(name)));
    let newest = files.filter_map(written).max_by_key(|(_, at)| *at);
    [sane(now_ms(), newest.as_ref().map(|(path, at)| (path.as_path(), *at))), kept(host)]
}

fn sane(now: i64, newest: Option<(&Path, i64)>) -> Finding {
    let name = "clock";
    match newest {
        Some((path, at)) if at - SLACK_MS > now => Finding::fail(
            name,
            format!(
                "it says {}, but {} was written at {}: set the clock before the node starts",
                iso8601(now),
                path.display(),
                iso8601(at)
            ),
        ),
        _ => Finding::ok(name, format!("it says {}", iso8601(now))),
    }
}

fn written(path: PathBuf) -> Option<(PathBuf, i64)> {
    let at = fs::metadata(&path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((path, i64::try_from(at.as_millis()).ok()?))
}

/// Whether something keeps it right.
fn kept(host: &Host) -> Finding {
    let name = "clock is kept";
    if host.unit.is_none() {
        return Finding::not_tried(name, "systemd does not run here, or does not answer");
    }
    let asked = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .stdin(Stdio::null())
        .output();
    match asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).as_deref() {
        Ok("yes") => Finding::ok(name, "synchronised"),
        Ok("no") => Finding::warn(
            name,
            "not synchronised: install and start an NTP client, such as systemd-timesyncd",
        ),
        _ => Finding::not_tried(name, "timedatectl does not answer"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_clock_from_before_the_program_was_built_fails() {
        let built = Some((Path::new("/usr/bin/pintle"), 1_800_000_000_000));
        assert_eq!(sane(1_000_000, built).state, State::Fail);
        assert_eq!(sane(1_800_000_000_000, built).state, State::Ok);
        assert_eq!(sane(1_900_000_000_000, built).state, State::Ok);
    }
}
