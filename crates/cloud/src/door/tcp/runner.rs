//! The thread that serves the TCP door: waits for its sockets, empties its mailbox, hands blocks to the RSA threads,
//! tells the core the time, and does what the core orders.

use super::orders::Order;
use super::pool::Pool;
use super::shard::TcpShard;
use super::slab::Key;
use super::sockets::{Event, Heard, Sent, Sockets};
use crate::clock::now_ms;
use crate::device::{Bell, Command, Keep, LastWords, Mailbox, Told};
use crate::event::Published;
use pintle_protocol::reply;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

/// How long the thread sleeps at most.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How many commands are dealt with, and how many newcomers let in, before others have their turn.
const MOST_COMMANDS: usize = 1024;
const MOST_NEWCOMERS: usize = 64;

/// How much is read from a connection before others have their turn: it cannot crowd them out by what it sends.
const READ: usize = 4096;

/// How long nobody is let in after the system had no descriptor left.
const PAUSE: Duration = Duration::from_millis(500);

/// The TCP door with its sockets, its threads, its mailbox and the clock.
pub struct Runner {
    /// The connections.
    pub shard: TcpShard,
    /// Their sockets.
    pub sockets: Sockets,
    /// The threads that open blocks.
    pub pool: Pool,
    /// The door's end of its mailbox.
    pub commands: Receiver<Command>,
    /// What rings when there is a command, or a block was opened.
    pub bell: Arc<Bell>,
    /// Every shard's mailbox, by its number; the last is the door's own.
    pub mailboxes: Arc<[Mailbox]>,
    /// When the node started.
    pub started: Instant,
    /// Until when nobody is let in.
    pub paused_until: Duration,
}

impl Runner {
    /// Serves until told to stop.
    pub fn run(mut self) {
        let mut events = Vec::new();
        let mut buffer = vec![0; READ];
        loop {
            if let Some(own) = self.mailboxes.get(self.shard.number()) {
                own.listens(self.shard.has_listeners());
            }
            self.sleep(&mut events);
            self.shard.tell_time(self.started.elapsed(), now_ms());
            for event in &events {
                self.happened(*event, &mut buffer);
            }
            while let Some(finished) = self.pool.finished() {
                self.shard.opened(finished);
            }
            if let Some(done) = self.empty_mailbox() {
                return self.stop(&done);
            }
            self.shard.handle_timeout();
            self.shard.take_turns();
            self.hand_over();
            self.carry_out();
            self.shard.write_down_refused(false);
        }
    }

    fn sleep(&mut self, events: &mut Vec<Event>) {
        let now = self.started.elapsed();
        let is_open = now >= self.paused_until;
        self.sockets.open(is_open && !self.shard.is_busy());
        let alarm = self.shard.poll_timeout().map_or(LONGEST_SLEEP, |at| at.saturating_sub(now));
        let pause = if is_open { LONGEST_SLEEP } else { PAUSE };
        let turn = if self.shard.has_turns() { Duration::ZERO } else { pause };
        let sleep = alarm.min(pause).min(turn);
        // Rounded up, so that the alarm is due when we wake.
        let millis = u16::try_from(sleep.as_micros().div_ceil(1000)).unwrap_or(1000);
        self.sockets.wait(millis, events);
    }

    fn happened(&mut self, event: Event, buffer: &mut [u8]) {
        match event {
            Event::Knock => self.let_in(),
            Event::Bell => {}
            Event::Room(key) => match self.sockets.go_on(key) {
                Sent::Taken => self.shard.is_full(key, false),
                Sent::Waits => {}
                Sent::Choked | Sent::Gone => self.shard.gone(key),
            },
            Event::Heard(key) => match self.sockets.read(key, buffer) {
                Heard::Bytes(count) => {
                    self.shard.heard(key, buffer.get(..count).unwrap_or_default());
                    // What it led to leaves before anybody else is heard; so memory for it stays small.
                    self.hand_over();
                    self.carry_out();
                }
                Heard::Nothing => {}
                Heard::Gone => self.shard.gone(key),
            },
        }
    }

    fn let_in(&mut self) {
        for _ in 0..MOST_NEWCOMERS {
            if self.shard.is_busy() {
                break;
            }
            match self.sockets.accept() {
                Ok(Some((stream, address))) => {
                    let Some(key) = self.shard.arrived(address) else { continue };
                    if let Err(error) = self.sockets.add(key, stream) {
                        tracing::warn!(%error, "a connection over TCP cannot be served");
                        self.shard.gone(key);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "nobody can be let in over TCP just now");
                    self.paused_until = self.started.elapsed() + PAUSE;
                    break;
                }
            }
        }
        self.carry_out();
    }

    /// Does what other threads ask for; whom to tell where it is to stop.
    fn empty_mailbox(&mut self) -> Option<Sender<LastWords>> {
        self.bell.answer();
        for _ in 0..MOST_COMMANDS {
            match self.commands.try_recv() {
                Ok(Command::Stop(done)) => return Some(done),
                Ok(Command::Deliver(event)) => self.deliver(event),
                Ok(command) => self.shard.command(command),
                Err(_) => return None,
            }
            // What one event makes for all who listen leaves before the next.
            if self.shard.orders.is_heavy() {
                self.carry_out();
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

    /// Hands on what others are to do: blocks to the RSA threads, ends and events to the shards on UDP.
    fn hand_over(&mut self) {
        for work in std::mem::take(&mut self.shard.blocks) {
            let (key, from) = (work.key, work.from);
            if !self.pool.put(work) {
                self.shard.not_opened(key, from);
            }
        }
        for old in self.shard.replaced.drain(..) {
            if let Some(mailbox) = self.mailboxes.get(usize::from(old.shard)) {
                mailbox.put(Command::Replaced(old.session));
            }
        }
        let home = self.shard.number();
        for (event, wanted, key, acknowledge) in self.shard.kept.drain(..) {
            if let Some(mailbox) = self.mailboxes.first() {
                let mut reply = Vec::new();
                acknowledge.into_iter().for_each(|id| reply::ack_empty(&mut reply, id));
                let told = Told::Door { home, session: key.session(), reply };
                let keep = Keep { event, wanted, told };
                mailbox.put(Command::Keep(Box::new(keep)));
            }
        }
    }

    /// Does what the core ordered, and what it orders because of how that went.
    fn carry_out(&mut self) {
        while !self.shard.orders.is_empty() {
            let (list, bytes) = self.shard.orders.take();
            for order in &list {
                match order {
                    Order::Send(key, range) => {
                        self.send(*key, bytes.get(range.clone()).unwrap_or_default());
                    }
                    Order::Listen(key, listens) => self.sockets.listen(*key, *listens),
                    Order::Close(key) => self.sockets.close(*key),
                }
            }
            self.shard.orders.put_back(list, bytes);
        }
    }

    fn send(&mut self, key: Key, bytes: &[u8]) {
        match self.sockets.send(key, bytes) {
            Sent::Taken => {}
            Sent::Waits => self.shard.is_full(key, true),
            Sent::Choked => self.shard.choked(key),
            Sent::Gone => self.shard.gone(key),
        }
    }

    /// Closes every connection. Nothing of a session outlives it.
    fn stop(mut self, done: &Sender<LastWords>) {
        let connections = self.shard.close_all();
        self.carry_out();
        self.shard.write_down_refused(true);
        tracing::info!(connections, "closed the door on TCP");
        // Nobody waiting for them is no failure of ours.
        let _ = done.send(LastWords::default());
    }
}
