//! A life sends updates to devices that take them, lose them, refuse them or lie, on virtual time.

mod device;
mod recorded;

use super::*;
use crate::device::{End, Life, Outgoing, Records, Registry, Roll, SessionKey, Standing, Verdict};
use crate::device::{Who, World};
use crate::event::{Bus, Outbox};
use crate::store::pin::Pinned;
use crate::store::{StoreError, Transaction};
use device::Device;
use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;
use pintle_protocol::coap::MessageId;
use pintle_protocol::exchange::Numbering;
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::update::{Acknowledged, Gaps, Refusal};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Mutex;
use std::time::Duration;

/// A store that keeps nothing, and says that it did.
#[derive(Clone, Default)]
struct Nowhere(Arc<Mutex<Vec<Vec<u8>>>>);

impl Records for Nowhere {
    fn pinned(&self, _: DeviceId) -> Result<Pinned, StoreError> {
        Ok(Pinned::default())
    }

    fn enqueue(&self, _: Transaction) {}

    fn write(&self, _: Transaction, _: SessionKey, reply: Vec<u8>) {
        self.0.lock().unwrap().push(reply);
    }
}

/// The cloud's side: a life and its surroundings.
struct Room {
    world: World,
    life: Life,
    who: Who,
    standing: Standing,
    seats: Seats,
    records: Nowhere,
}

fn chunk_size(flags: HelloFlags, chunk: u16) -> ChunkSize {
    ChunkSize::of(&Hello {
        product_id: 3,
        product_version: None,
        flags,
        platform_id: 3,
        device_id: DeviceId::from_bytes([1; 12]),
        system_version: 6200,
        max_message: 1152,
        max_binary: 0,
        chunk,
    })
}

impl Room {
    /// A room for a device that takes chunks of this size.
    fn new(chunk: u16, next_message: u16, next_token: u8) -> Self {
        let (roll, device) = (Roll::default(), DeviceId::from_bytes([1; 12]));
        roll.set_key(device, Some(Fingerprint::from_bytes([1; 32])));
        let number = roll.find(device).unwrap();
        let records = Nowhere::default();
        let world = World {
            now: Duration::ZERO,
            wall_ms: 0,
            answer_within: Duration::from_secs(20),
            records: Box::new(records.clone()),
            bus: Bus::new().publisher(),
            intake: Outbox::new(Vec::new()).0,
            registry: Registry::new(roll.clone()),
            roll,
            lot: RefCell::new(fastrand::Rng::with_seed(1)),
        };
        let chunk = chunk_size(HelloFlags::UPDATE_V3, chunk);
        let standing = Standing { introduced: true, chunk, ..Standing::default() };
        let life = Life::new(Duration::ZERO, next_message, next_token, Numbering::Up(None));
        let who = Who { device, number, session: SessionKey(1) };
        Self { world, life, who, standing, seats: Seats::default(), records }
    }

    fn update(&mut self, offer: Offer) -> (Begun, Transfer, Vec<Vec<u8>>) {
        let (order, begun, transfer) = Order::new(offer, None).unwrap();
        let mut out = Outgoing::default();
        let seat = self.seats.take();
        self.life.update(&self.world, self.standing.chunk, seat, order, &mut out);
        (begun, transfer, said(&out))
    }

    fn hear(&mut self, message: &[u8]) -> (Verdict, Vec<Vec<u8>>) {
        let mut out = Outgoing::default();
        let standing = &mut self.standing;
        let verdict = self.life.hear(&mut self.world, self.who, standing, message, &mut out);
        (verdict, said(&out))
    }

    /// What it says without being told anything: at this time, in all its turns.
    fn at(&mut self, now: Duration) -> Vec<Vec<u8>> {
        self.world.now = now;
        let mut out = Outgoing::default();
        if self.life.poll_timeout().is_some_and(|at| at <= now) {
            self.life.handle_timeout(&self.world, &mut out);
        }
        for kept in std::mem::take(&mut *self.records.0.lock().unwrap()) {
            self.life.acknowledge(&self.world, &kept, &mut out);
        }
        while self.life.asks_for_turn() {
            self.life.had_turn();
            self.life.send_chunks(&self.world, 7, &mut out);
        }
        said(&out)
    }

