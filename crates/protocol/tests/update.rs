//! Firmware transfers: the recorded one again, message for message, and others over networks that lose and reorder.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::time::Duration;

use pintle_protocol::coap::{Code, Kind, Message, MessageId, RequestToken};
use pintle_protocol::update::{
    Acknowledged, Chunk, Failure, Finish, FromCloud, FromDevice, Gaps, Lied, MAX_STATEMENT,
    Receiver, Refusal, Sender, Start, Started, Statistics, Took, window_of,
};
use pintle_protocol::{Error, MAX_MESSAGE, from_cloud};
use proptest::prelude::*;

struct Recorded {
    at: Duration,
    from_cloud: bool,
    bytes: Vec<u8>,
}

/// `tests/vectors/device-os-6.2/s4.log`: an update with gaps, refusals and a second start.
fn recorded() -> Vec<Recorded> {
    let path = "../../tests/vectors/device-os-6.2/s4.log";
    let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        let at = Duration::from_secs_f64(words.next()?.parse().ok()?);
        let from_cloud = match words.next()? {
            "S>C" => true,
            "C>S" => false,
            _ => return None,
        };
        let hex = line.rsplit('|').next()?.trim();
        let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        let bytes = (0..hex.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?;
        Some(Recorded { at, from_cloud, bytes })
    };
    String::from_utf8_lossy(&text).lines().filter_map(read).collect()
}

fn token(message: &Message<'_>) -> RequestToken {
    message.token.try_into().unwrap()
}

/// What is decoded, written again; none for what is no message of a transfer.
fn rewritten(recorded: &Recorded) -> Option<Vec<u8>> {
    let message = Message::parse(&recorded.bytes).unwrap();
    let mut out = Vec::new();
    if recorded.from_cloud {
        match FromCloud::decode(&message).ok()?? {
            FromCloud::Start(start) => start.write(&mut out, message.id, token(&message)).unwrap(),
            FromCloud::Chunk(chunk) => chunk.write(&mut out, message.id).unwrap(),
            FromCloud::Finish(finish) => {
                finish.write(&mut out, message.id, token(&message)).unwrap();
            }
        }
    } else if message.code == Code::CREATED {
        let started = Started::read(&message).unwrap();
        started.write(&mut out, message.id, message.token).unwrap();
    } else {
        let FromDevice::Acknowledged(what) = FromDevice::decode(&message).unwrap()?;
        what.write(&mut out, message.id).unwrap();
    }
    Some(out)
}

#[test]
fn every_message_of_the_recorded_update_is_written_again_byte_for_byte() {
    let mut count = 0;
    for recorded in recorded() {
        if let Some(out) = rewritten(&recorded) {
            assert_eq!(out, recorded.bytes);
            count += 1;
        }
    }
    // 3 starts, 2 answers, 42 chunks, 37 acknowledgements, 3 finishes; two starts more are impossible ones.
    assert_eq!(count, 87);
}

#[test]
fn a_receiver_acknowledges_as_the_recorded_device_did() {
    let mut receiver: Option<Receiver> = None;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut file = Vec::new();
    let mut pending = None;
    let recorded = recorded();
    for Recorded { at, bytes, .. } in &recorded {
        let (at, message) = (*at, Message::parse(bytes).unwrap());
        if message.code == Code::CREATED {
            let start = pending.take().unwrap();
            let new = Receiver::new(at, &start, 0);
            assert_eq!(new.started(), Started::read(&message).unwrap());
            file.clear();
            receiver = Some(new);
        }
        // Finishing too early broke the first one off.
        if message.code == Code::UNAVAILABLE && message.kind == Kind::Confirmable {
            receiver = None;
        }
        match FromCloud::decode(&message) {
            Ok(Some(FromCloud::Start(start))) => pending = Some(start),
            Ok(Some(FromCloud::Chunk(chunk))) => {
                let Some(receiver) = &mut receiver else { continue };
                receiver.take(at, &chunk).unwrap();
                ours.extend(receiver.poll_acknowledged(at));
                while let Some((to, data)) = receiver.poll_piece() {
                    assert_eq!(to as usize, file.len());
                    file.extend(data);
                }
            }
            _ => {}
        }
        if let Ok(Some(FromDevice::Acknowledged(what))) = FromDevice::decode(&message) {
            theirs.push(what);
        }
    }
    assert_eq!(ours, theirs);
    assert_eq!(file.len(), 0x4e64);
    let said = receiver.unwrap().statistics();
    let expected = Statistics { received: 21, again: 1, out_of_order: 2, acknowledgements: 20 };
    assert_eq!(said, expected);
    let mut messages = recorded.iter().map(|one| Message::parse(&one.bytes).unwrap());
    let answer = messages.rfind(|message| message.code == Code::CHANGED).unwrap();
    assert_eq!(answer.payload(), said.to_json().as_bytes());
    assert_eq!(Statistics::read(answer.payload()), said);
}

