//! Why a device fell back, kept until its cloud was told: a file `fallback` of three lines, the image, how, and why.
//!
//! It is a courtesy: a disk that cannot keep it hinders no fallback. Whether it is true the slots say.

use crate::life::LastReset;
use crate::private_file::{self, READABLE};
use pintle_firmware::Digest;
use std::fs;
use std::path::{Path, PathBuf};

const FILE: &str = "fallback";
/// As much of a reason is told, in bytes.
const LONGEST: usize = 400;

/// Why an image was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) image: Digest,
    pub(super) timed_out: bool,
    pub(super) why: String,
}

impl Note {
    /// What the cloud is told.
    pub(super) fn to_report(&self) -> LastReset {
        match self.timed_out {
            true => LastReset::TimedOut(self.why.clone()),
            false => LastReset::Failed(self.why.clone()),
        }
    }

    fn to_text(&self) -> String {
        let how = if self.timed_out { "timeout" } else { "error" };
        format!("{}\n{how}\n{}\n", self.image, clean(&self.why))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let image = digest(lines.next()?)?;
        let timed_out = lines.next()? == "timeout";
        Some(Self { image, timed_out, why: clean(lines.next()?) })
    }
}

/// One line, and not too long.
fn clean(text: &str) -> String {
    let mut clean: String = text.chars().filter(|letter| !letter.is_control()).collect();
    while clean.len() > LONGEST {
        clean.pop();
    }
    clean
}

fn digest(hex: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (place, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *place = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    Some(Digest(bytes))
}

/// Where the note is kept.
#[derive(Debug)]
pub(super) struct Notes {
    path: Option<PathBuf>,
    /// The one of this run, or of a device without a folder.
    latest: Option<Note>,
}

impl Notes {
    pub(super) fn new(folder: Option<&Path>) -> Self {
        let path = folder.map(|folder| folder.join(FILE));
        let text = path.as_ref().and_then(|path| fs::read_to_string(path).ok());
        Self { path, latest: text.and_then(|text| Note::parse(&text)) }
    }

    pub(super) fn read(&self) -> Option<Note> {
        self.latest.clone()
    }

    pub(super) fn write(&mut self, note: &Note) {
        self.latest = Some(note.clone());
        let Some(path) = &self.path else { return };
        if let Err(error) = private_file::replace(path, READABLE, note.to_text().as_bytes()) {
            tracing::warn!(%error, "the reason of a fallback is not kept over a restart");
        }
    }

    pub(super) fn forget(&mut self) {
        self.latest = None;
        // What stays is told again.
        let _ = self.path.as_deref().map(private_file::forget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_there_after_a_restart_until_it_was_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut notes = Notes::new(Some(dir.path()));
        assert_eq!(notes.read(), None);
        let why = format!("two\nlines, and é{}", "x".repeat(500));
        notes.write(&Note { image: Digest([7; 32]), timed_out: true, why });
        let mut notes = Notes::new(Some(dir.path()));
        let read = notes.read().unwrap();
        assert_eq!((read.image, read.timed_out), (Digest([7; 32]), true));
        assert!(read.why.starts_with("twolines, and é") && read.why.len() <= LONGEST);
        notes.forget();
        assert_eq!(Notes::new(Some(dir.path())).read(), None);
        std::fs::write(dir.path().join(FILE), "nonsense\n").unwrap();
        assert_eq!(Notes::new(Some(dir.path())).read(), None);
    }
}
