//! An update of the firmware over TCP: begin, chunks, done ([`pintle_protocol::tcp::update`]).
//!
//! Chunks of a fast update come in any order, and nothing that comes is signed, or named by its hash. So the file is put
//! together in memory, where a connection that is cut leaves nothing behind; only a whole one goes to whoever keeps
//! firmware, who looks at it as at any other. Meanwhile events are held and nobody is pinged, as real devices do it.

use super::link::{Ending, Link};
use super::profile::Bodies;
use crate::generation::is_old;
use crate::life::{Declined, Happening, Loss, Outlet};
use pintle_firmware::Digest;
use pintle_protocol::coap::Message;
use pintle_protocol::tcp::update::{Begin, Chunk, FromCloud, Receiver, Took};
use pintle_protocol::update::{Refusal, Start};
use std::time::Duration;

/// Without a chunk for so long the session is over.
const SILENCE: Duration = Duration::from_secs(300);

/// How much is stored at a time.
const PIECE: usize = 512;

/// A file that comes.
pub(super) struct Updating {
    receiver: Receiver,
    file: Vec<u8>,
    heard: Duration,
}

impl Updating {
    fn put(&mut self, now: Duration, chunk: &Chunk<'_>) -> Took {
        self.heard = now;
        let took = self.receiver.take(now, chunk);
        if let Took::New { at } = took {
            let places = self.file.iter_mut().skip(at as usize);
            places.zip(chunk.data).for_each(|(place, byte)| *place = *byte);
        }
        took
    }

    pub(super) fn poll_timeout(&self) -> Duration {
        let silence = self.heard + SILENCE;
        self.receiver.poll_timeout().map_or(silence, |at| at.min(silence))
    }
}

impl Link {
    /// Acts on a message of an update. P2: a chunk of none ends the session.
    pub(super) fn update(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        update: &FromCloud<'_>,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        match update {
            FromCloud::Begin(begin) => self.begin_update(now, message, begin, bodies, outlet),
            FromCloud::Chunk(chunk) => return self.take_chunk(now, message, chunk, outlet),
            FromCloud::Done => return self.finish_update(message, bodies, outlet),
        }
        Ok(())
    }

    fn begin_update(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        begin: &Begin,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) {
        self.updating = None;
        let taken = may_begin(begin, outlet).and_then(|()| {
            let receiver = Receiver::new(now, &bodies.firmware, begin);
            receiver.ok_or_else(|| Declined::plain(Refusal::SIZE))
        });
        match taken {
            Ok(receiver) => {
                let file = vec![0; receiver.size() as usize];
                self.updating = Some(Box::new(Updating { receiver, file, heard: now }));
                outlet.tell(Happening::Updating { stored: 0, of: begin.size });
                self.say(outlet, |session, out| session.update_ready(out, message, begin.fast));
            }
            Err(declined) => {
                outlet.tell(Happening::UpdateDeclined(declined.message));
                self.say(outlet, |session, out| session.refuse_update(out, message));
            }
        }
    }

    fn take_chunk(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        chunk: &Chunk<'_>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let updating = self.updating.as_mut().ok_or(Ending::Lost(Loss::Anomaly))?;
        let took = updating.put(now, chunk);
        let answer = updating.receiver.answer(took);
        let finished = updating.receiver.poll_finished_by_itself();
        if let Some(good) = answer {
            self.say(outlet, |session, out| session.chunk_taken(out, message, good));
        }
        if finished {
            self.say(outlet, |session, out| session.finished_by_itself(out));
        }
        Ok(())
    }

    fn finish_update(
        &mut self,
        message: &Message<'_>,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let updating = self.updating.as_mut().ok_or(Ending::Lost(Loss::Anomaly))?;
        if !updating.receiver.is_complete() {
            let missing = updating.receiver.ask_for_missing();
            self.say(outlet, |session, out| session.update_lacks(out, message, &missing));
            return Ok(());
        }
        let file = self.updating.take().map(|updating| updating.file).unwrap_or_default();
        let kept = keep(&file, outlet);
        // The older program looks at the file only once it has said that it is all there.
        match is_old(bodies.generation()) || kept.is_ok() {
            true => self.say(outlet, |session, out| session.update_done(out, message, &[])),
            false => self.say(outlet, |session, out| session.refuse_update(out, message)),
        };
        outlet.tell(match kept {
            Ok(()) => Happening::Apply,
            Err(declined) => Happening::UpdateDeclined(declined.message),
        });
        Ok(())
    }

    /// Time has passed.
    pub(super) fn go_on_updating(
        &mut self,
        now: Duration,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let Some(updating) = &mut self.updating else { return Ok(()) };
        if updating.heard + SILENCE <= now {
            return Err(Ending::Lost(Loss::UpdateStalled));
        }
        let missing = updating.receiver.handle_timeout(now);
        if !missing.is_empty() {
            self.say(outlet, |session, out| session.chunks_missed(out, &missing));
        }
        Ok(())
    }
}

/// Whether updates are taken, and there is room for this one.
fn may_begin(begin: &Begin, outlet: &Outlet) -> Result<(), Declined> {
    let intake = &outlet.intake;
    let Some(updates) = &intake.updates else {
        return Err(Declined::new(Refusal::UNSUPPORTED, "the device takes no firmware updates"));
    };
    if !intake.enabled && !intake.forced {
        return Err(Declined::plain(Refusal::DISABLED));
    }
    if begin.size > updates.room() { Err(Declined::plain(Refusal::SIZE)) } else { Ok(()) }
}

/// Hands a whole file on, to be looked at and kept.
fn keep(file: &[u8], outlet: &mut Outlet) -> Result<(), Declined> {
    let updates = outlet.intake.updates.as_mut().ok_or(Declined::plain(Refusal::NOT_RUNNING))?;
    let start = Start {
        file_size: u32::try_from(file.len()).unwrap_or(u32::MAX),
        sha256: Some(Digest::of(file).0),
        chunk_size: PIECE as u16,
        discard: true,
        function: None,
        statement: &[],
    };
    let stored = updates.begin(&start)?;
    for (place, piece) in file.chunks(PIECE).enumerate() {
        let at = u32::try_from(place * PIECE).unwrap_or(u32::MAX);
        if at >= stored {
            updates.store(at, piece)?;
        }
    }
    updates.finish()
}