#[test]
fn a_recorded_refusal_is_read() {
    let refusals: Vec<_> = recorded()
        .iter()
        .filter_map(|recorded| {
            let message = Message::parse(&recorded.bytes).unwrap();
            let failed = message.code == Code::UNAVAILABLE;
            failed.then(|| Failure::read(message.code, message.payload()).why.unwrap())
        })
        .collect();
    let wrong = Refusal::PROTOCOL;
    assert_eq!(refusals, [wrong, wrong, Refusal::SIZE, Refusal::NOT_RUNNING, wrong]);
    let mut out = Vec::new();
    let token = RequestToken(7).into();
    Failure::write(&mut out, Kind::Confirmable, MessageId(1), token, Refusal::DISABLED);
    let message = Message::parse(&out).unwrap();
    let read = Failure::read(message.code, message.payload());
    assert_eq!((read.code, read.why), (Code::UNAVAILABLE, Some(Refusal::DISABLED)));
    assert_eq!(Failure::read(Code::FORBIDDEN, b"no JSON").why, None);
}

fn start(file_size: u32, chunk_size: u16) -> Start<'static> {
    Start { file_size, sha256: None, chunk_size, discard: false, function: None, statement: &[] }
}

#[test]
fn a_device_that_acknowledges_what_was_not_sent_is_told() {
    let start = start(100_000, 1024);
    let started = Started { window: 128, offset: 0 };
    let mut sender = Sender::new(Duration::ZERO, &start, started).unwrap();
    for _ in 0..3 {
        sender.poll_chunk(Duration::ZERO).unwrap();
    }
    let of = |index, gaps: &[u32]| {
        let mut set = Gaps::none();
        gaps.iter().for_each(|gap| set.insert(*gap));
        Acknowledged { index, gaps: set }
    };
    let mut said = |what| sender.acknowledged(Duration::ZERO, &what);
    assert_eq!(said(of(4, &[])), Err(Lied));
    assert_eq!(said(of(1, &[2])), Err(Lied));
    assert_eq!(said(of(u32::MAX, &[5])), Err(Lied));
    assert_eq!(said(of(1, &[1])), Ok(()));
    assert_eq!(said(of(3, &[])), Ok(()));
    assert_eq!(said(of(2, &[])), Ok(()), "late, and harmless");
}

#[test]
fn chunks_that_cannot_be_end_the_connection() {
    let mut receiver = Receiver::new(Duration::ZERO, &start(2048 + 4, 1024), 0);
    let long = [0; 1024];
    for (index, data) in [(0, &long[..]), (4, &long[..]), (1, &long[..1020]), (3, &long[..])] {
        let taken = receiver.take(Duration::ZERO, &Chunk { index, data });
        assert_eq!(taken, Err(Refusal::PROTOCOL), "{index}");
    }
    assert_eq!(receiver.take(Duration::ZERO, &Chunk { index: 3, data: &long[..4] }), Ok(Took::New));
    assert!(!receiver.is_over(Duration::from_secs(299)));
    assert!(receiver.is_over(Duration::from_secs(300)));
}

#[test]
fn a_chunk_past_the_window_is_not_taken() {
    let mut receiver = Receiver::new(Duration::ZERO, &start(1_000_000, 1024), 0);
    let data = &[0; 1024];
    assert_eq!(receiver.take(Duration::ZERO, &Chunk { index: 129, data }), Ok(Took::TooFar));
    assert_eq!(receiver.take(Duration::ZERO, &Chunk { index: 128, data }), Ok(Took::New));
    assert_eq!(receiver.take(Duration::ZERO, &Chunk { index: 128, data }), Ok(Took::Again));
}

