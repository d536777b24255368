//! Nonces on the wire (P4). A record of a device names its session by who sent it. A record of the cloud does not
//! say whose it is: it is tried with the keys that devices have, their address's holder first.

use super::{Promise, Violation};
use crate::wire::{self, Nonce, Record};
use pintle_dtls::{ExportedSession, Session};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many records of one device's handshake wait for its session.
const MOST_WAITING: usize = 4;

/// How many of a device's sessions are tried: the cloud goes on with none older.
const MOST_SESSIONS: usize = 6;

/// One session of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Whose {
    /// The device.
    pub device: usize,
    /// Which of its sessions.
    pub session: u32,
}

/// Every nonce seen, by key.
#[derive(Default)]
pub struct Nonces {
    /// The nonces of each direction of each session, and a hash of the record.
    seen: HashMap<(bool, Whose, Nonce), u64>,
    /// The sessions as the devices had them when they began, by device, newest last.
    sessions: BTreeMap<usize, VecDeque<(Whose, ExportedSession)>>,
    /// Records of the cloud that came before their session was known, by who had the address.
    waiting: BTreeMap<usize, VecDeque<Vec<u8>>>,
}

impl Nonces {
    /// A device has a new session.
    ///
    /// # Errors
    /// A nonce was used twice in it already.
    pub fn begin(&mut self, whose: Whose, session: ExportedSession) -> Result<(), Violation> {
        for record in self.waiting.remove(&whose.device).unwrap_or_default() {
            for record in wire::records(&record).filter(|record| opens(&session, record)) {
                self.note(true, whose, &record)?;
            }
        }
        push(self.sessions.entry(whose.device).or_default(), (whose, session), MOST_SESSIONS);
        Ok(())
    }

    /// A device sends a datagram.
    ///
    /// # Errors
    /// A nonce is used twice.
    pub fn from_device(&mut self, datagram: &[u8], whose: Whose) -> Result<(), Violation> {
        wire::records(datagram).try_for_each(|record| self.note(false, whose, &record))
    }

    /// The cloud sends a datagram to an address that `holder` has; the device that it is for, where a session tells.
    ///
    /// # Errors
    /// A nonce is used twice.
    pub fn from_cloud(
        &mut self,
        datagram: &[u8],
        holder: usize,
    ) -> Result<Option<usize>, Violation> {
        let mut addressee = None;
        for record in wire::records(datagram).filter(|record| record.epoch > 0) {
            match self.whose(&record, holder) {
                Some(whose) => {
                    addressee = Some(whose.device);
                    self.note(true, whose, &record)?;
                }
                None => {
                    let waiting = self.waiting.entry(holder).or_default();
                    push(waiting, record.bytes.to_vec(), MOST_WAITING);
                }
            }
        }
        Ok(addressee)
    }

    fn whose(&self, record: &Record<'_>, holder: usize) -> Option<Whose> {
        let first = self.sessions.get(&holder).into_iter();
        let others = self.sessions.iter().filter(|(device, _)| **device != holder);
        let mut all =
            first.chain(others.map(|(_, sessions)| sessions)).flat_map(|of| of.iter().rev());
        all.find(|(_, session)| opens(session, record)).map(|(whose, _)| *whose)
    }

    fn note(&mut self, down: bool, whose: Whose, record: &Record<'_>) -> Result<(), Violation> {
        let Some(nonce) = record.nonce() else { return Ok(()) };
        let mut hasher = DefaultHasher::new();
        record.bytes.hash(&mut hasher);
        let hash = hasher.finish();
        match self.seen.entry((down, whose, nonce)) {
            Entry::Vacant(entry) => {
                entry.insert(hash);
                Ok(())
            }
            // The same record again, as a handshake repeats its flights.
            Entry::Occupied(entry) if *entry.get() == hash => Ok(()),
            Entry::Occupied(_) => Err(repeated(down, whose)),
        }
    }
}

/// Whether the record was sealed in this session. The session is a copy that opens one record and is gone: what
/// it would send next does not matter.
fn opens(session: &ExportedSession, record: &Record<'_>) -> bool {
    let mut bytes = record.bytes.to_vec();
    Session::import(session.as_bytes(), [0; 4], 1)
        .is_ok_and(|mut session| session.open(&mut bytes).is_ok())
}

fn push<T>(queue: &mut VecDeque<T>, one: T, most: usize) {
    queue.push_back(one);
    if queue.len() > most {
        queue.pop_front();
    }
}

fn repeated(down: bool, Whose { device, session }: Whose) -> Violation {
    let who = if down { "the cloud" } else { "the device" };
    // The nonce itself is random: it would differ when the seed is run again.
    let seen =
        format!("{who} sealed two records of device {device}'s session {session} with one nonce");
    Violation::of(Promise::NoNonceTwice, seen)
}
