//! An update of a device over TCP, as its life drives it: [`pintle_protocol::tcp::update::Sender`] says what is next, the
//! session writes it, and the door says when the connection takes more.
//!
//! ```text
//!             nothing else is under way          the device has all
//!   Waiting ---------------------------> Sending ------------------> done
//!                                           +--- a refusal: done; the session goes on
//!                                           +--- silence, a lie, a cancel: done; the session ends
//! ```
//!
//! A device has no room for anything else meanwhile: questions are refused, and events pass it by. Nothing tells it that
//! an update is broken off but the end of its session; so where one fails after its beginning, that is what it gets. It
//! then begins anew.

use super::{Fault, Scene, TcpLife, TcpVerdict, acknowledge};
use crate::device::ending::End;
use crate::device::update::{Order, Seat, Transferred, UpdateError};
use crate::device::world::World;
use crate::store::device::put_took;
use pintle_protocol::coap::Code;
use pintle_protocol::tcp::Anomaly;
use pintle_protocol::tcp::server::Received;
use pintle_protocol::tcp::update::{Failed, Heard, Say, Sender};
use pintle_protocol::update::{Failure, Refusal};
use std::time::Duration;

/// How long an update waits until the device was told and asked all that is under way.
const FREE_WITHIN: Duration = Duration::from_secs(30);

enum Stage {
    Waiting { until: Duration },
    Sending(Sender),
}

/// The one update of a device. All its memory but that of the file.
pub(super) struct Updating {
    order: Order,
    stage: Stage,
    /// Whether there may be something to say, whether the turn to say it is awaited, and whether the connection takes
    /// nothing now.
    more: bool,
    queued: bool,
    full: bool,
    /// The first chunk after all that were sent, in bytes of the file.
    reached: u32,
    result: Transferred,
    _seat: Seat,
}

impl Updating {
    fn poll_timeout(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Waiting { until } => Some(*until),
            Stage::Sending(sender) => sender.poll_timeout(),
        }
    }

    fn note(&mut self, say: &Say) {
        if let Say::Chunk { bytes, .. } = say {
            self.result.sent += 1;
            self.result.again += u64::from(bytes.start < self.reached);
            self.reached = self.reached.max(bytes.end);
        }
    }
}

impl TcpLife {
    /// Begins to send the device an update, as soon as nothing else is under way with it.
    pub fn update(
        &mut self,
        world: &World,
        scene: &mut Scene<'_>,
        seat: Option<Seat>,
        order: Order,
    ) {
        let Some(seat) = seat.filter(|_| self.updating.is_none()) else {
            return order.end(Err(UpdateError::Busy));
        };
        self.updating = Some(Box::new(Updating {
            order,
            stage: Stage::Waiting { until: world.now + FREE_WITHIN },
            more: false,
            queued: false,
            full: false,
            reached: 0,
            result: Transferred::default(),
            _seat: seat,
        }));
        self.begin_update_when_free(world, scene);
    }

    /// Begins the update that waits, if nothing else is under way.
    pub(super) fn begin_update_when_free(&mut self, world: &World, scene: &Scene<'_>) {
        let is_free = self.questions.is_empty() && self.describing.is_done();
        let Some(updating) = self.updating.as_deref_mut().filter(|_| is_free) else { return };
        let (Stage::Waiting { .. }, Some(limits)) = (&updating.stage, scene.session.limits())
        else {
            return;
        };
        match Sender::new(world.now, updating.order.length(), &limits) {
            Ok(sender) => (updating.stage, updating.more) = (Stage::Sending(sender), true),
            Err(_) => self.end_update(Err(UpdateError::Impossible)),
        }
    }

    /// Takes what a message means for the update; `None` where it is about something else.
    pub(super) fn hear_of_update(
        &mut self,
        world: &World,
        scene: &mut Scene<'_>,
        received: &Received<'_>,
    ) -> Option<TcpVerdict> {
        let updating = self.updating.as_deref_mut()?;
        let Stage::Sending(sender) = &mut updating.stage else { return None };
        let had_begun = sender.has_begun();
        let heard = sender.hear(world.now, received);
        let has_begun = sender.has_begun();
        match heard {
            Ok(Heard::Nothing) => return None,
            Ok(Heard::GoesOn) => {
                updating.more = true;
                if has_begun && !had_begun {
                    updating.order.begin(0);
                }
                updating.order.stored(sender.sent());
            }
            Ok(Heard::Done) => {
                let (result, sha256) = (updating.result, updating.order.offer.sha256);
                // Queued before any Hello that comes after it.
                world.enqueue(put_took(scene.who.device, &sha256, world.wall_ms));
                self.end_update(Ok(result));
            }
            Err(failed) => {
                self.end_update(Err(reason(failed)));
                if has_begun {
                    return Some(TcpVerdict::End(end_for(failed)));
                }
            }
        }
        match super::verdict(acknowledge(scene, &received.message)) {
            // Whoever asked may be gone by the time the device is ready.
            TcpVerdict::Keep => Some(self.cancel_update()),
            end => Some(end),
        }
    }

