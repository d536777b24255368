//! Updates through the core, on virtual time: every firmware, a way that is full, a device that lies or falls silent, and
//! many at once.

use super::*;
use crate::device::update::{Begun, Offer, Order as Update, Transfer, UpdateError};
use crate::device::{Answer, Question};
use pintle_protocol::coap::Message;
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::tcp::client::Heard;
use pintle_protocol::tcp::update::{FromCloud, READY_WITHIN, Receiver, STALLED, Took};
use std::sync::Arc;

const SYSTEM: &[u8] = br#"{"p":6,"m":[]}"#;
const APPLICATION: &[u8] = br#"{"f":["led"],"v":{}}"#;

/// A device that answers what it is asked, and takes updates.
struct Device {
    key: Key,
    session: client::Session,
    receiver: Option<Receiver>,
    stored: Vec<u8>,
    /// Whether it answers that it is ready for an update.
    ready: bool,
    /// Chunks that came.
    chunks: usize,
    events: usize,
}

impl Device {
    fn join(house: &mut House, n: u8, firmware: Firmware) -> Self {
        let key = house.block_from(n.into());
        house.admit(key, n);
        let session = client::Session::new(&credentials(), firmware, 1);
        let (receiver, stored) = (None, Vec::new());
        let mut device = Self { key, session, receiver, stored, ready: true, chunks: 0, events: 0 };
        let mut up = Vec::new();
        device.session.hello(&mut up, 6, None, firmware.platform_id).unwrap();
        house.sent();
        house.shard.heard(key, &up);
        up.clear();
        if firmware.describes_unasked {
            device.session.describe(&mut up, DescribeKind::System, SYSTEM).unwrap();
            device.session.describe(&mut up, DescribeKind::Application, APPLICATION).unwrap();
            house.shard.heard(key, &up);
        }
        house.settle(std::slice::from_mut(&mut device));
        device
    }

    /// Hears all this, and answers.
    fn hear(&mut self, now: Duration, mut bytes: &[u8]) -> Vec<u8> {
        let (mut up, mut scratch) = (Vec::new(), Vec::new());
        while let Some(received) = self.session.receive(&mut bytes, &mut scratch).unwrap() {
            let message = received.message;
            match received.heard {
                Heard::Update(update) => self.update(now, &message, update, &mut up),
                Heard::Describe { flags, block } => {
                    let body = if flags == Some(1) { SYSTEM } else { APPLICATION };
                    self.session.described(&mut up, &message, body, block).unwrap();
                }
                Heard::Request(pintle_protocol::from_cloud::Request::Ping) => {
                    self.session.pong(&mut up, message.id).unwrap();
                }
                Heard::Request(pintle_protocol::from_cloud::Request::Event(_)) => self.events += 1,
                _ => {}
            }
        }
        up
    }

    fn update(
        &mut self,
        now: Duration,
        to: &Message<'_>,
        update: FromCloud<'_>,
        out: &mut Vec<u8>,
    ) {
        let session = &mut self.session;
        match (update, &mut self.receiver) {
            (FromCloud::Begin(begin), receiver) => {
                *receiver = Receiver::new(now, session.firmware(), &begin);
                self.stored = vec![0; begin.size as usize];
                match (receiver, self.ready) {
                    (Some(_), true) => session.update_ready(out, to, begin.fast).unwrap(),
                    (None, true) => session.refuse_update(out, to).unwrap(),
                    (_, false) => session.acknowledge(out, to.id).unwrap(),
                }
            }
            (FromCloud::Chunk(chunk), Some(receiver)) => {
                self.chunks += 1;
                let took = receiver.take(now, &chunk);
                if let Took::New { at } = took {
                    self.stored[at as usize..][..chunk.data.len()].copy_from_slice(chunk.data);
                }
                if let Some(good) = receiver.answer(took) {
                    session.chunk_taken(out, to, good).unwrap();
                }
            }
            (FromCloud::Done, Some(receiver)) => {
                assert!(receiver.is_complete());
                session.update_done(out, to, b"{}").unwrap();
            }
            _ => panic!("{update:?} without a beginning"),
        }
    }
}

