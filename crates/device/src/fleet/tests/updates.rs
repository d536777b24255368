//! A fleet that takes updates, and the cloud's side of that.

use super::*;
use crate::fleet::image::tests::module;
use pintle_firmware::Digest;
use pintle_firmware::module::Product;
use pintle_protocol::coap::Code;
use pintle_protocol::describe::System;
use pintle_protocol::hello::HelloFlags;
use pintle_protocol::update::{Chunk, Finish, FromDevice, Sender, Start, Started};

const START: RequestToken = RequestToken(201);
const FINISH: RequestToken = RequestToken(202);

/// The updates that a cloud sends: one to each device that publishes, until so many are begun.
#[derive(Default)]
pub(super) struct Updates {
    file: Vec<u8>,
    wanted: usize,
    sending: HashMap<ConnectionId, Sending>,
}

#[derive(Default)]
struct Sending {
    sender: Option<Sender>,
    last_id: u16,
    finished: bool,
}

/// What was said of images, in the order in which it was said.
#[derive(Default)]
pub(super) struct Images {
    versions: Vec<Option<u16>>,
    succeeded: usize,
    hashes: Vec<[u8; 32]>,
    reasons: Vec<String>,
}

impl Images {
    pub(super) fn hear(&mut self, message: &Message<'_>) {
        match decode(message).unwrap() {
            Request::Hello(hello) => {
                self.versions.push(hello.product_version);
                self.succeeded += usize::from(hello.flags.contains(HelloFlags::UPDATE_SUCCEEDED));
            }
            Request::Describe { kind: DescribeKind::System, body, .. } => {
                let modules = System::parse(body).unwrap().modules;
                self.hashes.extend(modules.iter().filter_map(|module| module.hash));
            }
            Request::Event(event) if event.name == "spark/device/last_reset" => {
                self.reasons.push(String::from_utf8(event.data.to_vec()).unwrap());
            }
            _ => {}
        }
    }
}

impl Updates {
    fn start(&self) -> (Start<'static>, [u8; 32]) {
        let sha256 = Digest::of(&self.file).0;
        let start = Start {
            file_size: self.file.len() as u32,
            sha256: Some(sha256),
            chunk_size: 1024,
            discard: false,
            function: None,
            statement: &[],
        };
        (start, sha256)
    }

    /// A device is there: its update begins.
    pub(super) fn begin(&mut self, id: ConnectionId) -> Option<Vec<u8>> {
        if self.wanted == 0 || self.sending.contains_key(&id) {
            return None;
        }
        self.wanted -= 1;
        self.sending.insert(id, Sending { last_id: 1000, ..Sending::default() });
        let mut start = Vec::new();
        self.start().0.write(&mut start, MessageId(1000), START).unwrap();
        Some(start)
    }

    /// What to answer a message of a transfer.
    pub(super) fn heard(
        &mut self,
        now: Duration,
        id: ConnectionId,
        message: &Message<'_>,
    ) -> Vec<Vec<u8>> {
        let (start, _) = self.start();
        let Some(sending) = self.sending.get_mut(&id) else { return Vec::new() };
        if message.code == Code::CREATED
            && message.token == START.into()
            && sending.sender.is_none()
        {
            let started = Started::read(message).unwrap();
            sending.sender = Sender::new(now, &start, started);
        }
        if let Ok(Some(FromDevice::Acknowledged(what))) = FromDevice::decode(message) {
            sending.sender.as_mut().unwrap().acknowledged(now, &what).unwrap();
        }
        sending.chunks(now, &self.file)
    }

    /// What is to be sent because time went by.
    pub(super) fn due(&mut self, now: Duration) -> Vec<(ConnectionId, Vec<u8>)> {
        let file = &self.file;
        let due = self.sending.iter_mut().flat_map(|(id, sending)| {
            if let Some(sender) = &mut sending.sender {
                sender.handle_timeout(now);
            }
            sending.chunks(now, file).into_iter().map(|message| (*id, message))
        });
        due.collect()
    }
}

impl Sending {
    fn chunks(&mut self, now: Duration, file: &[u8]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let Some(sender) = &mut self.sender else { return out };
        while let Some(next) = sender.poll_chunk(now) {
            let mut message = Vec::new();
            let data = &file[next.bytes.start as usize..next.bytes.end as usize];
            self.last_id += 1;
            Chunk { index: next.index, data }.write(&mut message, MessageId(self.last_id)).unwrap();
            out.push(message);
        }
        if sender.is_complete() && !std::mem::replace(&mut self.finished, true) {
            let mut message = Vec::new();
            Finish::default().write(&mut message, MessageId(self.last_id + 1), FINISH).unwrap();
            out.push(message);
        }
        out
    }
}

fn update(devices: u32, unhealthy: f64, weather: Weather) -> (Report, Heard, Vec<u8>) {
    let file = module(9, &[7; 100_000]);
    let updates = Updates { file: file.clone(), wanted: devices as usize, ..Updates::default() };
    let (report, _, heard) = run_with(Whim::None, updates, |plan| {
        (plan.devices, plan.publishers, plan.unhealthy) = (devices, devices, unhealthy);
        plan.product = Some(Product { id: 700, version: 1 });
        plan.weather = weather;
    });
    (report, heard, file)
}

#[test]
fn p8_a_device_that_took_an_update_comes_back_with_it() {
    let (report, heard, file) = update(3, 0.0, Weather::default());
    assert_eq!((report.updates.begun, report.updates.taken, report.updates.installed), (3, 3, 3));
    assert_eq!(report.updates.bytes, 3 * file.len() as u64);
    let images = heard.images;
    assert_eq!((heard.hellos, images.succeeded), (6, 3));
    assert_eq!(images.versions.iter().filter(|version| **version == Some(9)).count(), 3);
    assert_eq!(images.hashes, [Digest::of(&file).0; 3]);
    assert_eq!(images.reasons, ["update"; 3]);
    assert_eq!((report.connected_at_end, report.sessions.lost), (3, 0));
}

#[test]
fn p8_a_share_of_the_devices_falls_back_and_says_so() {
    let (report, heard, file) = update(4, 25.0, Weather::default());
    assert_eq!((report.updates.installed, report.updates.fell_back), (3, 1));
    let mut images = heard.images;
    images.reasons.sort();
    assert_eq!(images.reasons[3], "update_error, it is not well");
    assert_eq!(images.hashes, [Digest::of(&file).0; 3]);
    assert_eq!(images.versions.iter().filter(|version| **version == Some(1)).count(), 5);
}

#[test]
fn an_update_overcomes_a_bad_network() {
    let weather = Weather { duplicate: 30.0, reorder: 30.0, ..Weather::default() };
    let (report, heard, file) = update(2, 0.0, weather);
    assert_eq!((report.updates.taken, report.updates.installed), (2, 2), "{report:?}");
    assert!(report.updates.again > 0, "{report:?}");
    assert_eq!(heard.images.hashes, [Digest::of(&file).0; 2]);
}