    /// Whether an update is being sent: nothing else is said then.
    pub(super) fn is_updating(&self) -> bool {
        let stage = self.updating.as_deref().map(|updating| &updating.stage);
        matches!(stage, Some(Stage::Sending(_)))
    }

    /// Says so many messages of the update at most.
    pub fn take_turn(&mut self, world: &World, scene: &mut Scene<'_>, most: usize) -> TcpVerdict {
        for _ in 0..most {
            let ready = |updating: &&mut Updating| !updating.full;
            let Some(updating) = self.updating.as_deref_mut().filter(ready) else { break };
            let Stage::Sending(sender) = &mut updating.stage else { break };
            let Some(say) = sender.poll_say(world.now) else {
                updating.more = false;
                break;
            };
            updating.note(&say);
            let Some(message) = say.message(&updating.order.offer.file) else { break };
            if let Err(error) = scene.session.update(&mut scene.effects.frames, &message) {
                self.end_update(Err(UpdateError::Impossible));
                return super::verdict(Err(Fault::from(error)));
            }
        }
        TcpVerdict::Keep
    }

    /// Whether the update asks for a turn to send; not again before it had that.
    pub fn asks_for_turn(&mut self) -> bool {
        let ready = |updating: &&mut Updating| updating.more && !updating.queued && !updating.full;
        let updating = self.updating.as_deref_mut().filter(ready);
        updating.is_some_and(|updating| !std::mem::replace(&mut updating.queued, true))
    }

    /// The turn to send is over, or passes unused.
    pub fn had_turn(&mut self) {
        if let Some(updating) = &mut self.updating {
            updating.queued = false;
        }
    }

    /// Says whether the connection takes nothing more for now.
    pub fn set_full(&mut self, full: bool) {
        if let Some(updating) = &mut self.updating {
            updating.full = full;
        }
    }

    /// Looks whether somebody broke the update off. A device hears of that by the end of its session.
    pub fn cancel_update(&mut self) -> TcpVerdict {
        let cancelled = |updating: &&Updating| updating.order.is_cancelled();
        let Some(updating) = self.updating.as_deref().filter(cancelled) else {
            return TcpVerdict::Keep;
        };
        let verdict = match &updating.stage {
            Stage::Waiting { .. } => TcpVerdict::Keep,
            // The device has it all, or is about to say so.
            Stage::Sending(sender) if sender.is_finishing() => return TcpVerdict::Keep,
            Stage::Sending(_) => TcpVerdict::End(End::Cancelled),
        };
        self.end_update(Err(UpdateError::Cancelled));
        verdict
    }

    /// The session has ended.
    pub fn session_ended(&mut self) {
        let Some(updating) = self.updating.take() else { return };
        let Updating { order, stage, result, .. } = *updating;
        // Old firmware may restart as soon as it said by itself that it has all.
        let has_all = matches!(&stage, Stage::Sending(sender) if sender.device_has_all());
        order.end(if has_all { Ok(result) } else { Err(UpdateError::Ended) });
    }

    fn end_update(&mut self, result: Result<Transferred, UpdateError>) {
        if let Some(updating) = self.updating.take() {
            updating.order.end(result);
        }
    }

    /// What time does to the update.
    pub(super) fn update_timeout(&mut self, now: Duration) -> TcpVerdict {
        let Some(updating) = self.updating.as_deref_mut() else { return TcpVerdict::Keep };
        match &mut updating.stage {
            Stage::Waiting { until } if *until <= now => self.end_update(Err(UpdateError::Busy)),
            Stage::Waiting { .. } => {}
            Stage::Sending(sender) => {
                if let Err(failed) = sender.handle_timeout(now) {
                    self.end_update(Err(reason(failed)));
                    return TcpVerdict::End(end_for(failed));
                }
            }
        }
        TcpVerdict::Keep
    }

    /// Until when the update has the device's silence excused.
    pub fn update_due(&self) -> Option<Duration> {
        self.updating.as_deref().and_then(Updating::poll_timeout)
    }
}

/// How whoever asked for it hears of it.
fn reason(failed: Failed) -> UpdateError {
    let refused = |code, why| UpdateError::Refused(Failure { code, why, message: String::new() });
    match failed {
        Failed::Refused(code) => refused(code, None),
        Failed::Damaged => refused(Code::BAD_REQUEST, Some(Refusal::INTEGRITY)),
        Failed::Lied => UpdateError::Lied,
        _ => UpdateError::Silent,
    }
}

/// How the session of a device ends that waits for the rest of an update.
fn end_for(failed: Failed) -> End {
    match failed {
        Failed::Silent => End::Silent,
        Failed::Refused(_) => End::Cancelled,
        _ => End::Anomaly(Anomaly::Contents(pintle_protocol::Error::Update)),
    }
}