impl House {
    /// What was sent to each since this was last asked.
    fn sent(&mut self) -> Vec<(Key, Vec<u8>)> {
        let (list, bytes) = self.shard.orders.take();
        let said = |order: Order| match order {
            Order::Send(key, range) => Some((key, bytes[range].to_vec())),
            Order::Listen(..) | Order::Close(_) => None,
        };
        list.into_iter().filter_map(said).collect()
    }

    /// Passes everything on until nobody has anything to say.
    fn settle(&mut self, devices: &mut [Device]) {
        loop {
            self.shard.take_turns();
            let sent = self.sent();
            if sent.is_empty() && !self.shard.has_turns() {
                return;
            }
            for (key, bytes) in sent {
                let Some(device) = devices.iter_mut().find(|device| device.key == key) else {
                    continue;
                };
                let up = device.hear(self.now, &bytes);
                self.shard.heard(key, &up);
            }
        }
    }

    fn update(&mut self, n: u8, file: &Arc<[u8]>) -> (Begun, Transfer) {
        let (file, statement) = (Arc::clone(file), Arc::default());
        let offer = Offer { file, sha256: [0; 32], function: None, statement };
        let (update, begun, transfer) = Update::new(offer, None).unwrap();
        self.shard.command(Command::Update(device(n), Box::new(update)));
        (begun, transfer)
    }

    fn is_connected(&mut self, key: Key) -> bool {
        self.shard.connections.get(key).is_some()
    }
}

fn file(length: usize) -> Arc<[u8]> {
    (0..length).map(|place| (place * 7 + place / 512) as u8).collect()
}

/// How a transfer ended that is over.
fn end_of(transfer: Transfer) -> Result<u64, UpdateError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(transfer.done()).map(|transferred| transferred.sent)
}

#[test]
fn every_firmware_gets_its_file() {
    let firmwares = [
        Firmware::CORE,
        Firmware::PHOTON_0_4,
        Firmware::PHOTON_0_7,
        Firmware::PHOTON_1_0,
        Firmware::PHOTON_1_5,
        Firmware::PHOTON_2_3,
        Firmware::PHOTON_3_3,
    ];
    let (mut house, file) = (house(), file(50_000));
    for (n, firmware) in (1..).zip(firmwares) {
        let mut devices = [Device::join(&mut house, n, firmware)];
        let (mut begun, transfer) = house.update(n, &file);
        let progress = transfer.progress();
        house.settle(&mut devices);
        assert_eq!(begun.try_recv(), Ok(Ok(())), "{firmware:?}");
        assert_eq!(progress.borrow().of, 50_000);
        assert_eq!(end_of(transfer), Ok(98), "{firmware:?}");
        assert_eq!(devices[0].stored, file[..], "{firmware:?}");
        // Nothing of it remains, and the device can be asked again.
        let (reply, mut answer) = tokio::sync::oneshot::channel();
        house.shard.command(Command::Ask(device(n), Question::Ping, reply));
        house.settle(&mut devices);
        assert_eq!(answer.try_recv(), Ok(Ok(Answer::Done)), "{firmware:?}");
    }
}

#[test]
fn a_device_that_is_updated_is_asked_nothing_and_told_nothing() {
    let (mut house, file) = (house(), file(5000));
    let devices = [Device::join(&mut house, 1, Firmware::PHOTON_2_3)];
    let (_begun, transfer) = house.update(1, &file);
    house.shard.take_turns();
    assert!(!house.sent().is_empty());
    let (reply, mut answer) = tokio::sync::oneshot::channel();
    house.shard.command(Command::Ask(device(1), Question::Ping, reply));
    assert_eq!(answer.try_recv(), Ok(Err(AskError::Busy)));
    let event = Event {
        name: "a".into(),
        data: Vec::new(),
        content_format: 0,
        ttl: 60,
        published_at_ms: 0,
        source: crate::event::Source::Cloud,
        owner: None,
    };
    let key = devices[0].key;
    house.shard.deliver(key, &event);
    let (_, second) = house.update(1, &file);
    assert_eq!(end_of(second), Err(UpdateError::Busy));
    assert!(house.sent().is_empty());
    // The device was not ready for a minute: its session ends, though it is silent for less than that allows.
    assert!(house.later(READY_WITHIN - Duration::from_millis(1)).is_empty());
    assert_eq!(house.later(Duration::from_millis(1)), [key]);
    assert_eq!(end_of(transfer), Err(UpdateError::Silent));
}

