//! An update as its device's life drives it: start, chunks, finish, or a cancel.
//!
//! ```text
//!             2.01                 all there             2.04
//!   Starting ------> Sending(Sender) ------> Finishing ------> done
//!      ^                | a reset                |
//!      +----- Lost <----+                        +--- a refusal, silence, a lie: done, with an error
//! ```
//!
//! A device that has lost the transfer (it restarted, or dropped the connection and resumed the session) resets the
//! chunks that come to it: the start is said again, and it says how much of the file it has. An acknowledgement of what
//! was never sent ends the session (promise P2).

use super::seats::Seat;
use super::{ChunkSize, Offer, Order, Transferred, UpdateError};
use crate::device::ending::End;
use crate::device::life::{Life, Sent, Verdict, Who};
use crate::device::outgoing::Outgoing;
use crate::device::world::World;
use crate::store::device::put_took;
use pintle_protocol::coap::{Code, Kind, Message, MessageId, RequestToken};
use pintle_protocol::reply;
use pintle_protocol::update::{
    Acknowledged, Chunk, Failure, Finish, Refusal, Sender, Start, Started, Statistics, window_of,
};
use std::time::Duration;

/// How long a device may take to make room for a file, with all repetitions.
const START_WITHIN: Duration = Duration::from_secs(60);

/// How long a device may take to check a file that it has whole.
const FINISH_WITHIN: Duration = Duration::from_secs(90);

/// Without an acknowledgement for so long the device is gone.
const SILENCE: Duration = Duration::from_secs(240);

/// How long after a reset the start is said again: chunks of before have arrived by then, and are not taken for others.
const START_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Of so many messages at most, the newest, a reset counts.
const RECENT: u16 = 1 << 14;

/// How often an update is begun, at most.
const MOST_STARTS: u8 = 5;

/// Which of the confirmable messages of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::device) enum Step {
    Start,
    Finish,
    Cancel,
}

#[expect(
    clippy::large_enum_variant,
    reason = "it lies in one box, and is nearly always the large one"
)]
enum Stage {
    /// The start is to be answered; under this token.
    Starting(RequestToken),
    Sending(Sender),
    /// The device knows of no transfer; at this time the start is said again.
    Lost(Duration),
    Finishing,
    Cancelling,
}

/// The one update of a device. All its memory but that of the file.
pub(in crate::device) struct Underway {
    order: Order,
    chunk: u16,
    stage: Stage,
    starts: u8,
    /// Whether a chunk may be ready to be sent, and whether its turn to send is awaited.
    more: bool,
    queued: bool,
    /// The message id of the first chunk since the start, as far back as is looked.
    first: MessageId,
    /// That of the newest acknowledgement, or of the answer to the start.
    newest: Option<MessageId>,
    heard: Duration,
    result: Transferred,
    _seat: Seat,
}

/// Whether `id` was given after `other`, in numbers that count up and wrap.
const fn is_after(id: MessageId, other: MessageId) -> bool {
    let ahead = id.0.wrapping_sub(other.0);
    ahead != 0 && ahead < 1 << 15
}

impl Underway {
    fn start(&self) -> Start<'_> {
        let Offer { sha256, function, statement, .. } = &self.order.offer;
        Start {
            file_size: self.order.length(),
            sha256: Some(*sha256),
            chunk_size: self.chunk,
            discard: false,
            function: *function,
            statement,
        }
    }

    /// What the device asks for in its answer to the start; none where it cannot be.
    fn begin(&mut self, now: Duration, message: &Message<'_>) -> Option<()> {
        let started = Started::read(message).ok()?;
        let window = started.window.min(window_of(self.chunk));
        let sender = Sender::new(now, &self.start(), Started { window, ..started })?;
        self.order.begin(started.offset);
        self.result.resumed_from = started.offset;
        self.newest = (message.kind == Kind::Confirmable).then_some(message.id);
        (self.stage, self.heard, self.more) = (Stage::Sending(sender), now, true);
        Some(())
    }

    /// When its time is over.
    fn poll_timeout(&self) -> Option<Duration> {
        let gone = self.heard + SILENCE;
        match &self.stage {
            Stage::Sending(sender) => Some(sender.poll_timeout().map_or(gone, |at| at.min(gone))),
            Stage::Lost(until) => Some(*until),
            Stage::Starting(_) | Stage::Finishing | Stage::Cancelling => None,
        }
    }
}

