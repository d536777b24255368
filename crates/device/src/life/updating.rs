//! An update of the firmware over the session: start, chunks, finish ([`pintle_protocol::update`]).
//!
//! 1. *Start*: [`Updates`] judges the file; a refusal is in the acknowledgement, else the 2.01 says where to begin.
//! 2. *Chunks* are stored in their order and acknowledged. Meanwhile events are held, and nobody is pinged; five minutes
//!    without a chunk end the session. What cannot be stored is answered to the finish.
//! 3. *Finish*: the file is looked at. Only when the 2.04 is acknowledged is the owner told to start the new image
//!    ([`Happening::Apply`]): the cloud then knows that it has to expect one.
//!
//! What is stored outlives the session: a start of the same file goes on with it.

use super::happening::{Happening, Loss};
use super::link::{Ending, Link, Tag};
use super::outlet::Outlet;
use super::updates::{Declined, LastReset, Updates};
use pintle_protocol::coap::{Code, Kind, Message, Writer};
use pintle_protocol::update::{Chunk, Failure, Finish, FromCloud, Receiver, Refusal, Start};
use pintle_protocol::{Event, from_device, reply};
use std::time::Duration;

/// The cloud's word that updates are to be taken though they are disabled, and the device's echo.
pub(super) const FORCED: &str = "particle/device/updates/forced";

/// Where updates go, whether they are taken, and what is to be told of the last one.
#[derive(Default)]
pub(crate) struct Intake {
    pub(crate) updates: Option<Box<dyn Updates>>,
    pub(crate) enabled: bool,
    /// Until the device starts again.
    pub(crate) forced: bool,
    pub(crate) report: Option<LastReset>,
    /// It was told in this session.
    pub(crate) reported: bool,
}

impl Intake {
    /// Whether updates are taken at all, and are not disabled.
    pub(super) const fn is_enabled(&self) -> bool {
        self.enabled && self.updates.is_some()
    }

    fn begin(&mut self, start: &Start<'_>) -> Result<u32, Declined> {
        match &mut self.updates {
            None => {
                Err(Declined::new(Refusal::UNSUPPORTED, "the device takes no firmware updates"))
            }
            Some(_) if !self.enabled && !self.forced => Err(Declined::plain(Refusal::DISABLED)),
            Some(updates) => updates.begin(start),
        }
    }

    fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Declined> {
        let updates = self.updates.as_mut().ok_or(Declined::plain(Refusal::NOT_RUNNING))?;
        updates.store(offset, bytes)
    }

    fn finish(&mut self) -> Result<(), Declined> {
        let updates = self.updates.as_mut().ok_or(Declined::plain(Refusal::NOT_RUNNING))?;
        updates.finish()
    }

    pub(super) fn cancel(&mut self, forget: bool) {
        if let Some(updates) = &mut self.updates {
            updates.cancel(forget);
        }
    }
}

/// A transfer under way.
pub(super) struct Updating {
    receiver: Receiver,
    /// Why the rest is not stored.
    failed: Option<Declined>,
}

impl Updating {
    /// Whether the cloud is still sending: nobody is pinged then.
    pub(super) const fn is_incomplete(&self) -> bool {
        !self.receiver.is_complete()
    }

    pub(super) fn poll_timeout(&self) -> Duration {
        self.receiver.poll_timeout()
    }
}

