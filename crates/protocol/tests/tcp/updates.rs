//! Updates: every firmware, both protocols, whatever is left out, damaged or repeated on the way; and devices that lie.

use std::rc::Rc;
use std::time::Duration;

use pintle_protocol::coap::{Code, Message, MessageId, RequestToken};
use pintle_protocol::tcp::client::{self, Firmware, Heard};
use pintle_protocol::tcp::server::Sense;
use pintle_protocol::tcp::update::{
    Begin, Chunk, Failed, FromCloud, MOST_TIMES, Missed, Receiver, STALLED, Say, Sender, Store,
    Took, bitmap,
};
use pintle_protocol::tcp::{Anomaly, Generation, SendError, update};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::pair::{FIRMWARE, Pair};

mod lies;

/// What happens to a chunk on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Arrives,
    /// Only in a fast update: in a slow one the stream would have to lose it.
    IsLeftOut,
    IsDamaged,
    /// Only in a fast update: a slow chunk has no number to know it by.
    ComesTwice,
}

/// A device that is updated, its cloud, and how both see it.
struct World {
    pair: Pair,
    sender: Sender,
    receiver: Option<Receiver>,
    stored: Vec<u8>,
    file: Rc<[u8]>,
    now: Duration,
    /// How long a piece is in which the stream comes.
    piece: usize,
}

impl World {
    fn new(firmware: Firmware, slow: bool, file: Vec<u8>, piece: usize) -> Self {
        let pair = Pair::greeted(firmware);
        let limits = pair.cloud.limits().unwrap();
        let size = u32::try_from(file.len()).unwrap();
        let sender = Sender::new(Duration::ZERO, size, &limits).unwrap();
        let sender = if slow { sender.slow() } else { sender };
        let (receiver, stored, now) = (None, vec![0; file.len()], Duration::ZERO);
        Self { pair, sender, receiver, stored, file: file.into(), now, piece }
    }

    /// Goes on until one of them has nothing more to say: whether the device has it all.
    fn run(&mut self, fates: &mut impl Iterator<Item = Fate>) -> Result<bool, Failed> {
        loop {
            self.now += Duration::from_millis(1);
            let Some(say) = self.sender.poll_say(self.now) else { return Ok(false) };
            let up = self.say(&say, fates.next().unwrap_or(Fate::Arrives));
            if self.hear(&up)? {
                return Ok(true);
            }
        }
    }

    /// The cloud says this, and the device answers.
    fn say(&mut self, say: &Say, fate: Fate) -> Vec<u8> {
        let file = Rc::clone(&self.file);
        let message = say.message(&file).unwrap();
        let FromCloud::Chunk(chunk) = message else { return self.bring(&message) };
        match (chunk.index, fate) {
            (_, Fate::IsDamaged) => {
                let mut data = chunk.data.to_vec();
                data[0] ^= 1;
                let chunk = Chunk { data: &data, ..chunk };
                self.bring_chunk(chunk)
            }
            (Some(_), Fate::IsLeftOut) => Vec::new(),
            (Some(_), Fate::ComesTwice) => {
                let first = self.bring_chunk(chunk);
                [first, self.bring_chunk(chunk)].concat()
            }
            _ => self.bring_chunk(chunk),
        }
    }

    fn bring_chunk(&mut self, chunk: Chunk<'_>) -> Vec<u8> {
        self.bring(&FromCloud::Chunk(chunk))
    }

    fn bring(&mut self, message: &FromCloud<'_>) -> Vec<u8> {
        let (mut down, mut up, mut scratch) = (Vec::new(), Vec::new(), Vec::new());
        self.pair.cloud.update(&mut down, message).unwrap();
        for piece in down.chunks(self.piece) {
            let mut input = piece;
            while let Some(received) = self.pair.device.receive(&mut input, &mut scratch).unwrap() {
                let client::Received { message, heard: Heard::Update(update) } = received else {
                    panic!("{received:?}")
                };
                let device = &mut self.pair.device;
                let (receiver, stored) = (&mut self.receiver, &mut self.stored);
                answer(device, (receiver, stored), self.now, (&message, update), &mut up);
            }
        }
        up
    }

    /// The cloud hears this: whether the device has it all.
    fn hear(&mut self, up: &[u8]) -> Result<bool, Failed> {
        let (mut scratch, mut done) = (Vec::new(), false);
        for piece in up.chunks(self.piece) {
            let mut input = piece;
            while let Some(received) = self.pair.cloud.receive(&mut input, &mut scratch).unwrap() {
                done |= self.sender.hear(self.now, &received)? == update::Heard::Done;
            }
        }
        Ok(done)
    }
}

