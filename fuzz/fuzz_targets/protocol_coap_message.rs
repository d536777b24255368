//! Any datagram: parsing never panics, and what parses is written again in the canonical form and means the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::coap::{Message, Writer};

fuzz_target!(|datagram: &[u8]| {
    let Ok(message) = Message::parse(datagram) else { return };
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, message.kind, message.code, message.id, message.token);
    for option in message.options() {
        writer = writer.option(option.number, option.value).unwrap();
    }
    writer.payload(message.payload());
    let again = Message::parse(&out).unwrap();
    assert!(message.options().eq(again.options()));
    assert_eq!(message.payload(), again.payload());
    assert_eq!(
        (message.kind, message.code, message.id, message.token),
        (again.kind, again.code, again.id, again.token)
    );
    let _ = (message.block1(), message.block2(), message.etag(), message.max_age());
    let _ = (message.content_format(), message.require_known(&[11, 15]));
});