impl Life {
    /// Begins to send the device an update, in chunks of a size that it takes.
    pub fn update(
        &mut self,
        world: &World,
        chunk: ChunkSize,
        seat: Option<Seat>,
        order: Order,
        out: &mut Outgoing,
    ) {
        let Some(chunk) = chunk.bytes() else { return order.end(Err(UpdateError::Unsupported)) };
        let Some(seat) = seat.filter(|_| self.update.is_none()) else {
            return order.end(Err(UpdateError::Busy));
        };
        let update = Underway {
            order,
            chunk,
            stage: Stage::Cancelling,
            starts: 0,
            more: false,
            queued: false,
            first: MessageId(0),
            newest: None,
            heard: world.now,
            result: Transferred::default(),
            _seat: seat,
        };
        self.update = Some(Box::new(update));
        self.start_update(world, out);
    }

    /// Whether an update is under way.
    pub const fn is_updating(&self) -> bool {
        self.update.is_some()
    }

    fn start_update(&mut self, world: &World, out: &mut Outgoing) {
        let Some(update) = &mut self.update else { return };
        let (id, token) = (self.exchange.next_id(), self.exchange.next_token());
        update.stage = Stage::Starting(token);
        update.starts += 1;
        update.more = false;
        let mut request = Vec::new();
        if update.start().write(&mut request, id, token).is_err() {
            return self.end_update(Err(UpdateError::Impossible));
        }
        self.ask_for(world, (id, token), request, Step::Start, START_WITHIN, out);
    }

    fn finish_update(&mut self, world: &World, finish: Finish, out: &mut Outgoing) {
        let Some(update) = &mut self.update else { return };
        let (id, token) = (self.exchange.next_id(), self.exchange.next_token());
        let step = if finish.cancel { Step::Cancel } else { Step::Finish };
        update.stage = if finish.cancel { Stage::Cancelling } else { Stage::Finishing };
        update.more = false;
        let mut request = Vec::new();
        if finish.write(&mut request, id, token).is_ok() {
            self.ask_for(world, (id, token), request, step, FINISH_WITHIN, out);
        }
    }

    fn ask_for(
        &mut self,
        world: &World,
        (id, token): (MessageId, RequestToken),
        request: Vec<u8>,
        step: Step,
        within: Duration,
        out: &mut Outgoing,
    ) {
        let (copy, deadline) = (request.clone(), world.now + within);
        let (jitter, sent) = (world.random(), Sent::Update(step));
        match self.exchange.request(world.now, jitter, id, token, request, deadline, sent) {
            Ok(()) => out.push(&copy),
            Err(_) => self.end_update(Err(UpdateError::Busy)),
        }
    }

    fn end_update(&mut self, result: Result<Transferred, UpdateError>) {
        if let Some(update) = self.update.take() {
            update.order.end(result);
        }
    }

    /// Looks whether somebody broke the update off. When the device has the whole file, that is too late.
    pub fn cancel_update(&mut self, world: &World, out: &mut Outgoing) {
        let Some(update) = self.update.as_deref().filter(|update| update.order.is_cancelled())
        else {
            return;
        };
        match update.stage {
            Stage::Starting(token) => drop(self.exchange.cancel(token)),
            Stage::Sending(_) | Stage::Lost(_) => {}
            Stage::Finishing | Stage::Cancelling => return,
        }
        self.finish_update(world, Finish { cancel: true, discard: false }, out);
    }

    /// The device answered a start, a finish or a cancel.
    pub(in crate::device) fn update_answered(
        &mut self,
        world: &World,
        step: Step,
        answer: &Message<'_>,
        out: &mut Outgoing,
    ) -> Verdict {
        let Some(update) = &mut self.update else { return Verdict::Keep };
        match step {
            Step::Cancel => self.end_update(Err(UpdateError::Cancelled)),
            Step::Start if answer.code == Code::CREATED => {
                update.first = MessageId(self.exchange.last_id().0.wrapping_add(1));
                if update.begin(world.now, answer).is_none() {
                    self.end_update(Err(UpdateError::Lied));
                    return Verdict::End(End::Lied);
                }
                self.cancel_update(world, out);
                self.finish_if_all_there(world, out);
            }
            Step::Finish if answer.code.is_success() => {
                update.result.statistics = Statistics::read(answer.payload());
                let result = update.result;
                self.end_update(Ok(result));
            }
            Step::Start | Step::Finish => {
                let failure = Failure::read(answer.code, answer.payload());
                self.end_update(Err(UpdateError::Refused(failure)));
            }
        }
        Verdict::Keep
    }

    /// The device has the whole file and applies it when its answer is acknowledged: that waits until it is written down
    /// that it has it, so that a device that falls back is known to have had it (promise P8).
    pub(in crate::device) fn note_taken(&mut self, world: &World, who: Who, message: &Message<'_>) {
        let Some(update) = &self.update else { return };
        let mut reply = Vec::new();
        if message.kind == Kind::Confirmable {
            reply::ack_empty(&mut reply, message.id);
        }
        let taken = put_took(who.device, &update.order.offer.sha256, world.wall_ms);
        world.store_then_acknowledge(taken, who.session, reply);
    }

