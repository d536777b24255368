//! Heads taken to a second place: a file on another machine's disk, say, to which the node only ever adds.
//!
//! A line a head: `pintle-audit-head 1`, the head (number, colon, link), the key and the signature in hex, the time. A log
//! that was cut short or written anew does not have the heads in that file any more. The thread here waits for the disk
//! behind the file; the store never does.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::board::Board;
use super::chain::{Head, from_hex};
use super::key::{PublicKey, SignedHead};
use crate::clock::{iso8601, now_ms};

const MARK: &str = "pintle-audit-head";
const FORMAT: &str = "1";
/// The most bytes of a line.
const LINE_LIMIT: usize = 512;
/// How long the newest head waits for a newer one, at most.
const EVERY: Duration = Duration::from_secs(10);

/// A line that is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotALine {
    /// It has another form.
    #[error("it is not a head of an audit log, as a node writes them")]
    Form,
    /// Its signature does not hold.
    #[error("its signature does not hold: it was altered")]
    Altered,
}

/// The line of a head.
#[must_use]
pub fn line(signed: &SignedHead, at_ms: i64) -> String {
    let signature: String = signed.signature.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{MARK} {FORMAT} {} {} {signature} {}", signed.head, signed.key, iso8601(at_ms))
}

/// Reads a line, and checks its signature under the key in it: the line is whole. Whether the log had that head is the
/// verifier's matter.
///
/// # Errors
/// [`NotALine`].
pub fn parse(text: &str) -> Result<SignedHead, NotALine> {
    let mut words = text.split_whitespace();
    let mut word = || words.next().ok_or(NotALine::Form);
    if text.len() > LINE_LIMIT || word()? != MARK || word()? != FORMAT {
        return Err(NotALine::Form);
    }
    let head: Head = word()?.parse().map_err(|_| NotALine::Form)?;
    let key: PublicKey = word()?.parse().map_err(|_| NotALine::Form)?;
    let signature = from_hex(word()?).ok_or(NotALine::Form)?;
    let signed = SignedHead { head, key, signature };
    // The time is for people; it is not signed.
    match (word(), words.next()) {
        (Ok(_), None) if signed.holds() => Ok(signed),
        (Ok(_), None) => Err(NotALine::Altered),
        _ => Err(NotALine::Form),
    }
}

/// The heads in a file; an error names the line.
///
/// # Errors
/// Where the file cannot be read, or a line is no head. A last line that was cut off by a crash is passed over.
pub fn read(path: &Path) -> Result<Vec<Head>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let heads = whole.lines().zip(1..).map(|(line, number)| {
        let signed =
            parse(line).map_err(|why| format!("{}, line {number}: {why}", path.display()))?;
        Ok(signed.head)
    });
    heads.collect()
}

/// Takes each new head to a file, on a thread of its own, until it is dropped.
pub struct Carrier {
    stop: Arc<AtomicBool>,
    board: Board,
    thread: Option<JoinHandle<()>>,
}

impl Carrier {
    /// Begins to carry heads to `path`, from the newest that is in it.
    ///
    /// # Errors
    /// Where there is no thread for it.
    pub(crate) fn start(board: Board, path: PathBuf) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut walk = Walk { board: board.clone(), path, seen: 0, failing: false };
        let stopping = Arc::clone(&stop);
        let thread = thread::Builder::new().name("audit-heads".to_owned()).spawn(move || {
            walk.seen = walk.last_seen();
            walk.until(&stopping);
        })?;
        Ok(Self { stop, board, thread: Some(thread) })
    }
}

impl Drop for Carrier {
    /// Carries the newest head, then ends the thread.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.board.ring();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Walk {
    board: Board,
    path: PathBuf,
    seen: u64,
    failing: bool,
}

impl Walk {
    fn until(&mut self, stop: &AtomicBool) {
        let mut open = true;
        while open && !stop.load(Ordering::Relaxed) {
            open = self.board.wait(self.seen, EVERY, stop);
            self.carry();
            // Many heads in a row make one line, unless this is the end.
            if open {
                self.board.pause(EVERY, stop);
            }
        }
        self.carry();
    }

    fn carry(&mut self) {
        let Some(newest) = self.board.newest().filter(|newest| newest.head.seq > self.seen) else {
            return;
        };
        match append(&self.path, &line(&newest, now_ms())) {
            Ok(()) => {
                self.seen = newest.head.seq;
                if std::mem::take(&mut self.failing) {
                    tracing::info!("heads of the audit log are kept again");
                }
            }
            Err(error) if !self.failing => {
                self.failing = true;
                tracing::error!(path = %self.path.display(), %error, "heads of the audit log cannot be kept there: tried again");
            }
            Err(_) => {}
        }
    }

    /// The newest number in the file: what was there before this start.
    fn last_seen(&self) -> u64 {
        let Ok(heads) = read(&self.path) else { return 0 };
        let last = heads.iter().map(|head| head.seq).max().unwrap_or(0);
        if self.board.newest().is_some_and(|newest| newest.head.seq < last) {
            tracing::error!(
                path = %self.path.display(),
                "the audit log ends before the heads that were kept of it: `pintle audit verify` tells where"
            );
            // From here on it is kept again; the file shows that it went back.
            return 0;
        }
        last
    }
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file: File = OpenOptions::new().append(true).create(true).mode(0o644).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{GENESIS, SigningKey};

    fn head(seq: u64) -> SignedHead {
        SigningKey::generate().unwrap().sign(Head { seq, link: GENESIS.next(&seq.to_be_bytes()) })
    }

    #[test]
    fn p10_a_head_in_a_second_place_cannot_be_altered_unnoticed() {
        let signed = head(77);
        let text = line(&signed, 0);
        assert_eq!(parse(&text), Ok(signed));
        for at in MARK.len() + 3..text.len() - 25 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'3' { b'4' } else { b'3' };
            assert!(parse(std::str::from_utf8(&bytes).unwrap()).is_err(), "{at}");
        }
        for bad in ["", "pintle-audit-head 1", &text.replace(" 1 ", " 2 "), &format!("{text} more")]
        {
            assert_eq!(parse(bad), Err(NotALine::Form));
        }
    }

    #[test]
    fn p10_the_newest_head_is_in_the_second_place_when_the_node_has_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("heads");
        for seqs in [[1, 2], [3, 4]] {
            let board = Board::default();
            let carrier = Carrier::start(board.clone(), path.clone()).unwrap();
            let heads = seqs.map(head);
            heads.iter().for_each(|head| board.put(*head));
            drop(carrier);
            assert_eq!(read(&path).unwrap().last(), Some(&heads[1].head));
        }
        // A line that a crash cut off does not hide the others.
        let kept = read(&path).unwrap();
        fs::write(&path, fs::read_to_string(&path).unwrap() + "pintle-aud").unwrap();
        assert_eq!(read(&path).unwrap(), kept);
    }
}
