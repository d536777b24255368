//! The one loop of a fleet: what came, what is due, what is to be offered, and then to sleep.
//!
//! One thread does it all, and times are taken from one clock: since the start of the run, in milliseconds where
//! precision does not matter.

use super::course::Course;
use super::crypto::FleetCrypto;
use super::device::Device;
use super::flow::Flow;
use super::keys::Keys;
use super::network::Network;
use super::offering::Offering;
use super::pending::Pendings;
use super::plan::Plan;
use super::random::Random;
use super::report::Marks;
use super::shaking::Shakings;
use super::socket::{BATCH, Inbox};
use super::speech::Phrases;
use super::tally::{Progress, Stage, Tally};
use super::updating::Updating;
use super::wheel::Wheel;
use crate::error::Error;
use crate::stop::Stop;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pintle_dtls::PublicKey;
use std::collections::{HashMap, VecDeque};
use std::os::fd::AsFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many ports a fleet uses where its devices change theirs, and where they seldom do.
const PORTS: u8 = 8;
const FEW_PORTS: u8 = 2;
/// How many batches are read from one socket before the others have their turn.
const ROUNDS: usize = 8;
/// How long to sleep at most, in milliseconds, when there is much to do and when there is little.
const NAP: u8 = 1;
const SLEEP: u8 = 8;

/// Is told what happens.
pub trait Observer {
    /// How far the fleet has come; a few times a second.
    fn progress(&mut self, progress: &Progress);

    /// The node acknowledged the event with this count of this device.
    fn acknowledged(&mut self, device: u32, count: u32) {
        let _ = (device, count);
    }
}

/// A running fleet.
pub(super) struct Engine<'a> {
    pub(super) plan: &'a Plan,
    pub(super) cloud: PublicKey,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) keys: Keys,
    pub(super) crypto: FleetCrypto,
    pub(super) phrases: Phrases,
    pub(super) devices: Vec<Device>,
    pub(super) pendings: Pendings,
    pub(super) shakings: Shakings,
    pub(super) wheel: Wheel,
    pub(super) network: Network,
    pub(super) random: Random,
    pub(super) flow: Flow,
    pub(super) tally: Tally,
    pub(super) offering: Offering,
    pub(super) updating: Updating,
    /// Devices that are to shake hands again.
    pub(super) waiting: VecDeque<u32>,
    /// Devices on their way in, and since when.
    pub(super) entering: HashMap<u32, Duration>,
    pub(super) course: Course,
    pub(super) now: Duration,
    /// Scratch: a message, and a record with it.
    pub(super) plain: Vec<u8>,
    pub(super) sealed: Vec<u8>,
    /// The sockets that something came on, a bit each.
    readable: u32,
    started: Instant,
    pub(super) marks: Marks,
}

impl<'a> Engine<'a> {
    /// A fleet on UDP, of devices that have `cloud` pinned.
    pub(super) fn new(
        plan: &'a Plan,
        cloud: PublicKey,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, Error> {
        let marks = Marks::at_start();
        let ports = if plan.nat_rebind.is_some() { PORTS } else { FEW_PORTS };
        let network = Network::open(plan.target, ports, plan.weather, plan.seed)
            .map_err(Error::system("open the fleet's sockets"))?;
        let devices = (0..plan.devices).map(|_| Device::new(0)).collect();
        Ok(Self {
            plan,
            cloud,
            observer,
            keys: Keys::new(plan.seed),
            crypto: FleetCrypto::new(plan.lean),
            phrases: Phrases::new(plan.payload, plan.confirmable, plan.product),
            devices,
            pendings: Pendings::default(),
            shakings: Shakings::default(),
            wheel: Wheel::new(),
            network,
            random: Random::new(!plan.seed),
            flow: Flow::default(),
            tally: Tally::new(),
            offering: Offering::default(),
            updating: Updating::default(),
            waiting: VecDeque::new(),
            entering: HashMap::new(),
            course: Course::new(),
            now: Duration::ZERO,
            plain: Vec::new(),
            sealed: Vec::new(),
            readable: 0,
            started: Instant::now(),
            marks,
        })
    }

    /// Runs to the end.
    pub(super) fn run(&mut self, stop: &Stop) -> Result<(), Error> {
        let mut inbox = Inbox::new();
        while !self.is_over() {
            self.tell_time();
            self.receive(&mut inbox)?;
            self.tell_time();
            while let Some((path, mut datagram)) = self.network.release(self.millis()) {
                self.arrive(path, self.now, &mut datagram);
            }
            self.ring();
            self.shakings_due();
            self.begin_handshakes();
            self.offer();
            self.network.flush();
            self.next_stage(stop.is_asked());
            self.tell_progress();
            self.sleep(stop)?;
        }
        self.marks.end(self.now);
        Ok(())
    }

    pub(super) fn tell_time(&mut self) {
        self.now = self.started.elapsed();
        self.flow.tick(self.now);
    }

    /// The time in milliseconds. A run is far shorter than the 49 days that fit.
    pub(super) fn millis(&self) -> u32 {
        u32::try_from(self.now.as_millis()).unwrap_or(u32::MAX)
    }

    fn receive(&mut self, inbox: &mut Inbox) -> Result<(), Error> {
        let readable = self.readable;
        for socket in (0..self.network.sockets()).filter(|socket| readable & (1 << socket) != 0) {
            for _ in 0..ROUNDS {
                let Some(wire) = self.network.wires.get(usize::from(socket)) else { break };
                let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let came = inbox.receive(wire, clock).map_err(Error::system("receive"))?;
                self.tell_time();
                let now = self.now;
                for (arrived, datagram) in inbox.datagrams() {
                    let at = now.saturating_sub(arrived.age);
                    self.datagram(socket, arrived.to, at, datagram);
                }
                if came < BATCH {
                    break;
                }
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let idle = self.pendings.is_empty()
            && self.entering.is_empty()
            && self.waiting.is_empty()
            && self.updating.is_idle()
            && self.offering.all_begun(self.plan);
        self.course.is_over(self.now, self.plan, idle)
    }

    fn next_stage(&mut self, asked_to_stop: bool) {
        let connected = self.tally.connected;
        if connected == self.plan.devices {
            self.tally.outages.all_back(self.now, connected);
        }
        if let Some(next) = self.course.next(self.now, self.plan, connected, asked_to_stop) {
            let handshakes = self.tally.sessions.done;
            self.marks.stage(next, self.now, self.network.traffic, handshakes);
        }
    }

    fn tell_progress(&mut self) {
        if let Some(times) = self.course.tells(self.now, self.plan) {
            let progress = self.tally.progress(self.course.stage, times, self.plan);
            self.observer.progress(&progress);
        }
    }

    /// Until something comes, or the next thing may be due.
    fn sleep(&mut self, stop: &Stop) -> Result<(), Error> {
        let busy =
            self.course.stage == Stage::Running && self.plan.rate >= 50.0 || self.may_begin();
        let limit = PollTimeout::from(if busy { NAP } else { SLEEP });
        let wires = self.network.wires.iter().map(AsFd::as_fd);
        let waker = (!self.course.stopped).then(|| stop.waker().fd());
        let mut fds: Vec<_> =
            wires.chain(waker).map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, limit) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => {
                return Err(Error::System { action: "wait for datagrams", source: error.into() });
            }
        }
        let came = fds.iter().map(|fd| fd.any().unwrap_or(true));
        self.readable = came.zip(0_u32..).map(|(came, at)| u32::from(came) << at).sum();
        Ok(())
    }
}
