//! Transfers of updates: messages from anybody, and a sender and a receiver that are told anything.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::coap::Message;
use pintle_protocol::update::{
    Acknowledged, Chunk, Failure, FromCloud, FromDevice, Gaps, Receiver, Sender, Start, Started,
};
use std::time::Duration;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Message::parse(bytes) {
        let _ =
            (FromCloud::decode(&message), FromDevice::decode(&message), Started::read(&message));
        let _ = Failure::read(message.code, message.payload());
    }
    let [chunk, window, offset, ref rest @ ..] = *bytes else { return };
    let chunk_size = 512 + u16::from(chunk) * 2;
    let start = Start {
        file_size: 40_000,
        sha256: None,
        chunk_size,
        discard: false,
        function: None,
        statement: rest,
    };
    let offset = u32::from(offset) * 200;
    let started = Started { window: u32::from(window), offset };
    let mut sender = Sender::new(Duration::ZERO, &start, started);
    let mut receiver = Receiver::new(Duration::ZERO, &start, offset);
    let data = [0; 2048];
    for (step, told) in rest.chunks(6).enumerate() {
        let now = Duration::from_millis(step as u64 * u64::from(told[0]));
        let index = u32::from(told[0]);
        if let Some(sender) = &mut sender {
            let gaps = Gaps::from_bytes(told.get(2..).unwrap_or_default());
            let _ = sender.acknowledged(now, &Acknowledged { index: index / 4, gaps });
            if let Some(sent) = sender.poll_chunk(now) {
                assert!(sent.bytes.end <= start.file_size && sent.bytes.start < sent.bytes.end);
            }
            let _ = (sender.handle_timeout(now), sender.poll_timeout());
        }
        let length = if told.len() > 1 { usize::from(chunk_size) } else { usize::from(told[0]) };
        let _ = receiver.take(now, &Chunk { index, data: &data[..length] });
        let _ = receiver.poll_acknowledged(now);
        while let Some((at, piece)) = receiver.poll_piece() {
            assert!(at as usize + piece.len() <= start.file_size as usize);
        }
    }
});