    fn cancelled(&mut self) -> Vec<Vec<u8>> {
        let mut out = Outgoing::default();
        self.life.cancel_update(&self.world, &mut out);
        said(&out)
    }
}

fn said(out: &Outgoing) -> Vec<Vec<u8>> {
    out.iter().map(<[u8]>::to_vec).collect()
}

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}

fn offer(file: &[u8]) -> Offer {
    let (file, statement) = (Arc::from(file), Arc::from(&b"signed"[..]));
    Offer { file, sha256: [7; 32], function: Some(5), statement }
}

/// How bad the way is: so many of a hundred are lost, and all take between the one time and the other.
#[derive(Clone, Copy)]
struct Weather {
    lost: u8,
    takes: (u64, u64),
}

const FINE: Weather = Weather { lost: 0, takes: (10, 10) };
const FOUL: Weather = Weather { lost: 20, takes: (10, 60) };

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Device(Vec<u8>),
    Cloud(Vec<u8>),
}

/// A room and a device with a network between them.
struct Both {
    room: Room,
    device: Device,
    now: Duration,
    weather: Weather,
    lot: fastrand::Rng,
    air: BinaryHeap<Reverse<(Duration, u64, To)>>,
    sent: u64,
    verdict: Verdict,
    /// Who waits for an update to begin.
    waiting: Vec<Begun>,
}

impl Both {
    fn new(chunk: u16, weather: Weather, seed: u64) -> Self {
        Self {
            room: Room::new(chunk, 100, 1),
            device: Device::default(),
            now: Duration::ZERO,
            weather,
            lot: fastrand::Rng::with_seed(seed),
            air: BinaryHeap::new(),
            sent: 0,
            verdict: Verdict::Keep,
            waiting: Vec::new(),
        }
    }

    fn send(&mut self, to: To) {
        self.sent += 1;
        let takes = self.lot.u64(self.weather.takes.0..=self.weather.takes.1);
        if self.lot.u8(0..100) >= self.weather.lost {
            self.air.push(Reverse((self.now + Duration::from_millis(takes), self.sent, to)));
        }
    }

    fn send_all(&mut self, to: fn(Vec<u8>) -> To, messages: Vec<Vec<u8>>) {
        messages.into_iter().for_each(|message| self.send(to(message)));
    }

    fn begin(&mut self, file: &[u8]) -> Transfer {
        let (begun, transfer, said) = self.begin_watched(file);
        self.waiting.push(begun);
        self.send_all(To::Device, said);
        transfer
    }

    fn begin_watched(&mut self, file: &[u8]) -> (Begun, Transfer, Vec<Vec<u8>>) {
        let (begun, transfer, said) = self.room.update(offer(file));
        (begun, transfer, said)
    }

    /// The next moment at which anything happens.
    fn step(&mut self) {
        let arrives = self.air.peek().map(|Reverse((at, ..))| *at);
        let due = [arrives, self.room.life.poll_timeout(), self.device.poll_timeout()];
        let next = due.into_iter().flatten().min().unwrap_or(self.now + Duration::from_secs(1));
        self.now = self.now.max(next);
        self.room.world.now = self.now;
        let arrived = arrives.filter(|at| *at <= self.now).and_then(|_| self.air.pop());
        match arrived {
            Some(Reverse((_, _, To::Device(message)))) => self.device.hear(self.now, &message),
            Some(Reverse((_, _, To::Cloud(message)))) => {
                let (verdict, said) = self.room.hear(&message);
                if matches!(verdict, Verdict::End(_)) {
                    self.verdict = verdict;
                }
                self.send_all(To::Device, said);
            }
            None => {}
        }
        let said = self.room.at(self.now);
        self.send_all(To::Device, said);
        let said = self.device.at(self.now);
        self.send_all(To::Cloud, said);
    }