impl Link {
    /// Acts on a message of a transfer.
    pub(super) fn update(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        what: &FromCloud<'_>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        match what {
            FromCloud::Chunk(chunk) => self.take_chunk(now, message, chunk, outlet),
            _ if message.kind != Kind::Confirmable => Ok(()),
            FromCloud::Start(start) => self.start_update(now, message, start, outlet),
            FromCloud::Finish(finish) => self.finish_update(now, message, *finish, outlet),
        }
    }

    fn start_update(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        start: &Start<'_>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        self.updating = None;
        let stored = match outlet.intake.begin(start) {
            Ok(stored) => stored,
            Err(declined) => return self.decline_at_once(now, message, &declined, outlet),
        };
        let receiver = Receiver::new(now, start, stored);
        let started = receiver.started();
        self.updating = Some(Box::new(Updating { receiver, failed: None }));
        outlet.tell(Happening::Updating { stored, of: start.file_size });
        self.answer(now, outlet, message.id, |out| reply::ack_empty(out, message.id))?;
        self.confirmable(now, outlet, Tag::Answer, |out, id| started.write(out, id, message.token))
    }

    fn take_chunk(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        chunk: &Chunk<'_>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let Some(updating) = &mut self.updating else {
            let mut reset = Vec::new();
            reply::reset(&mut reset, message.id);
            return self.transmit(&reset, outlet);
        };
        let taken = updating.receiver.take(now, chunk);
        taken.map_err(|_| Ending::GiveUp(Loss::Anomaly))?;
        while let Some((offset, bytes)) = updating.receiver.poll_piece() {
            if updating.failed.is_none() {
                updating.failed = outlet.intake.store(offset, &bytes).err();
            }
        }
        self.acknowledge_chunks(now, outlet)
    }

    /// Says what came, when it is time to.
    fn acknowledge_chunks(&mut self, now: Duration, outlet: &mut Outlet) -> Result<(), Ending> {
        let due = self.updating.as_mut().and_then(|one| one.receiver.poll_acknowledged(now));
        let Some(what) = due else { return Ok(()) };
        let id = self.exchange.next_id();
        let mut message = Vec::new();
        if what.write(&mut message, id).is_err() {
            return Ok(());
        }
        self.transmit(&message, outlet)
    }

    /// Time has passed.
    pub(super) fn go_on_updating(
        &mut self,
        now: Duration,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        if self.updating.as_ref().is_some_and(|updating| updating.receiver.is_over(now)) {
            return Err(Ending::GiveUp(Loss::UpdateStalled));
        }
        self.acknowledge_chunks(now, outlet)
    }

    fn finish_update(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        finish: Finish,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let Some(updating) = self.updating.take() else {
            return self.decline_at_once(
                now,
                message,
                &Declined::plain(Refusal::NOT_RUNNING),
                outlet,
            );
        };
        self.answer(now, outlet, message.id, |out| reply::ack_empty(out, message.id))?;
        let Updating { receiver, failed } = *updating;
        let (tag, result) = if finish.cancel {
            outlet.intake.cancel(finish.discard);
            (Tag::Answer, Ok(()))
        } else {
            (Tag::Staged, outlet.intake.close(&receiver, failed))
        };
        let token = message.token;
        match result {
            Ok(()) => {
                let statistics = receiver.statistics().to_json();
                self.confirmable(now, outlet, tag, |out, id| {
                    let writer = Writer::new(out, Kind::Confirmable, Code::CHANGED, id, token);
                    writer.payload(statistics.as_bytes());
                    Ok(())
                })
            }
            Err(Declined { why, message }) => {
                outlet.tell(Happening::UpdateDeclined(message.clone()));
                self.confirmable(now, outlet, Tag::Answer, |out, id| {
                    Failure::write_with(out, Kind::Confirmable, id, token, why, &message);
                    Ok(())
                })
            }
        }
    }

    fn decline_at_once(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        declined: &Declined,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let (id, token, why) = (message.id, message.token, declined.why);
        outlet.tell(Happening::UpdateDeclined(declined.message.clone()));
        self.answer(now, outlet, id, |out| {
            Failure::write_with(out, Kind::Acknowledgement, id, token, why, &declined.message);
        })
    }

    /// The cloud says whether updates are forced; the device says it back.
    pub(super) fn force(
        &mut self,
        now: Duration,
        event: &Event<'_>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        outlet.intake.forced = event.data == b"true";
        self.state(now, FORCED, outlet.intake.forced, outlet)
    }

    /// Says whether something is so.
    pub(super) fn state(
        &mut self,
        now: Duration,
        name: &str,
        is_so: bool,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let event = Event::text(name, if is_so { "true" } else { "false" });
        self.confirmable(now, outlet, Tag::Status, |out, id| from_device::event(out, id, &event))
    }
}

impl Intake {
    /// The cloud has sent all it wants to.
    fn close(&mut self, receiver: &Receiver, failed: Option<Declined>) -> Result<(), Declined> {
        let incomplete = || Declined::new(Refusal::PROTOCOL, "not all of the file came");
        let failed = failed.or_else(|| (!receiver.is_complete()).then(incomplete));
        match failed {
            None => self.finish(),
            Some(declined) => {
                self.cancel(false);
                Err(declined)
            }
        }
    }
}
