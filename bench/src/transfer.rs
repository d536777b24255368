//! A firmware update to one device, both ends without a socket and on virtual time: what it costs, and what is sent
//! more than once, beside the least that must be.

use crate::clock::Stopwatch;
use crate::module;
use crate::sample::Samples;
use crate::table::{Row, Section};
use pintle_protocol::coap::{Message, MessageId};
use pintle_protocol::update::{Chunk, FromCloud, FromDevice, Receiver, Sender, Start};
use std::collections::VecDeque;
use std::time::Duration;

/// The file, in bytes, and its chunks, as Device OS has them.
const SIZE: usize = 512 * 1024;
const CHUNK: u16 = 1024;
/// From one end to the other.
const WAY: Duration = Duration::from_millis(20);
/// One datagram after the other: 1.25 MB/s.
const EACH: Duration = Duration::from_micros(800);
/// Of a hundred messages in either direction, how many are lost.
const LOSSES: [u32; 3] = [0, 5, 20];

/// Runs it, with as many different losses as rounds.
pub fn run(rounds: usize) -> Section {
    let file = module::sample(2, SIZE);
    let mut rows = Vec::new();
    for loss in LOSSES {
        let [mut cloud, mut device, mut again, mut took] = <[Samples; 4]>::default();
        for round in 0..=rounds {
            let seed = u64::try_from(round).unwrap_or(0) * 100 + u64::from(loss);
            let transfer = Transfer::new(&file, loss, seed).run();
            // The first round warms up.
            if round > 0 {
                cloud.push(transfer.cloud.per(1));
                device.push(transfer.device.per(1));
                again.push(transfer.again as f64 / transfer.chunks as f64 * 100.0);
                took.push(transfer.now.as_secs_f64());
            }
        }
        let speed = |time: &Samples| time.map(|each| file.len() as f64 * 1e3 / each);
        let lost = f64::from(loss) / 100.0;
        let least = lost / (1.0 - lost) * 100.0;
        let at = format!("{loss} % lost");
        let row = |what: &str| format!("{at}: {what}");
        rows.push(Row::of(&row("the cloud's side, a core"), "MB/s", &speed(&cloud)));
        rows.push(Row::of(&row("the device's side, a core"), "MB/s", &speed(&device)));
        rows.push(Row::of(&row("sent again"), "%", &again));
        rows.push(Row::of(&row("  the least that must be"), "%", &[least].into_iter().collect()));
        let by_the_clock = took.map(|took| file.len() as f64 / 1e6 / took);
        rows.push(Row::of(&row("on that line, by the clock"), "MB/s", &by_the_clock));
    }
    Section {
        title: "An update of 512 KiB to one device, no socket, virtual time",
        rows,
        note: NOTE,
    }
}

/// A message on its way, and when it is there.
type Under = (Duration, Vec<u8>);

struct Transfer<'a> {
    file: &'a [u8],
    sender: Sender,
    receiver: Receiver,
    to_device: VecDeque<Under>,
    to_cloud: VecDeque<Under>,
    /// When the line is free for the next datagram.
    free: Duration,
    loss: u32,
    random: u64,
    id: u16,
    now: Duration,
    chunks: u64,
    again: u64,
    stored: usize,
    cloud: Stopwatch,
    device: Stopwatch,
}

impl<'a> Transfer<'a> {
    fn new(file: &'a [u8], loss: u32, seed: u64) -> Self {
        let file_size = u32::try_from(file.len()).expect("a short file");
        let start = Start {
            file_size,
            sha256: None,
            chunk_size: CHUNK,
            discard: false,
            function: None,
            statement: &[],
        };
        let now = Duration::ZERO;
        let receiver = Receiver::new(now, &start, 0);
        let sender = Sender::new(now, &start, receiver.started()).expect("a device's window");
        Self {
            file,
            sender,
            receiver,
            to_device: VecDeque::new(),
            to_cloud: VecDeque::new(),
            free: now,
            loss,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            id: 0,
            now,
            chunks: 0,
            again: 0,
            stored: 0,
            cloud: Stopwatch::default(),
            device: Stopwatch::default(),
        }
    }

