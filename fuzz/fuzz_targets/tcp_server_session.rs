//! Any messages to the cloud's end of a TCP session, sealed as a device would and then raw: it never panics, hears
//! nothing after an anomaly, and a device takes all that it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::Event;
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::tcp::client::{self, Firmware};
use pintle_protocol::tcp::server::{self, Sense};
use pintle_protocol::tcp::{Anomaly, Credentials, Generation};
use zeroize::Zeroizing;

fuzz_target!(|input: (u8, Vec<(u8, Vec<u8>)>, Vec<u8>)| {
    let (which, messages, raw) = input;
    let firmware = Firmware::of(Generation::ALL[usize::from(which % 4)]);
    let credentials = Credentials::new(Zeroizing::new([7; 40]));
    let mut cloud = server::Session::from_credentials(&credentials);
    let mut device = client::Session::new(&credentials, firmware, 0);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    device.hello(&mut up, 1, None, firmware.platform_id).unwrap();
    assert!(hear(&mut cloud, &up, &mut down).is_ok());
    for (ask, plain) in &messages {
        ask_for(&mut cloud, &mut down, *ask, plain);
        let mut up = Vec::new();
        device.seal(&mut up, plain).unwrap();
        let ended = hear(&mut cloud, &up, &mut down).is_err();
        assert_eq!(ended, cloud.has_ended());
    }
    let ended = cloud.has_ended();
    let heard = hear(&mut cloud, &raw, &mut down);
    assert!(!ended || heard == Err(Anomaly::Ended));
    let mut scratch = Vec::new();
    let mut said = down.as_slice();
    while device.receive(&mut said, &mut scratch).unwrap().is_some() {}
});

/// Everything the cloud can say, with whatever name and data.
fn ask_for(cloud: &mut server::Session, out: &mut Vec<u8>, ask: u8, bytes: &[u8]) {
    let name = String::from_utf8_lossy(bytes.get(..8).unwrap_or(bytes));
    // What cannot be said is said not at all.
    let _ = match ask {
        0 => cloud.ping(out).map(drop),
        1 => cloud.call(out, &name, bytes).map(drop),
        2 => cloud.read(out, &name).map(drop),
        3 => cloud.describe(out, DescribeKind::System, None).map(drop),
        4 => cloud.describe(out, DescribeKind::Application, Some(bytes.len() as u32)).map(drop),
        5 => cloud.signal(out, true).map(drop),
        6 => cloud.event(out, &Event { data: bytes, ..Event::text(&name, "") }),
        _ => Ok(()),
    };
}

fn hear(cloud: &mut server::Session, bytes: &[u8], down: &mut Vec<u8>) -> Result<(), Anomaly> {
    let (mut input, mut scratch) = (bytes, Vec::new());
    while let Some(received) = cloud.receive(&mut input, &mut scratch)? {
        match received.sense {
            Sense::Hello(_) => cloud.hello(down).unwrap(),
            Sense::Request(_) => cloud.acknowledge(down, received.message.id).unwrap(),
            Sense::Acknowledged(_) | Sense::Answered(_) | Sense::Refused(_) => {}
        }
    }
    Ok(())
}
