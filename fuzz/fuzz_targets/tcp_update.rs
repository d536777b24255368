//! Any messages in an update over TCP: whatever the cloud's side hears, it never panics and sends no chunk too often; the
//! device's side takes any messages, and says the same of those that it writes itself.

#![no_main]

use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use pintle_protocol::coap::{Message, MessageId, RequestToken};
use pintle_protocol::tcp::client::{self, Firmware};
use pintle_protocol::tcp::server::{self, Asked};
use pintle_protocol::tcp::update::{FromCloud, Heard, MOST_TIMES, Missed, Receiver, Sender};
use pintle_protocol::tcp::{Credentials, Generation};
use zeroize::Zeroizing;

fuzz_target!(|input: (u8, u16, Vec<Vec<u8>>)| {
    let (which, size, messages) = input;
    let firmware = Firmware::of(Generation::ALL[usize::from(which % 4)]);
    device(&firmware, &messages);
    cloud(&firmware, u32::from(size).max(1), &messages);
});

fn device(firmware: &Firmware, messages: &[Vec<u8>]) {
    let (now, mut receiver) = (Duration::ZERO, None);
    for bytes in messages {
        let _ = Missed::read(bytes).map(|missed| missed.iter().count());
        let Ok(message) = Message::parse(bytes) else { continue };
        let Ok(Some(update)) = FromCloud::decode(&message) else { continue };
        let mut again = Vec::new();
        update.write(&mut again, MessageId(1), RequestToken(2)).unwrap();
        let again = Message::parse(&again).unwrap();
        assert_eq!(FromCloud::decode(&again), Ok(Some(update)));
        match (update, &mut receiver) {
            (FromCloud::Begin(begin), _) => receiver = Receiver::new(now, firmware, &begin),
            (FromCloud::Chunk(chunk), Some(receiver)) => {
                let took = receiver.take(now, &chunk);
                let _ = (receiver.answer(took), receiver.poll_finished_by_itself());
            }
            (FromCloud::Done, Some(receiver)) => {
                let missing = receiver.ask_for_missing();
                assert_eq!(missing.is_empty(), receiver.is_complete());
            }
            _ => {}
        }
    }
}

fn cloud(firmware: &Firmware, size: u32, messages: &[Vec<u8>]) {
    let credentials = Credentials::new(Zeroizing::new([7; 40]));
    let mut session = server::Session::from_credentials(&credentials);
    let mut device = client::Session::new(&credentials, *firmware, 0);
    let (mut up, mut scratch, file) = (Vec::new(), Vec::new(), vec![5; size as usize]);
    device.hello(&mut up, 1, None, firmware.platform_id).unwrap();
    session.receive(&mut up.as_slice(), &mut scratch).unwrap();
    let mut sender = Sender::new(Duration::ZERO, size, &session.limits().unwrap()).unwrap();
    let (mut said, chunks) = (0, size.div_ceil(512));
    // The id of the hello follows from the credentials.
    let (mut asked, mut next) = (None, 0x0709_u16);
    for plain in messages {
        while let Some(say) = sender.poll_say(Duration::ZERO) {
            said += 1;
            let message = say.message(&file).unwrap();
            asked = Some(session.update(&mut Vec::new(), &message).unwrap());
        }
        let mut up = Vec::new();
        device.seal(&mut up, &numbered(plain, next, asked)).unwrap();
        let Ok(Some(received)) = session.receive(&mut up.as_slice(), &mut scratch) else { break };
        next = next.wrapping_add(u16::from(plain.first().is_some_and(|first| first & 0x20 == 0)));
        match sender.hear(Duration::ZERO, &received) {
            Ok(Heard::Done) | Err(_) => break,
            Ok(_) => {}
        }
    }
    // Each round is of one chunk at least, and ends with a word.
    assert!(said <= 2 + 2 * chunks * u32::from(MOST_TIMES));
}

/// A message with the numbers that it must have to be heard at all: its own next one, or that of what was asked.
fn numbered(plain: &[u8], next: u16, asked: Option<Asked>) -> Vec<u8> {
    let mut bytes = plain.to_vec();
    if let [first, _code, high, low, rest @ ..] = bytes.as_mut_slice() {
        let answers = *first & 0x20 != 0;
        let id = asked.filter(|_| answers).map_or(next, |asked| asked.id.0);
        [*high, *low] = id.to_be_bytes();
        if let (1, Some(place), Some(token)) =
            (*first & 0x0f, rest.first_mut(), asked.and_then(|asked| asked.token))
        {
            *place = token.0;
        }
    }
    bytes
}
