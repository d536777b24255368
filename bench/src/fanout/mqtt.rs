//! As much of MQTT 3.1.1 as a subscriber of QoS 0 and a publisher need.

use super::load::Count;

/// CONNECT: a clean session that never times out.
pub fn connect(client: &str) -> Vec<u8> {
    let mut body = b"\x00\x04MQTT\x04\x02\x00\x00".to_vec();
    body.extend(text(client));
    packet(0x10, &body)
}

/// SUBSCRIBE to one topic with QoS 0.
pub fn subscribe(topic: &str) -> Vec<u8> {
    let mut body = vec![0, 1];
    body.extend(text(topic));
    body.push(0);
    packet(0x82, &body)
}

/// PUBLISH with QoS 0.
pub fn publish(topic: &str, data: &[u8]) -> Vec<u8> {
    let mut body = text(topic);
    body.extend(data);
    packet(0x30, &body)
}

/// The length of a whole CONNACK.
pub const CONNACK: usize = 4;
/// The length of a SUBACK for one topic.
pub const SUBACK: usize = 5;

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("names are short");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).ok().filter(|length| *length < 128);
    let length = length.expect("what is sent here has a length of one byte");
    [&[kind, length], body].concat()
}

/// Counts the packets of a stream. Each has a length of one byte here.
#[derive(Default)]
pub struct Packets {
    /// Whether the next byte is a length.
    length: bool,
    /// Bytes of the packet that are still to come.
    left: usize,
}

impl Count for Packets {
    fn count(&mut self, mut bytes: &[u8]) -> u64 {
        let mut begun = 0;
        while let Some((first, rest)) = bytes.split_first() {
            let skipped = self.left.min(bytes.len());
            if skipped > 0 {
                self.left -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            if self.length {
                self.left = usize::from(*first);
                begun += 1;
            } else {
                assert_eq!(first >> 4, 3, "after the SUBACK only PUBLISH comes");
            }
            self.length = !self.length;
            bytes = rest;
        }
        begun
    }
}
