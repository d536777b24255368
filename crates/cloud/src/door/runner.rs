//! The thread that serves a shard: reads its socket in batches, empties its mailbox, tells it the time,
//! and sends what it has to say.
//!
//! Other threads never call a shard: they write to its mailbox and ring its bell.

use super::budget::Budget;
use super::gathering::Gathering;
use super::shard::Shard;
use super::socket::{BATCH, BatchSocket, Route};
use crate::clock::now_ms;
use crate::device::{Bell, Command, LastWords, Mailbox};
use crate::event::Published;
use crate::journal::ScribeThread;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

/// How long the thread sleeps at most.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How long the last words may take to be durable.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(20);

/// How many commands are dealt with between two batches of datagrams.
const MOST_COMMANDS: usize = 1024;

/// A shard with its socket, its mailbox and the clock.
pub struct Runner {
    /// The sessions.
    pub shard: Shard,
    /// Where datagrams come in and go out.
    pub socket: BatchSocket,
    /// The shard's end of its mailbox.
    pub commands: Receiver<Command>,
    /// What rings when there is a command.
    pub bell: Arc<Bell>,
    /// Every shard's mailbox, by its number, and those of other doors.
    pub mailboxes: Arc<[Mailbox]>,
    /// What writes each of the shard's journals, in their order.
    pub scribes: Vec<ScribeThread>,
    /// How much of the time handshakes get.
    pub budget: Budget,
    /// When the node started.
    pub started: Instant,
    /// Whether the socket may hold more than was read, and since when it did so without the disk getting any.
    pub gathering: Gathering,
}

impl Runner {
    /// Serves until told to stop, then writes the last words.
    pub fn run(mut self) {
        let mut received = Vec::with_capacity(BATCH);
        let mut datagram = Vec::new();
        loop {
            if let Some(own) = self.mailboxes.get(self.shard.number()) {
                own.listens(self.shard.has_listeners());
            }
            self.sleep();
            self.shard.tell_time(self.started.elapsed(), now_ms());
            if let Err(error) = self.socket.receive(&mut received) {
                tracing::error!(%error, "the UDP socket failed; trying again");
            }
            self.gathering.read(received.len(), self.started.elapsed());
            for (index, (route, length)) in received.iter().enumerate() {
                self.socket.datagram(index, *length, &mut datagram);
                self.shard.datagram(*route, &mut datagram);
            }
            self.hand_over();
            if let Some(done) = self.empty_mailbox() {
                return self.stop(&done);
            }
            self.shard.handle_timeout();
            self.keep();
            self.shake();
            self.tell_others();
            self.keep();
            self.socket.send(&mut self.shard.outbound);
        }
    }

    /// Gives handshakes their turn. What others are waiting for leaves first.
    fn shake(&mut self) {
        let busy = std::mem::take(&mut self.shard.busy);
        let began = self.started.elapsed();
        let turn = self.budget.turn(began, busy);
        if !self.shard.shakes_wait() {
            return;
        }
        self.socket.send(&mut self.shard.outbound);
        let mut spent = Duration::ZERO;
        while spent < turn && self.shard.shakes_wait() {
            self.shard.shake_next();
            spent = self.started.elapsed().saturating_sub(began);
        }
        self.budget.spent(spent);
    }

