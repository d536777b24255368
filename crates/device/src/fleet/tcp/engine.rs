//! The loop of a fleet on the TCP service: what is ready, what is due, what is to be offered, and then to sleep.

use super::device::{Device, State};
use super::keys::TcpKeys;
use crate::error::Error;
use crate::fleet::course::Course;
use crate::fleet::engine::Observer;
use crate::fleet::network::Traffic;
use crate::fleet::offering::Offering;
use crate::fleet::plan::Plan;
use crate::fleet::random::Random;
use crate::fleet::report::{self, Marks, Report};
use crate::fleet::tally::{Stage, Tally};
use crate::fleet::wheel::Wheel;
use crate::stop::Stop;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use pintle_protocol::tcp::Generation;
use pintle_protocol::tcp::client::Firmware;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many connections are looked at before anything else gets its turn.
const READY: usize = 1024;
/// How long to sleep at most, in milliseconds, when there is much to do and when there is little.
const NAP: u8 = 1;
const SLEEP: u8 = 8;
/// Names the waker among the connections.
const WAKER: u64 = u64::MAX;

/// A running fleet.
pub(super) struct Engine<'a> {
    pub(super) plan: &'a Plan,
    pub(super) keys: &'a TcpKeys,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) firmware: Firmware,
    pub(super) devices: Vec<Device>,
    pub(super) epoll: Epoll,
    pub(super) wheel: Wheel,
    pub(super) random: Random,
    pub(super) tally: Tally,
    pub(super) traffic: Traffic,
    pub(super) offering: Offering,
    pub(super) course: Course,
    /// Devices that are to come back, and those on their way in.
    pub(super) waiting: VecDeque<u32>,
    pub(super) entering: u32,
    pub(super) now: Duration,
    /// Scratch: what came, and what is to go.
    pub(super) scratch: Vec<u8>,
    pub(super) frames: Vec<u8>,
    started: Instant,
    marks: Marks,
}

impl<'a> Engine<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        keys: &'a TcpKeys,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, Error> {
        raise_limit();
        let marks = Marks::at_start();
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|error| Error::System {
            action: "wait for connections",
            source: error.into(),
        })?;
        let generation = plan.generation().unwrap_or(Generation::Photon);
        Ok(Self {
            plan,
            keys,
            observer,
            firmware: Firmware::of(generation),
            devices: (0..plan.devices).map(|_| Device::new()).collect(),
            epoll,
            wheel: Wheel::new(),
            random: Random::new(!plan.seed),
            tally: Tally::new(),
            traffic: Traffic::default(),
            offering: Offering::default(),
            course: Course::new(),
            waiting: VecDeque::new(),
            entering: 0,
            now: Duration::ZERO,
            scratch: Vec::new(),
            frames: Vec::new(),
            started: Instant::now(),
            marks,
        })
    }

    /// Runs to the end.
    pub(super) fn run(&mut self, stop: &Stop) -> Result<(), Error> {
        let system =
            |action| move |error: nix::Error| Error::System { action, source: error.into() };
        let waker = EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, WAKER);
        self.epoll.add(stop.waker().fd(), waker).map_err(system("wait for connections"))?;
        let mut ready = vec![EpollEvent::empty(); READY];
        loop {
            self.tell_time();
            let idle = self.entering == 0
                && self.waiting.is_empty()
                && self.offering.all_begun(self.plan)
                && self.devices.iter().all(|device| device.outstanding.is_empty());
            if self.course.is_over(self.now, self.plan, idle) {
                break;
            }
            let came = match self.epoll.wait(&mut ready, self.patience()) {
                Ok(came) => came,
                Err(nix::Error::EINTR) => 0,
                Err(error) => return Err(system("wait for connections")(error)),
            };
            for event in ready.iter().take(came).filter(|event| event.data() != WAKER) {
                self.tell_time();
                self.ready(u32::try_from(event.data()).unwrap_or(u32::MAX));
            }
            self.ring();
            self.begin_connections();
            self.offer();
            self.go_on(stop.is_asked());
        }
        self.marks.end(self.now);
        Ok(())
    }

    pub(super) fn tell_time(&mut self) {
        self.now = self.started.elapsed();
    }

    /// The time in milliseconds. A run is far shorter than the 49 days that fit.
    pub(super) fn millis(&self) -> u32 {
        u32::try_from(self.now.as_millis()).unwrap_or(u32::MAX)
    }

    fn patience(&self) -> EpollTimeout {
        let busy = self.course.stage == Stage::Running && self.plan.rate >= 50.0;
        EpollTimeout::from(if busy || self.may_begin() { NAP } else { SLEEP })
    }

    fn go_on(&mut self, asked_to_stop: bool) {
        if self.tally.connected == self.plan.devices {
            self.tally.outages.all_back(self.now, self.plan.devices);
        }
        let connected = self.tally.connected;
        if let Some(next) = self.course.next(self.now, self.plan, connected, asked_to_stop) {
            let handshakes = self.tally.sessions.done;
            self.marks.stage(next, self.now, self.traffic, handshakes);
        }
        if let Some(times) = self.course.tells(self.now, self.plan) {
            let progress = self.tally.progress(self.course.stage, times, self.plan);
            self.observer.progress(&progress);
        }
    }

    pub(super) fn report(&self) -> Report {
        report::report(self.plan, &self.tally, &self.marks, self.traffic, size_of::<Device>())
    }

    /// Has the device at `index` looked at in `wait`.
    pub(super) fn set_alarm(&mut self, index: u32, wait: Duration) {
        let due = self.now + wait;
        let at = u32::try_from(due.as_millis()).unwrap_or(u32::MAX);
        if let Some(device) = self.devices.get_mut(index as usize) {
            device.due = due;
            device.alarm = self.wheel.set(index, at);
        }
    }

    /// Looks at the devices whose time has come.
    fn ring(&mut self) {
        while let Some((at, devices)) = self.wheel.due(self.millis()) {
            for index in &devices {
                let Some(device) = self.devices.get(*index as usize) else { continue };
                if device.alarm != at {
                    continue;
                }
                match device.due.saturating_sub(self.now) {
                    Duration::ZERO => self.due(*index),
                    // Further away than the wheel reaches.
                    left => self.set_alarm(*index, left),
                }
            }
            self.wheel.give_back(at, devices);
        }
    }

    /// Whether more devices may come in now than do.
    fn may_begin(&self) -> bool {
        let wanted = !self.waiting.is_empty() || !self.offering.all_begun(self.plan);
        wanted && self.entering < self.plan.at_once
    }

    /// Begins as many connections as the ramp and the bound allow: devices that want to come back first.
    fn begin_connections(&mut self) {
        let mut allowed = self.offering.ramp(self.plan, self.now);
        while allowed > 0 && self.may_begin() {
            let next = self.waiting.pop_front().or_else(|| self.offering.next_fresh(self.plan));
            let Some(index) = next else { return };
            self.offering.ramp_used();
            allowed -= 1;
            self.begin(index);
        }
    }

    pub(super) fn is_away(&self, index: u32) -> bool {
        self.devices.get(index as usize).is_none_or(|device| matches!(device.state, State::Away))
    }
}

/// Takes as many descriptors as the system gives: one for each device.
fn raise_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Where that is not allowed, connections fail and the report says so.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
