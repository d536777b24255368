//! Any messages to a device's end of a TCP session, sealed as a cloud would and then raw: it never panics, hears
//! nothing after an anomaly, and answers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::from_cloud::Request;
use pintle_protocol::tcp::client::{Firmware, Heard, Session};
use pintle_protocol::tcp::{Anomaly, Credentials, Generation};
use pintle_protocol::value::Value;
use zeroize::Zeroizing;

fuzz_target!(|input: (u8, Vec<Vec<u8>>, Vec<u8>)| {
    let (which, messages, raw) = input;
    let firmware = Firmware::of(Generation::ALL[usize::from(which % 4)]);
    let credentials = Credentials::new(Zeroizing::new([7; 40]));
    let mut device = Session::new(&credentials, firmware, 0);
    // Both directions begin alike, so another device's end can seal what this one opens.
    let mut cloud = Session::new(&credentials, firmware, 0);
    let mut ended = false;
    for plain in &messages {
        let mut down = Vec::new();
        cloud.seal(&mut down, plain).unwrap();
        let heard = hear(&mut device, &down);
        assert!(!ended || heard == Err(Anomaly::Ended));
        ended |= heard.is_err();
    }
    let heard = hear(&mut device, &raw);
    assert!(!ended || heard == Err(Anomaly::Ended));
});

fn hear(device: &mut Session, bytes: &[u8]) -> Result<(), Anomaly> {
    let (mut input, mut scratch, mut out) = (bytes, Vec::new(), Vec::new());
    while let Some(received) = device.receive(&mut input, &mut scratch)? {
        let message = received.message;
        // Only a block past the end is refused.
        let _ = match received.heard {
            Heard::Request(Request::Ping) => device.pong(&mut out, message.id),
            Heard::Request(Request::Signal { .. }) => device.signalled(&mut out, &message),
            Heard::Request(Request::Read { .. }) => {
                device.value(&mut out, &message, Some(&Value::Bool(true)))
            }
            Heard::Request(Request::Call { argument, .. }) => {
                let (taken, overlong) = device.argument(argument);
                assert!(overlong || taken == argument);
                device.result(&mut out, message.token, 0)
            }
            Heard::Describe { block, .. } => {
                device.described(&mut out, &message, &[b'x'; 1500], block)
            }
            _ => Ok(()),
        };
    }
    Ok(())
}