    fn until_done(&mut self, transfer: &mut Transfer) -> Result<Transferred, UpdateError> {
        loop {
            if let Some(result) = transfer.try_done() {
                return result;
            }
            self.step();
            assert!(self.now < Duration::from_secs(3600), "it does not end");
        }
    }

    fn until(&mut self, happened: impl Fn(&Self) -> bool) {
        while !happened(self) {
            self.step();
            assert!(self.now < Duration::from_secs(3600), "it does not happen");
        }
    }
}

#[test]
fn a_file_arrives_whole_over_any_network() {
    let file = file(300_001);
    for (chunk, weather, seed) in [(512, FINE, 1), (1024, FOUL, 2), (512, FOUL, 3), (1136, FOUL, 4)]
    {
        let mut both = Both::new(chunk, weather, seed);
        let mut transfer = both.begin(&file);
        let progress = transfer.progress();
        let done = both.until_done(&mut transfer).unwrap();
        assert!(both.device.file == file && both.device.finished, "{chunk}");
        // It applies it when it knows that its answer arrived.
        both.until(|both| both.device.is_heard());
        assert_eq!(both.device.statement, b"signed");
        assert_eq!(progress.borrow().stored as usize, file.len());
        let chunks = file.len().div_ceil(chunk.into()) as u64;
        assert_eq!(done.sent - done.again, chunks);
        assert!(u64::from(done.statistics.received) >= chunks);
        assert!(!both.room.life.is_updating() && both.room.seats.taken() == 0);
    }
}

#[test]
fn a_device_that_lost_the_transfer_goes_on_from_what_it_kept() {
    let file = file(200_000);
    let mut both = Both::new(512, FOUL, 5);
    let mut transfer = both.begin(&file);
    for kept in [40_000, 120_000] {
        both.until(|both| both.device.file.len() >= kept);
        both.device.restart();
    }
    let done = both.until_done(&mut transfer).unwrap();
    assert!(both.device.file == file);
    assert!(done.resumed_from >= 120_000, "{done:?}");
}

#[test]
fn a_device_that_loses_the_transfer_again_and_again_is_given_up() {
    let mut both = Both::new(512, FINE, 5);
    let mut transfer = both.begin(&file(200_000));
    both.device.forgets_at_once = true;
    let failed = both.until_done(&mut transfer).unwrap_err();
    let UpdateError::Refused(failure) = &failed else { panic!("{failed}") };
    assert_eq!(failure.why, Some(Refusal::NOT_RUNNING));
}

#[test]
fn p2_a_device_that_acknowledges_what_was_never_sent_loses_its_session() {
    let mut both = Both::new(512, FINE, 6);
    let mut transfer = both.begin(&file(200_000));
    both.until(|both| both.device.file.len() >= 10_000);
    let mut lie = Vec::new();
    let what = Acknowledged { index: 390, gaps: Gaps::none() };
    what.write(&mut lie, MessageId(3000)).unwrap();
    both.send(To::Cloud(lie));
    assert_eq!(both.until_done(&mut transfer), Err(UpdateError::Lied));
    assert_eq!(both.verdict, Verdict::End(End::Lied));
}

#[test]
fn p2_a_device_that_wants_to_begin_past_the_end_loses_its_session() {
    let mut both = Both::new(512, FINE, 6);
    both.device.begins_at = Some(300_000);
    let mut transfer = both.begin(&file(200_000));
    assert_eq!(both.until_done(&mut transfer), Err(UpdateError::Lied));
    assert_eq!(both.verdict, Verdict::End(End::Lied));
}