#[test]
fn a_statement_longer_than_the_limit_is_neither_written_nor_read() {
    let statement = [7; MAX_STATEMENT + 1];
    let long = Start { statement: &statement, ..start(1000, 512) };
    let mut out = Vec::new();
    let refused = long.write(&mut out, MessageId(1), RequestToken(1));
    assert_eq!((refused, out.len()), (Err(Error::TooLong { limit: MAX_STATEMENT }), 0));
    start(1000, 512).write(&mut out, MessageId(1), RequestToken(1)).unwrap();
    out.push(0xff);
    out.extend(statement);
    let message = Message::parse(&out).unwrap();
    assert_eq!(FromCloud::decode(&message), Err(Error::Update));
}

#[test]
fn finish_says_whether_it_is_a_cancel() {
    for (cancel, discard) in [(false, false), (true, false), (true, true)] {
        let finish = Finish { cancel, discard };
        let mut out = Vec::new();
        finish.write(&mut out, MessageId(1), RequestToken(1)).unwrap();
        let message = Message::parse(&out).unwrap();
        assert_eq!(FromCloud::decode(&message), Ok(Some(FromCloud::Finish(finish))));
    }
}

/// A link: how long a chunk takes to send, how long to arrive, and how many of a hundred are lost, both ways.
#[derive(Clone, Copy, Debug)]
struct Link {
    send: Duration,
    arrive: Duration,
    jitter: Duration,
    loss: u8,
}

#[derive(Debug)]
struct Outcome {
    took: Duration,
    sent: u64,
    file: Vec<u8>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Arrives {
    Chunk(u32, Vec<u8>),
    Acknowledged(u32, Vec<u8>),
}

struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below.max(1)
    }
}

/// A whole transfer on virtual time, from `stored` on.
fn transfer(file: &[u8], chunk: u16, stored: u32, link: Link, seed: u64) -> Outcome {
    let mut chance = Chance(seed);
    let start = start(u32::try_from(file.len()).unwrap(), chunk);
    let mut receiver = Receiver::new(Duration::ZERO, &start, stored);
    let mut sender = Sender::new(Duration::ZERO, &start, receiver.started()).unwrap();
    let mut out = Outcome { took: Duration::ZERO, sent: 0, file: file[..stored as usize].to_vec() };
    let mut air: BinaryHeap<Reverse<(Duration, u64, Arrives)>> = BinaryHeap::new();
    let (mut now, mut free, mut order) = (Duration::ZERO, Duration::ZERO, 0);
    while !sender.is_complete() {
        while let Some(sent) = sender.poll_chunk(now) {
            assert!(sender.under_way() <= window_of(chunk));
            assert!(sent.bytes.end <= sender.arrived() + window_of(chunk) * u32::from(chunk));
            free = free.max(now) + link.send;
            (out.sent, order) = (out.sent + 1, order + 1);
            let jitter = link.jitter.mul_f64(chance.next(1000) as f64 / 1000.0);
            let data = file[sent.bytes.start as usize..sent.bytes.end as usize].to_vec();
            if chance.next(100) >= link.loss.into() {
                let arrives = Arrives::Chunk(sent.index, data);
                air.push(Reverse((free + link.arrive + jitter, order, arrives)));
            }
        }
        let arriving = air.peek().map(|Reverse((at, ..))| *at);
        let due = [arriving, sender.poll_timeout(), Some(receiver.poll_timeout())];
        now = now.max(due.into_iter().flatten().min().unwrap());
        assert!(now < Duration::from_secs(3600), "it does not end: {:?}", sender.arrived());
        assert!(sender.handle_timeout(now), "the device is not gone");
        if arriving.is_some_and(|at| at <= now) {
            match air.pop().unwrap().0.2 {
                Arrives::Chunk(index, data) => {
                    receiver.take(now, &Chunk { index, data: &data }).unwrap();
                }
                Arrives::Acknowledged(index, gaps) => {
                    let gaps = Gaps::from_bytes(&gaps);
                    sender.acknowledged(now, &Acknowledged { index, gaps }).unwrap();
                }
            }
        }
        if let Some(Acknowledged { index, gaps }) = receiver.poll_acknowledged(now)
            && chance.next(100) >= link.loss.into()
        {
            order += 1;
            let arrives = Arrives::Acknowledged(index, gaps.to_bytes());
            air.push(Reverse((now + link.arrive, order, arrives)));
        }
        while let Some((at, data)) = receiver.poll_piece() {
            assert_eq!(at as usize, out.file.len());
            out.file.extend(data);
        }
    }
    out.took = now;
    out
}

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}