    /// Waits for a datagram, a command or an alarm.
    fn sleep(&self) {
        let now = self.started.elapsed();
        let longest = if self.gathering.is_under_way() { Duration::ZERO } else { LONGEST_SLEEP };
        let sleep = self.shard.poll_timeout().saturating_sub(now).min(longest);
        // Rounded up, so that the alarm is due when we wake.
        let millis = u16::try_from(sleep.as_micros().div_ceil(1000)).unwrap_or(1000);
        let mut fds = [
            PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.bell.as_fd(), PollFlags::POLLIN),
        ];
        // An interrupted sleep is a short one.
        let _ = poll(&mut fds, PollTimeout::from(millis));
    }

    /// Does what other threads ask for; whom to tell where it is to stop.
    fn empty_mailbox(&mut self) -> Option<Sender<LastWords>> {
        self.bell.answer();
        for _ in 0..MOST_COMMANDS {
            match self.commands.try_recv() {
                Ok(Command::Stop(done)) => return Some(done),
                Ok(Command::Datagrams(datagrams)) => self.take_over(datagrams),
                Ok(Command::Deliver(event)) => self.deliver(event),
                Ok(command) => self.shard.command(command),
                Err(_) => return None,
            }
            if self.shard.outbound.is_batch() {
                self.socket.send(&mut self.shard.outbound);
            }
        }
        // Devices want to be heard too: the rest comes right after them.
        self.bell.ring();
        None
    }

    fn deliver(&mut self, event: Arc<Published>) {
        if let Some(own) = self.mailboxes.get(self.shard.number()) {
            own.delivered();
        }
        self.shard.command(Command::Deliver(event));
    }

    /// Sends what belongs to other shards on its way.
    fn hand_over(&mut self) {
        for (mailbox, astray) in self.mailboxes.iter().zip(&mut self.shard.astray) {
            if !astray.is_empty() && !mailbox.hand_over(std::mem::take(astray)) {
                tracing::debug!("another shard does not keep up; datagrams for it are lost");
            }
        }
    }

    /// Tells other shards which of their sessions were replaced here, and which of their events are durable. One that is
    /// no more needs no telling.
    fn tell_others(&mut self) {
        for (home, session, reply) in self.shard.kept.drain(..) {
            if let Some(mailbox) = self.mailboxes.get(home) {
                mailbox.put(Command::Stored(session, reply));
            }
        }
        for old in self.shard.replaced.drain(..) {
            if let Some(mailbox) = self.mailboxes.get(usize::from(old.shard)) {
                mailbox.put(Command::Replaced(old.session));
            }
        }
    }

    fn take_over(&mut self, datagrams: Vec<(Route, Vec<u8>)>) {
        if let Some(own) = self.mailboxes.get(self.shard.number()) {
            own.dealt_with(datagrams.len());
        }
        for (route, mut datagram) in datagrams {
            self.shard.datagram(route, &mut datagram);
        }
    }

    /// Does what the disk has made durable, and gives it what is to be next.
    fn keep(&mut self) {
        let now = self.started.elapsed();
        let over = self.gathering.is_over(now);
        for (index, scribe) in self.scribes.iter().enumerate() {
            while let Some(report) = scribe.report() {
                self.shard.reported(index, report);
            }
            while self.shard.release(index) {
                if self.shard.outbound.is_batch() {
                    self.socket.send(&mut self.shard.outbound);
                }
            }
            if over && let Some(frame) = self.shard.take_frame(index) {
                self.gathering.begin_anew(now);
                if !scribe.write(frame) {
                    tracing::error!("a journal's thread is gone: nothing more can be kept");
                }
            }
        }
    }

    /// Writes the last words. Where the disk does not take them in time, the next start finds a crash, and
    /// asks every device whether it is there.
    fn stop(mut self, done: &Sender<LastWords>) {
        let deadline = Instant::now() + LAST_WORDS_WITHIN;
        self.gathering = Gathering::default();
        // What still waits may ask for more to be written: nothing may follow the last words.
        let mut settled = self.settle(deadline);
        let mut words = self.shard.write_last_words();
        settled &= self.settle(deadline);
        if !settled {
            tracing::error!(
                "the journal could not be ended, for the disk does not keep up; devices will be asked whether they are there"
            );
            words = LastWords::default();
        }
        self.socket.send(&mut self.shard.outbound);
        drop(self.scribes);
        // Nobody waiting for them is no failure of ours.
        let _ = done.send(words);
    }

    /// Waits until all that was said is durable; false where it is not by `deadline`.
    fn settle(&mut self, deadline: Instant) -> bool {
        self.keep();
        while !self.shard.is_settled() {
            if Instant::now() > deadline {
                return false;
            }
            self.await_scribes();
            self.keep();
        }
        true
    }

    fn await_scribes(&self) {
        self.bell.answer();
        let mut fds = [PollFd::new(self.bell.as_fd(), PollFlags::POLLIN)];
        // The bell may have rung before it was read: a short sleep then.
        let _ = poll(&mut fds, PollTimeout::from(10u8));
    }
}
