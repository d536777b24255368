//! Damage: every bit of every frame turned over, every byte left out, and the stream cut at every byte, in recorded
//! sessions and in longer ones of our own, towards the cloud and towards a device.
//!
//! What a frame holds besides a user's data (header, options, a describe's JSON) is its structure. Where damage meets
//! structure the session must end with that frame, and nothing of it or after it may be acted on. CBC without a MAC
//! cannot show damage to data past the first block: that is counted, and the count is in SECURITY.md.
//!
//! A sample runs by default; `PINTLE_TCP_DAMAGE=full` runs everything, and both print what they counted.

use std::collections::BTreeMap;

use crate::damaged::{Heard, Stream, streams};

/// Which bits and bytes of a stream are damaged.
struct Sample {
    stride: usize,
}

impl Sample {
    fn chosen() -> Self {
        let full = std::env::var("PINTLE_TCP_DAMAGE").is_ok_and(|value| value == "full");
        Self { stride: if full { 1 } else { 41 } }
    }

    fn of(&self, places: usize) -> impl Iterator<Item = usize> {
        (0..places).step_by(self.stride)
    }
}

/// Cases and those of them that nothing showed.
type Counts = BTreeMap<(&'static str, String), (u32, u32)>;

fn print(what: &str, counts: &Counts) {
    println!("{what}:");
    for ((side, place), (cases, unseen)) in counts {
        println!("  {side:9} {place:30} {cases:7} cases, {unseen:6} not seen");
    }
    let cases: u32 = counts.values().map(|(cases, _)| cases).sum();
    println!("  {cases} cases in all");
}

#[test]
fn p2_a_bit_turned_over_in_structure_ends_the_session_with_that_frame() {
    let (sample, mut counts) = (Sample::chosen(), Counts::new());
    for stream in streams() {
        let whole = stream.hear(&stream.bytes());
        assert!(!whole.ended, "{}: undamaged", stream.name);
        for bit in sample.of(stream.bytes().len() * 8) {
            let mut bytes = stream.bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (frame, place) = stream.place(bit / 8);
            let heard = stream.hear(&bytes);
            assert_eq!(heard.messages[..frame], whole.messages[..frame], "{}", stream.name);
            let seen = heard.messages.len() == frame;
            let entry = counts.entry((stream.side, place.to_string())).or_default();
            *entry = (entry.0 + 1, entry.1 + u32::from(!seen));
            // A longer length may make one frame of several: its header is right, and in one case of 256 its padding.
            if place.is_structure() && !place.is_length() && stream.side == "to cloud" {
                assert!(seen, "{} bit {bit} of frame {frame}: {place}", stream.name);
            }
            assert!(!seen || heard.ended || place.is_length(), "{}: {place}", stream.name);
            // A device does not look at ids. After a header that is right by chance it hears the next one, too, in
            // which the same bit is turned over.
            if stream.side == "to cloud" {
                only_this_one_differs(&stream.name, &heard, &whole, frame);
            }
        }
    }
    print("Bits turned over", &counts);
}

/// What could not be seen changed one message's data, and no other message.
fn only_this_one_differs(name: &str, heard: &Heard, whole: &Heard, frame: usize) {
    let after = |heard: &Heard| heard.messages.get(frame + 1..).unwrap_or(&[]).to_vec();
    let (heard, whole) = (after(heard), after(whole));
    assert!(whole.starts_with(&heard), "{name}: frame {frame}");
}

#[test]
fn p2_a_byte_left_out_ends_the_session_with_that_frame() {
    let (sample, mut counts) = (Sample::chosen(), Counts::new());
    for stream in streams() {
        let whole = stream.hear(&stream.bytes());
        for byte in sample.of(stream.bytes().len()) {
            let mut bytes = stream.bytes();
            // Of equal bytes in a row it is always the last that is missed.
            let same = bytes[byte..].iter().take_while(|other| **other == bytes[byte]).count();
            let (frame, place) = stream.place(byte + same - 1);
            bytes.remove(byte);
            let heard = stream.hear(&bytes);
            assert_eq!(heard.messages[..frame], whole.messages[..frame], "{}", stream.name);
            // The frame takes a byte of the next, and every block from this one on is another: in one frame of 256
            // the padding is right by chance, and then the next frame's length is wrong.
            assert!(heard.messages.len() <= frame + 1, "{}: {place}", stream.name);
            let seen = heard.messages.len() == frame;
            let entry = counts.entry((stream.side, place.to_string())).or_default();
            *entry = (entry.0 + 1, entry.1 + u32::from(!seen));
            if place.is_structure() && stream.side == "to cloud" {
                assert!(seen, "{} byte {byte} of frame {frame}: {place}", stream.name);
            }
        }
    }
    print("Bytes left out", &counts);
}

#[test]
fn p2_a_stream_that_is_cut_gives_the_whole_frames_before_and_no_more() {
    let sample = Sample::chosen();
    let mut cases = 0;
    for stream in streams() {
        let whole = stream.hear(&stream.bytes());
        for length in sample.of(stream.bytes().len()) {
            let (frame, _) = stream.place(length);
            let heard = stream.hear(&stream.bytes()[..length]);
            assert_eq!(heard.messages, whole.messages[..frame]);
            assert!(!heard.ended);
            cases += 1;
        }
    }
    println!("Streams cut: {cases} cases");
}

#[test]
fn the_streams_have_what_they_should() {
    let streams = streams();
    let count = |side: &str| streams.iter().filter(|stream| stream.side == side).count();
    assert_eq!((count("to cloud"), count("to device")), (13, 13));
    for Stream { name, frames, .. } in &streams {
        assert!(frames.len() >= 4, "{name}");
    }
}