#[test]
fn lost_chunks_cost_no_more_than_themselves() {
    let link = Link {
        send: Duration::from_millis(2),
        arrive: Duration::from_millis(25),
        jitter: Duration::ZERO,
        loss: 0,
    };
    for (chunks, slower, more) in [(512, 1.35, 1.1), (4096, 1.15, 1.05)] {
        let file = file(chunks * 1024);
        let clean = transfer(&file, 1024, 0, link, 1);
        assert_eq!(clean.sent, chunks as u64, "nothing is sent twice");
        for loss in [5, 20] {
            let outcomes =
                [1, 2, 3].map(|seed| transfer(&file, 1024, 0, Link { loss, ..link }, seed));
            let kept = f64::from(100 - loss) / 100.0;
            let took = outcomes.iter().map(|one| one.took.as_secs_f64()).sum::<f64>() / 3.0;
            let time = took / (clean.took.as_secs_f64() / kept);
            let sent = outcomes.iter().map(|one| one.sent as f64).sum::<f64>() / 3.0;
            let sent = sent / (chunks as f64 / kept);
            println!(
                "{chunks} chunks, {loss} % lost: {time:.2} of the ideal time, {sent:.2} of the ideal count"
            );
            assert!(time < slower && sent < more, "{chunks}, {loss} %: {time:.2}, {sent:.2}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_file_arrives_whole_whatever_the_network_does(
        length in 4..200_000_usize, chunk in 128..=284_u16, stored in 0..100_u32, loss in 0..50_u8,
        arrive in 0..400_u64, jitter in 0..200_u64, seed: u64,
    ) {
        let (chunk, file) = (chunk * 4, file(length));
        let stored = (stored * u32::from(chunk)).min(u32::try_from(length).unwrap());
        let link = Link {
            send: Duration::from_micros(500),
            arrive: Duration::from_millis(arrive),
            jitter: Duration::from_millis(jitter),
            loss,
        };
        prop_assert!(transfer(&file, chunk, stored, link, seed).file == file);
    }

    #[test]
    fn a_start_means_the_same_on_the_other_side(
        file_size in 1..=u32::MAX, sha256: Option<[u8; 32]>, chunk in 128..=284_u16, discard: bool,
        function: Option<u8>, statement in prop::collection::vec(any::<u8>(), 0..=MAX_STATEMENT),
    ) {
        let chunk_size = chunk * 4;
        let start = Start { file_size, sha256, chunk_size, discard, function, statement: &statement };
        let mut out = Vec::new();
        start.write(&mut out, MessageId(1), RequestToken(1)).unwrap();
        prop_assert!(out.len() <= MAX_MESSAGE);
        let message = Message::parse(&out).unwrap();
        let decoded = from_cloud::Request::Update(FromCloud::Start(start));
        prop_assert_eq!(from_cloud::decode(&message), Ok(decoded));
    }

    #[test]
    fn gaps_are_a_set_that_moves(
        bits in prop::collection::btree_set(0..300_u32, 0..200),
    ) {
        let mut gaps = Gaps::none();
        bits.iter().for_each(|bit| gaps.insert(*bit));
        prop_assert_eq!(&Gaps::from_bytes(&gaps.to_bytes()), &gaps);
        prop_assert_eq!(gaps.iter().collect::<Vec<_>>(), bits.iter().copied().collect::<Vec<_>>());
        let first = (0..).find(|bit| !bits.contains(bit)).unwrap();
        prop_assert_eq!(gaps.advance(), first);
        let left: Vec<u32> = bits.iter().filter_map(|bit| bit.checked_sub(first)).collect();
        prop_assert_eq!(gaps.iter().collect::<Vec<_>>(), left);
        prop_assert_eq!(gaps.to_bytes().is_empty(), gaps.is_empty());
    }

    #[test]
    fn no_bytes_make_a_transfer_panic(bytes: Vec<u8>, index: u32, gaps: Vec<u8>) {
        if let Ok(message) = Message::parse(&bytes) {
            let _ = (FromCloud::decode(&message), FromDevice::decode(&message), Started::read(&message));
        }
        let started = Started { window: 128, offset: 0 };
        let mut sender = Sender::new(Duration::ZERO, &start(9_999, 512), started).unwrap();
        while sender.poll_chunk(Duration::ZERO).is_some() {}
        let what = Acknowledged { index, gaps: Gaps::from_bytes(&gaps) };
        let _ = sender.acknowledged(Duration::ZERO, &what);
        let _ = sender.poll_chunk(Duration::ZERO);
    }
}