#[test]
fn no_more_is_sent_than_the_way_takes_and_one_that_takes_nothing_ends() {
    let (mut house, file) = (house(), file(100_000));
    let mut devices = [Device::join(&mut house, 1, Firmware::PHOTON_2_3)];
    let key = devices[0].key;
    let (_begun, transfer) = house.update(1, &file);
    house.shard.take_turns();
    let begin = house.sent().remove(0).1;
    let ready = devices[0].hear(house.now, &begin);
    house.shard.heard(key, &ready);
    house.shard.take_turns();
    let first: usize = house.sent().iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(first <= super::super::super::sockets::MOST_UNSENT * 3 / 4, "{first}");
    house.shard.is_full(key, true);
    (0..100).for_each(|_| house.shard.take_turns());
    assert!(house.sent().is_empty() && !house.shard.has_turns());
    // For longer than a silent device has it goes on, if it only goes on.
    for _ in 0..3 {
        assert!(house.later(STALLED - Duration::from_millis(1)).is_empty());
        house.shard.is_full(key, false);
        house.shard.take_turns();
        assert_eq!(house.sent().len(), 1);
        house.shard.is_full(key, true);
    }
    assert_eq!(house.later(STALLED), [key]);
    assert_eq!(end_of(transfer), Err(UpdateError::Silent));
}

#[test]
fn updates_of_many_devices_take_turns() {
    let (mut house, file) = (house(), file(20_000));
    let mut devices: Vec<_> =
        (1..=20).map(|n| Device::join(&mut house, n, Firmware::PHOTON_2_3)).collect();
    let transfers: Vec<_> = (1..=20).map(|n| house.update(n, &file)).collect();
    for _round in 0..12 {
        house.shard.take_turns();
        let sent = house.sent();
        let bytes: usize = sent.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes <= 8 * 16 * 576, "a round is bounded: {bytes}");
        for (key, bytes) in sent {
            let device = devices.iter_mut().find(|device| device.key == key).unwrap();
            let up = device.hear(house.now, &bytes);
            house.shard.heard(key, &up);
        }
        let chunks = devices.iter().map(|device| device.chunks);
        let (least, most) = (chunks.clone().min().unwrap(), chunks.max().unwrap());
        assert!(most - least <= 2 * 16, "nobody is far ahead: {least} {most}");
    }
    house.settle(&mut devices);
    assert!(transfers.into_iter().all(|(_, transfer)| end_of(transfer) == Ok(40)));
}

#[test]
fn p2_a_device_that_lies_about_an_update_is_cut_off() {
    let (mut house, file) = (house(), file(5000));
    let mut devices = [Device::join(&mut house, 1, Firmware::PHOTON_1_5)];
    let key = devices[0].key;
    let (_begun, transfer) = house.update(1, &file);
    house.shard.take_turns();
    let begin = house.sent().remove(0).1;
    let mut up = devices[0].hear(house.now, &begin);
    devices[0].session.chunks_missed(&mut up, &[10]).unwrap();
    house.shard.heard(key, &up);
    assert!(!house.is_connected(key));
    assert_eq!(end_of(transfer), Err(UpdateError::Lied));
}