    fn run(mut self) -> Self {
        while !self.sender.is_complete() {
            self.send();
            self.now = self.next();
            while let Some((_, message)) = self.to_device.pop_front_if(|(at, _)| *at <= self.now) {
                self.at_device(&message);
            }
            self.acknowledge();
            while let Some((_, message)) = self.to_cloud.pop_front_if(|(at, _)| *at <= self.now) {
                self.at_cloud(&message);
            }
            let now = self.now;
            self.cloud.time(|| self.sender.handle_timeout(now));
        }
        assert_eq!(self.stored, self.file.len(), "all of it came");
        self
    }

    /// When something happens next.
    fn next(&self) -> Duration {
        let fronts = [self.to_device.front(), self.to_cloud.front()];
        let fronts = fronts.into_iter().flatten().map(|(at, _)| *at);
        let timers = [self.sender.poll_timeout(), Some(self.receiver.poll_timeout())];
        let next = fronts.chain(timers.into_iter().flatten()).min();
        next.map_or(self.now, |next| next.max(self.now + Duration::from_micros(1)))
    }

    fn send(&mut self) {
        let now = self.now;
        loop {
            let id = self.id.wrapping_add(1);
            let (file, sender) = (self.file, &mut self.sender);
            let made = self.cloud.time(|| {
                let next = sender.poll_chunk(now)?;
                let data = file.get(next.bytes.start as usize..next.bytes.end as usize)?;
                let mut message = Vec::with_capacity(1200);
                Chunk { index: next.index, data }.write(&mut message, MessageId(id)).ok()?;
                Some((message, next.again))
            });
            let Some((message, again)) = made else { return };
            self.id = id;
            self.chunks += u64::from(!again);
            self.again += u64::from(again);
            self.free = self.free.max(now) + EACH;
            if !self.is_lost() {
                self.to_device.push_back((self.free + WAY, message));
            }
        }
    }

    fn at_device(&mut self, bytes: &[u8]) {
        let (now, receiver) = (self.now, &mut self.receiver);
        self.stored += self.device.time(|| {
            let message = Message::parse(bytes).expect("as it was written");
            let Ok(Some(FromCloud::Chunk(chunk))) = FromCloud::decode(&message) else {
                panic!("a chunk")
            };
            receiver.take(now, &chunk).expect("a chunk of this file");
            std::iter::from_fn(|| receiver.poll_piece())
                .map(|(_, piece)| piece.len())
                .sum::<usize>()
        });
        self.acknowledge();
    }

    fn acknowledge(&mut self) {
        let (now, receiver) = (self.now, &mut self.receiver);
        let said = self.device.time(|| {
            let mut message = Vec::new();
            receiver.poll_acknowledged(now)?.write(&mut message, MessageId(1)).ok()?;
            Some(message)
        });
        if let Some(message) = said.filter(|_| !self.is_lost()) {
            self.to_cloud.push_back((now + WAY, message));
        }
    }

    fn at_cloud(&mut self, bytes: &[u8]) {
        let (now, sender) = (self.now, &mut self.sender);
        self.cloud.time(|| {
            let message = Message::parse(bytes).expect("as it was written");
            let Ok(Some(FromDevice::Acknowledged(what))) = FromDevice::decode(&message) else {
                panic!("an acknowledgement")
            };
            sender.acknowledged(now, &what).expect("what was sent");
        });
    }

    fn is_lost(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 33) % 100 < u64::from(self.loss)
    }
}

const NOTE: &str = "Chunks of 1,024 bytes and their acknowledgements, written and read as CoAP, without the record around \
them; 20 ms each way over a line of 1.25 MB/s, losses in both directions. The least that must be sent again is what is \
lost of the chunks and of those sent again for them. Processor time of each side alone. By the clock: so short a \
transfer spends half of its time on finding out what the line takes and, with losses, on its last few chunks.";