/// What a device does with a message of an update.
pub(crate) fn answer(
    device: &mut client::Session,
    (receiver, stored): (&mut Option<Receiver>, &mut Vec<u8>),
    now: Duration,
    (to, update): (&Message<'_>, FromCloud<'_>),
    out: &mut Vec<u8>,
) {
    match (update, receiver) {
        (FromCloud::Begin(begin), receiver) => {
            *receiver = Receiver::new(now, device.firmware(), &begin);
            match receiver {
                Some(_) => device.update_ready(out, to, begin.fast).unwrap(),
                None => device.refuse_update(out, to).unwrap(),
            }
            stored.clear();
            stored.resize(begin.size as usize, 0);
        }
        (FromCloud::Chunk(chunk), Some(receiver)) => {
            let took = receiver.take(now, &chunk);
            if let Took::New { at } = took {
                stored[at as usize..][..chunk.data.len()].copy_from_slice(chunk.data);
            }
            if let Some(good) = receiver.answer(took) {
                device.chunk_taken(out, to, good).unwrap();
            }
            if receiver.poll_finished_by_itself() {
                device.finished_by_itself(out).unwrap();
            }
        }
        (FromCloud::Done, Some(receiver)) if receiver.is_complete() => {
            device.update_done(out, to, b"").unwrap();
        }
        (FromCloud::Done, Some(receiver)) => {
            let missing = receiver.ask_for_missing();
            device.update_lacks(out, to, &missing).unwrap();
        }
        (update, None) => panic!("{update:?}"),
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        2 => Just(Fate::Arrives),
        1 => Just(Fate::IsLeftOut),
        1 => Just(Fate::IsDamaged),
        1 => Just(Fate::ComesTwice),
    ]
}

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 + place / 512) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_firmware_gets_the_whole_file_whatever_becomes_of_chunks_on_the_way(
        which in 0..FIRMWARE.len(),
        slow: bool,
        length in 1..40_000_usize,
        piece in 1..700_usize,
        fates in vec(fate(), 0..160),
    ) {
        let mut world = World::new(FIRMWARE[which].1, slow, file(length), piece);
        let harm = fates.iter().filter(|fate| **fate != Fate::Arrives).count();
        match world.run(&mut fates.into_iter()) {
            Ok(done) => {
                prop_assert!(done);
                prop_assert_eq!(&world.stored[..], &world.file[..]);
                prop_assert_eq!(world.sender.sent() as usize, length);
                prop_assert!(!world.pair.cloud.is_updating());
            }
            // One chunk was harmed as often as it may be sent.
            Err(failed) => {
                prop_assert_eq!(failed, Failed::Damaged);
                prop_assert!(harm >= usize::from(MOST_TIMES));
            }
        }
    }

    #[test]
    fn a_message_of_an_update_is_the_same_there_and_back(
        fast: bool, chunk in 1..=512_u16, size in 1..30_000_u32, address: u32, store in 0..3_usize,
        index in proptest::option::of(0..u16::MAX), data in vec(any::<u8>(), 1..513), crc: u32,
    ) {
        let store = [Store::Firmware, Store::System, Store::Application][store];
        let begin = Begin { fast, chunk, size, store, address };
        for say in [
            FromCloud::Begin(begin),
            FromCloud::Chunk(Chunk { crc, index, data: &data }),
            FromCloud::Done,
        ] {
            let mut out = Vec::new();
            say.write(&mut out, MessageId(7), RequestToken(9)).unwrap();
            prop_assert_eq!(FromCloud::decode(&Message::parse(&out).unwrap()), Ok(Some(say)));
        }
    }
}

#[test]
fn while_a_device_is_updated_it_is_sent_nothing_else_but_answers() {
    let mut world = World::new(Firmware::PHOTON_3_3, false, file(5000), 4000);
    let begin = world.sender.poll_say(world.now).unwrap();
    let up = world.say(&begin, Fate::Arrives);
    world.hear(&up).unwrap();
    let mut out = Vec::new();
    let cloud = &mut world.pair.cloud;
    let event = pintle_protocol::Event::text("a/b", "c");
    assert_eq!(cloud.ping(&mut out), Err(SendError::Updating));
    assert_eq!(cloud.call(&mut out, "led", b"on"), Err(SendError::Updating));
    assert_eq!(cloud.event(&mut out, &event), Err(SendError::Updating));
    assert!(cloud.update(&mut out, &begin.message(&[]).unwrap()).is_err(), "one at a time");
    assert!(out.is_empty());
    let up = world.pair.says(|device, out| {
        device.ping(out).unwrap();
    });
    let mut pinged = None;
    world.pair.hears(&up, |sense| pinged = Some(matches!(sense, Sense::Request(_)))).unwrap();
    assert_eq!(pinged, Some(true));
    let id = MessageId(1);
    assert_eq!(world.pair.cloud.acknowledge(&mut out, id), Ok(()));
    world.pair.device_hears(&out).unwrap();
    assert_eq!(world.run(&mut std::iter::empty()), Ok(true));
    assert!(world.pair.cloud.ping(&mut out).is_ok());
}

