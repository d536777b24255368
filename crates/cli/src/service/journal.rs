//! Logging to the journal: a line begins with its syslog priority (`<3>` is an error, sd-daemon(3)), which the journal
//! takes off and keeps; time, level and colour are left to it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The priority of an error.
pub const ERROR: &str = "<3>";

/// Whether standard error is the journal: systemd says in `JOURNAL_STREAM` which device and inode it gave.
pub fn is_stderr() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    fs::metadata("/proc/self/fd/2").is_ok_and(|stderr| is(&stream, stderr.dev(), stderr.ino()))
}

fn is(stream: &str, device: u64, inode: u64) -> bool {
    stream == format!("{device}:{inode}")
}

/// Writes each event to standard error with its priority.
pub struct Lines;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { priority: priority(Level::INFO), to: io::stderr() }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self::Writer {
        Line { priority: priority(*event.level()), to: io::stderr() }
    }
}

/// One event on its way.
pub struct Line<W> {
    priority: &'static str,
    to: W,
}

impl<W: Write> Write for Line<W> {
    /// Takes a whole event, and hands it on in one piece: threads log at the same time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut lines = Vec::with_capacity(event.len() + self.priority.len());
        for line in event.split_inclusive(|byte| *byte == b'\n') {
            lines.extend_from_slice(self.priority.as_bytes());
            lines.extend_from_slice(line);
        }
        self.to.write_all(&lines)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => ERROR,
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        _ => "<7>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_an_event_carries_its_priority() {
        let mut line = Line { priority: priority(Level::WARN), to: Vec::new() };
        line.write_all(b"one\ntwo\n").unwrap();
        assert_eq!(line.to, b"<4>one\n<4>two\n");
    }

    #[test]
    fn only_the_stream_that_systemd_named_is_the_journal() {
        assert!(is("8:17", 8, 17));
        assert!(!is("8:18", 8, 17) && !is("", 8, 17));
    }
}
