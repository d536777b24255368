//! Any message to the cloud: decoding never panics, and what our writers can say again means the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::coap::{Message, RequestToken};
use pintle_protocol::from_device::{self, Request};
use pintle_protocol::update::FromDevice;

fuzz_target!(|datagram: &[u8]| {
    let Ok(message) = Message::parse(datagram) else { return };
    let request = match from_device::decode(&message) {
        Ok(request) => request,
        Err(error) => {
            assert!(!error.answer().code().is_success());
            return;
        }
    };
    let mut out = Vec::new();
    let token = RequestToken(0);
    match &request {
        Request::Hello(hello) => from_device::hello(&mut out, message.id, hello),
        Request::Describe { kind, body, block } => {
            from_device::describe(&mut out, message.id, token, *kind, body, *block)
        }
        Request::Event(event) => from_device::event(&mut out, message.id, event),
        Request::Subscribe(wish) => from_device::subscribe(&mut out, message.id, wish),
        Request::Goodbye(goodbye) => from_device::goodbye(&mut out, message.id, goodbye),
        Request::Time => from_device::time(&mut out, message.id, token),
        Request::Update(FromDevice::Acknowledged(what)) => what.write(&mut out, message.id),
        Request::Ping | Request::Ledger(_) | Request::Unknown => return,
    }
    .unwrap();
    let again = Message::parse(&out).unwrap();
    assert_eq!(from_device::decode(&again), Ok(request));
});