#[test]
fn an_update_that_is_broken_off_ends_the_session_and_the_next_begins_anew() {
    let (mut house, file) = (house(), file(60_000));
    let mut first = [Device::join(&mut house, 1, Firmware::CORE)];
    let (_begun, transfer) = house.update(1, &file);
    for _ in 0..3 {
        house.shard.take_turns();
        for (key, bytes) in house.sent() {
            let up = first[0].hear(house.now, &bytes);
            house.shard.heard(key, &up);
        }
    }
    assert!(first[0].chunks > 0);
    transfer.cancel();
    house.shard.command(Command::Cancelled(device(1)));
    assert!(!house.is_connected(first[0].key));
    assert_eq!(end_of(transfer), Err(UpdateError::Cancelled));
    // And one whose connection is cut.
    let second = [Device::join(&mut house, 1, Firmware::CORE)];
    let (_begun, transfer) = house.update(1, &file);
    house.shard.take_turns();
    house.shard.gone(second[0].key);
    assert_eq!(end_of(transfer), Err(UpdateError::Ended));
    let mut third = [Device::join(&mut house, 1, Firmware::CORE)];
    let (_begun, transfer) = house.update(1, &file);
    house.settle(&mut third);
    assert_eq!((end_of(transfer), &third[0].stored[..]), (Ok(118), &file[..]));
}

#[test]
fn old_firmware_that_restarts_right_after_it_said_that_it_has_all_was_updated() {
    let (mut house, file) = (house(), file(2000));
    let mut devices = [Device::join(&mut house, 1, Firmware::PHOTON_0_7)];
    let key = devices[0].key;
    let (_begun, transfer) = house.update(1, &file);
    house.shard.take_turns();
    let begin = house.sent().remove(0).1;
    let up = devices[0].hear(house.now, &begin);
    house.shard.heard(key, &up);
    house.shard.take_turns();
    let mut up = Vec::new();
    devices[0].session.finished_by_itself(&mut up).unwrap();
    house.shard.heard(key, &up);
    house.shard.gone(key);
    assert_eq!(end_of(transfer), Ok(4));
}

#[test]
fn a_device_that_refuses_stays_and_a_file_that_no_device_takes_is_not_even_offered() {
    let mut house = house();
    let mut devices = [Device::join(&mut house, 1, Firmware::PHOTON_3_3)];
    house.settle(&mut devices);
    let (mut begun, transfer) = house.update(1, &file(0x6_0001));
    house.settle(&mut devices);
    assert!(matches!(begun.try_recv(), Ok(Err(UpdateError::Refused(_)))));
    assert!(matches!(end_of(transfer), Err(UpdateError::Refused(_))));
    let (_begun, transfer) = house.update(1, &file(512 * 65_535 + 1));
    assert_eq!(end_of(transfer), Err(UpdateError::Impossible));
    assert!(house.is_connected(devices[0].key) && house.sent().is_empty());
    let (_begun, transfer) = house.update(9, &file(10));
    assert_eq!(end_of(transfer), Err(UpdateError::Offline));
}

#[test]
fn somebody_else_is_heard_and_answered_between_two_turns_of_many_updates() {
    let (mut house, file) = (house(), file(200_000));
    let mut devices: Vec<_> =
        (1..=40).map(|n| Device::join(&mut house, n, Firmware::PHOTON_3_3)).collect();
    let mut other = Device::join(&mut house, 41, Firmware::CORE);
    let _transfers: Vec<_> = (1..=40).map(|n| house.update(n, &file)).collect();
    for _ in 0..20 {
        house.shard.take_turns();
        for (key, bytes) in house.sent() {
            let device = devices.iter_mut().find(|device| device.key == key).unwrap();
            let up = device.hear(house.now, &bytes);
            house.shard.heard(key, &up);
        }
        assert!(house.shard.has_turns());
        let mut ping = Vec::new();
        other.session.ping(&mut ping).unwrap();
        house.shard.heard(other.key, &ping);
        let answer = house.sent();
        assert_eq!(answer.len(), 1, "nobody else says a word in between");
        assert_eq!(answer[0].0, other.key);
        other.hear(house.now, &answer[0].1);
    }
}