#[test]
fn a_refusal_is_handed_on_whether_it_comes_at_once_or_later_or_at_the_end() {
    for (piggybacked, at_end) in [(true, false), (false, false), (false, true)] {
        let mut both = Both::new(512, FOUL, 7);
        both.device.refusal = Some((Refusal::DEPENDENCY, piggybacked, at_end));
        let (mut begun, mut transfer, said) = both.begin_watched(&file(20_000));
        both.send_all(To::Device, said);
        let Err(UpdateError::Refused(failure)) = both.until_done(&mut transfer) else { panic!() };
        assert_eq!(failure.why, Some(Refusal::DEPENDENCY));
        assert_eq!(begun.try_recv().unwrap().is_ok(), at_end);
    }
}

#[test]
fn a_cancel_reaches_the_device_and_the_next_update_can_begin() {
    let file = file(100_000);
    let mut both = Both::new(512, FOUL, 8);
    let mut transfer = both.begin(&file);
    both.until(|both| both.device.file.len() >= 10_000);
    transfer.cancel();
    let said = both.room.cancelled();
    both.send_all(To::Device, said);
    assert_eq!(both.until_done(&mut transfer), Err(UpdateError::Cancelled));
    assert!(both.device.cancelled && !both.device.finished);
    let mut again = both.begin(&file);
    assert!(both.until_done(&mut again).is_ok());
    assert!(both.device.file == file);
}

#[test]
fn an_update_that_nobody_waits_for_any_more_is_broken_off() {
    let mut both = Both::new(512, FINE, 8);
    let (begun, mut transfer, said) = both.begin_watched(&file(100_000));
    drop(begun);
    both.send_all(To::Device, said);
    assert_eq!(both.until_done(&mut transfer), Err(UpdateError::Cancelled));
}

#[test]
fn a_device_takes_one_update_at_a_time_and_one_that_takes_none_is_not_asked() {
    let mut room = Room::new(512, 1, 1);
    let (_begun, mut first, said) = room.update(offer(&file(1000)));
    assert!(said.len() == 1 && first.try_done().is_none());
    let (mut begun, mut second, said) = room.update(offer(&file(1000)));
    assert_eq!(second.try_done(), Some(Err(UpdateError::Busy)));
    assert_eq!(begun.try_recv(), Ok(Err(UpdateError::Busy)));
    assert!(said.is_empty() && room.seats.taken() == 1);
    let mut old = Room::new(512, 1, 1);
    old.standing.chunk = chunk_size(HelloFlags::DIAGNOSTICS, 512);
    assert_eq!(old.update(offer(&file(1000))).1.try_done(), Some(Err(UpdateError::Unsupported)));
    let long = Offer { statement: Arc::from([0; 1025]), ..offer(&file(1)) };
    for impossible in [offer(&[]), long] {
        assert!(matches!(Order::new(impossible, None), Err(UpdateError::Impossible)));
    }
}

#[test]
fn a_silent_device_is_given_up_at_every_stage() {
    let mut both = Both::new(512, Weather { lost: 100, ..FINE }, 9);
    let mut transfer = both.begin(&file(20_000));
    assert_eq!(both.until_done(&mut transfer), Err(UpdateError::Silent));
    assert!(both.now <= Duration::from_secs(60), "{:?}", both.now);
    let mut both = Both::new(512, FINE, 9);
    let mut transfer = both.begin(&file(20_000));
    both.until(|both| both.device.file.len() >= 5_000);
    both.weather.lost = 100;
    assert_eq!(both.until_done(&mut transfer), Err(UpdateError::Silent));
    assert!((240..=260).contains(&both.now.as_secs()), "{:?}", both.now);
}

#[test]
fn an_update_ends_with_its_session() {
    let mut both = Both::new(512, FINE, 10);
    let mut transfer = both.begin(&file(20_000));
    both.until(|both| both.device.file.len() >= 5_000);
    drop(both);
    assert_eq!(transfer.try_done(), Some(Err(UpdateError::Ended)));
}

#[test]
fn an_update_under_way_costs_less_than_ten_kilobytes_beside_the_file() {
    // The window of a device is at most 256 chunks, with 32 bytes for each.
    assert!(size_of::<Underway>() <= 640, "{}", size_of::<Underway>());
    assert_eq!(size_of::<Standing>(), 4, "a device at rest costs what it did");
}