    /// The device has no use for a start, a finish or a cancel, or has not answered it.
    pub(in crate::device) fn update_given_up(&mut self, step: Step) {
        self.end_update(Err(match step {
            Step::Cancel => UpdateError::Cancelled,
            Step::Start | Step::Finish => UpdateError::Silent,
        }));
    }

    /// The device says what came.
    pub(in crate::device) fn chunks_came(
        &mut self,
        world: &World,
        id: MessageId,
        what: &Acknowledged,
        out: &mut Outgoing,
    ) -> Verdict {
        let Some(update) = &mut self.update else { return Verdict::Keep };
        let Stage::Sending(sender) = &mut update.stage else { return Verdict::Keep };
        // One from before says nothing, and if it is of an earlier start it would say what is not so.
        if update.newest.is_some_and(|newest| !is_after(id, newest)) {
            return Verdict::Keep;
        }
        if sender.acknowledged(world.now, what).is_err() {
            self.end_update(Err(UpdateError::Lied));
            return Verdict::End(End::Lied);
        }
        (update.newest, update.heard, update.more) = (Some(id), world.now, true);
        update.order.stored(sender.arrived());
        self.finish_if_all_there(world, out);
        Verdict::Keep
    }

    fn finish_if_all_there(&mut self, world: &World, out: &mut Outgoing) {
        let stage = self.update.as_deref().map(|update| &update.stage);
        if matches!(stage, Some(Stage::Sending(sender)) if sender.is_complete()) {
            self.finish_update(world, Finish::default(), out);
        }
    }

    /// The device reset the message `id`. Where that was a chunk it knows of no transfer: begins again.
    pub(in crate::device) fn chunk_was_reset(&mut self, now: Duration, id: MessageId) {
        let last = self.exchange.last_id();
        let Some(update) = &mut self.update else { return };
        let is_of_now = !is_after(update.first, id) && !is_after(id, last);
        if !matches!(update.stage, Stage::Sending(_)) || !is_of_now {
            return;
        }
        if update.starts < MOST_STARTS {
            (update.stage, update.more) = (Stage::Lost(now + START_AGAIN_AFTER), false);
            return;
        }
        let why = Some(Refusal::NOT_RUNNING);
        let failure = Failure { code: Code::EMPTY, why, message: String::new() };
        self.end_update(Err(UpdateError::Refused(failure)));
    }

    /// Whether chunks wait for a turn that was not asked for yet.
    pub fn asks_for_turn(&mut self) -> bool {
        let update = self.update.as_deref_mut().filter(|update| update.more && !update.queued);
        update.is_some_and(|update| !std::mem::replace(&mut update.queued, true))
    }

    /// The turn to send chunks is over, or passes unused.
    pub fn had_turn(&mut self) {
        if let Some(update) = &mut self.update {
            update.queued = false;
        }
    }

    /// Sends so many chunks at most; how many.
    pub fn send_chunks(&mut self, world: &World, most: usize, out: &mut Outgoing) -> usize {
        let Some(update) = &mut self.update else { return 0 };
        let Stage::Sending(sender) = &mut update.stage else { return 0 };
        for sent in 0..most {
            let Some(next) = sender.poll_chunk(world.now) else {
                update.more = false;
                return sent;
            };
            let id = self.exchange.next_id();
            if id.0.wrapping_sub(update.first.0) > RECENT {
                update.first = MessageId(id.0.wrapping_sub(RECENT));
            }
            let bytes = next.bytes.start as usize..next.bytes.end as usize;
            let data = update.order.offer.file.get(bytes).unwrap_or_default();
            // A chunk always fits.
            let _ = out.write(|out| Chunk { index: next.index, data }.write(out, id));
            update.result.sent += 1;
            update.result.again += u64::from(next.again);
        }
        most
    }

    /// What time does to the update: chunks that were not acknowledged are lost, and a silent device is gone.
    pub(in crate::device) fn update_timeout(&mut self, world: &World, out: &mut Outgoing) {
        let now = world.now;
        let Some(update) = &mut self.update else { return };
        if update.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        let Stage::Sending(sender) = &mut update.stage else {
            return self.start_update(world, out);
        };
        update.more = true;
        if !sender.handle_timeout(now) || now >= update.heard + SILENCE {
            self.end_update(Err(UpdateError::Silent));
        }
    }

    pub(in crate::device) fn update_due(&self) -> Option<Duration> {
        self.update.as_deref().and_then(Underway::poll_timeout)
    }
}
