//! Any message to a device: decoding never panics, and what our writers can say again means the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::coap::{Message, RequestToken};
use pintle_protocol::from_cloud::{self, Request};
use pintle_protocol::update::FromCloud;

fuzz_target!(|datagram: &[u8]| {
    let Ok(message) = Message::parse(datagram) else { return };
    let Ok(request) = from_cloud::decode(&message) else { return };
    let mut out = Vec::new();
    let (id, token) = (message.id, RequestToken(0));
    match &request {
        Request::Call { name, argument } => from_cloud::call(&mut out, id, token, name, argument),
        Request::Read { name } => from_cloud::read(&mut out, id, token, name),
        Request::Describe { kind, block } => {
            from_cloud::describe(&mut out, id, token, *kind, *block)
        }
        Request::Event(event) => from_cloud::event(&mut out, id, event),
        Request::Hello => from_cloud::hello(&mut out, id, token),
        Request::Signal { on } => from_cloud::signal(&mut out, id, token, *on),
        Request::ForgetSession => from_cloud::forget_session(&mut out, id, token),
        Request::Update(FromCloud::Start(start)) => start.write(&mut out, id, token),
        Request::Update(FromCloud::Chunk(chunk)) => chunk.write(&mut out, id),
        Request::Update(FromCloud::Finish(finish)) => finish.write(&mut out, id, token),
        Request::Ping | Request::Ledger(_) | Request::Unknown => return,
    }
    .unwrap();
    let again = Message::parse(&out).unwrap();
    assert_eq!(from_cloud::decode(&again), Ok(request));
});