#[test]
fn each_firmware_refuses_in_its_way_and_the_session_goes_on() {
    for (name, firmware) in FIRMWARE {
        let mut world = World::new(firmware, false, file(firmware.updates.largest as usize + 1), 9);
        let code = match firmware.updates.refuses {
            client::Refuses::WithToken => Code::UNAVAILABLE,
            _ => Code::BAD_REQUEST,
        };
        assert_eq!(world.run(&mut std::iter::empty()), Err(Failed::Refused(code)), "{name}");
        assert!(!world.sender.has_begun() && !world.pair.cloud.is_updating(), "{name}");
        let ping = world.pair.cloud_says(|cloud, out| {
            cloud.ping(out).unwrap();
        });
        assert!(!ping.is_empty() && world.pair.device_hears(&ping).is_ok());
    }
}

#[test]
fn a_device_that_says_nothing_for_too_long_is_given_up_at_each_step() {
    for steps in 0..4 {
        let mut world = World::new(Firmware::CORE, steps == 3, file(1024), 4000);
        for _ in 0..steps {
            let say = world.sender.poll_say(world.now).unwrap();
            let up = world.say(&say, Fate::Arrives);
            world.hear(&up).unwrap();
        }
        let at = world.sender.poll_timeout().unwrap();
        assert!(at <= STALLED, "{at:?}");
        assert_eq!(world.sender.handle_timeout(at - Duration::from_millis(1)), Ok(()));
        assert_eq!(world.sender.handle_timeout(at), Err(Failed::Silent));
        assert_eq!((world.sender.poll_timeout(), world.sender.poll_say(at)), (None, None));
    }
}

#[test]
fn a_file_whose_list_of_chunks_does_not_fit_beside_a_chunk_goes_the_slow_way() {
    let fast = |generation: Generation, size: u32| {
        let mut sender = Sender::new(Duration::ZERO, size, &generation.limits()).unwrap();
        let Some(Say::Begin(begin)) = sender.poll_say(Duration::ZERO) else { panic!() };
        (begin.fast, begin.chunk)
    };
    // A Core has 608 bytes for a chunk's 544 and the list: 64 bytes, 512 chunks.
    assert_eq!(bitmap(512), 64);
    assert_eq!(fast(Generation::Core, 512 * 512), (true, 512));
    assert_eq!(fast(Generation::Core, 512 * 512 + 1), (false, 512));
    assert_eq!(fast(Generation::Photon, 512 * 513), (true, 512));
    let limits = Generation::Photon.limits();
    assert!(Sender::new(Duration::ZERO, 0, &limits).is_err());
    assert!(Sender::new(Duration::ZERO, 512 * 65_535, &limits).is_ok());
    assert!(Sender::new(Duration::ZERO, 512 * 65_535 + 1, &limits).is_err());
}

#[test]
fn the_first_firmware_asks_again_where_nothing_comes_and_gets_no_chunk_twice_for_it() {
    for slow in [false, true] {
        let mut world = World::new(Firmware::PHOTON_0_4, slow, file(3000), 4000);
        for _ in 0..2 {
            let say = world.sender.poll_say(world.now).unwrap();
            let up = world.say(&say, Fate::Arrives);
            world.hear(&up).unwrap();
        }
        let receiver = world.receiver.as_mut().unwrap();
        let at = receiver.poll_timeout().unwrap();
        let missing = receiver.handle_timeout(at);
        assert_eq!(missing, if slow { vec![1] } else { vec![1, 2, 3, 4, 5] });
        let up = world.pair.says(|device, out| {
            device.chunks_missed(out, &missing).unwrap();
        });
        assert_eq!(world.hear(&up), Ok(false));
        assert_eq!(world.run(&mut std::iter::empty()), Ok(true));
        assert_eq!(world.stored[..], world.file[..]);
    }
}

#[test]
fn an_update_begins_anew_in_a_new_session() {
    let firmware = Firmware::PHOTON_2_3;
    let mut cut = World::new(firmware, false, file(20_000), 4000);
    for _ in 0..9 {
        let say = cut.sender.poll_say(cut.now).unwrap();
        let up = cut.say(&say, Fate::Arrives);
        cut.hear(&up).unwrap();
    }
    let mut anew = World::new(firmware, false, file(20_000), 4000);
    anew.receiver = cut.receiver.take();
    assert_eq!(anew.run(&mut std::iter::empty()), Ok(true));
    assert_eq!(anew.stored[..], anew.file[..]);
}
