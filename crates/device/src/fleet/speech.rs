//! What a virtual device says: few things, each written anew from a few bytes whenever it is said or repeated.

use pintle_protocol::coap::{MessageId, RequestToken, Token};
use pintle_protocol::describe::{Application, DescribeKind, Module, ModuleFunction, System};
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::{DeviceId, Event, MAX_DATA, MAX_MESSAGE, from_device, reply};
use std::borrow::Cow;
use std::fmt::Write;

/// The name of the fleet's events. Their data is the device's number, a space, and a count from 1.
pub const EVENT: &str = "fleet/seq";

/// The platform of a virtual device, and as there is no product, its product.
pub const PLATFORM: u16 = 3;
const SYSTEM_VERSION: u16 = 6200;
/// A monolithic firmware.
const MONOLITHIC: ModuleFunction = ModuleFunction(3);
const UPDATE_CHUNK: u16 = 512;

/// Something confirmable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// Who it is.
    Hello,
    /// What it runs.
    Describe(DescribeKind),
    /// The event with this count.
    Event(u32),
    /// Are you there?
    Ping,
    /// The answer to the cloud's question what it runs, with the token of the question.
    Answer(DescribeKind, u8),
}

/// What is the same in all devices.
pub(super) struct Phrases {
    system: Vec<u8>,
    application: Vec<u8>,
    /// The size of an event's data, in bytes, where it is longer than it must be.
    payload: usize,
    confirmable: bool,
}

impl Phrases {
    pub(super) fn new(payload: usize, confirmable: bool) -> Self {
        let application = Application { functions: Vec::new(), variables: Vec::new() };
        let payload = payload.min(MAX_DATA);
        Self {
            system: system(),
            // Nothing is always short enough.
            application: application.to_json().unwrap_or_default(),
            payload,
            confirmable,
        }
    }

    /// Appends the message.
    pub(super) fn write(
        &self,
        speech: Speech,
        id: u16,
        (index, device): (u32, impl FnOnce() -> DeviceId),
        out: &mut Vec<u8>,
    ) -> Result<(), pintle_protocol::Error> {
        let (id, token) = (MessageId(id), RequestToken(id.to_be_bytes()[1]));
        match speech {
            Speech::Hello => from_device::hello(out, id, &hello(device())),
            Speech::Describe(kind) => {
                from_device::describe(out, id, token, kind, self.body(kind), None)
            }
            Speech::Event(count) => self.event(index, count, id, out),
            Speech::Ping => {
                from_device::ping(out, id);
                Ok(())
            }
            Speech::Answer(kind, token) => {
                let token = Token::from(RequestToken(token));
                reply::describe(out, id, token, kind, self.body(kind), None)
            }
        }
    }

    fn body(&self, kind: DescribeKind) -> &[u8] {
        match kind {
            DescribeKind::System => &self.system,
            DescribeKind::Application => &self.application,
            // Success, values of two and four bytes, and none of them.
            DescribeKind::Metrics => &[0, 4, 0, 2, 0, 4, 0],
        }
    }

    fn event(
        &self,
        index: u32,
        count: u32,
        id: MessageId,
        out: &mut Vec<u8>,
    ) -> Result<(), pintle_protocol::Error> {
        let data = event_data(index, count, self.payload);
        let mut event = Event::text("", &data);
        (event.name, event.confirmable) = (Cow::Borrowed(EVENT), self.confirmable);
        from_device::event(out, id, &event)
    }
}

/// The data of an event: the device's number, a space, a count, and dots up to `size` bytes.
pub(super) fn event_data(index: u32, count: u32, size: usize) -> String {
    let mut data = String::with_capacity(size.max(24));
    // A string takes everything.
    let _ = write!(data, "{index} {count}");
    if data.len() < size {
        data.push(' ');
    }
    data.extend(std::iter::repeat_n('.', size.saturating_sub(data.len())));
    data
}

fn hello(device_id: DeviceId) -> Hello {
    Hello {
        product_id: PLATFORM,
        product_version: None,
        flags: HelloFlags::DIAGNOSTICS.union(HelloFlags::SENDS_DESCRIBE),
        platform_id: PLATFORM,
        device_id,
        system_version: SYSTEM_VERSION,
        max_message: MAX_MESSAGE as u16,
        max_binary: 0,
        chunk: UPDATE_CHUNK,
    }
}

fn system() -> Vec<u8> {
    let module = Module {
        function: MONOLITHIC,
        index: 0,
        version: SYSTEM_VERSION,
        store: 0,
        max_size: 0,
        checked: 0,
        passed: 0,
        hash: None,
        dependencies: Vec::new(),
        assets: Vec::new(),
        size: 0,
        security: None,
    };
    System { modules: vec![module], assets: Vec::new() }.to_protobuf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_protocol::coap::Message;
    use pintle_protocol::from_device::{Request, decode};

    fn said(phrases: &Phrases, speech: Speech) -> Vec<u8> {
        let mut out = Vec::new();
        let device = || DeviceId::from_bytes([1; 12]);
        phrases.write(speech, 258, (7, device), &mut out).unwrap();
        out
    }

    #[test]
    fn an_event_names_its_device_and_counts() {
        for (size, data) in [(0, "7 3"), (8, "7 3 ....")] {
            let bytes = said(&Phrases::new(size, true), Speech::Event(3));
            let message = Message::parse(&bytes).unwrap();
            let Ok(Request::Event(event)) = decode(&message) else { panic!("no event") };
            assert_eq!((&*event.name, event.data), (EVENT, data.as_bytes()));
            assert!(event.confirmable);
        }
    }

    #[test]
    fn everything_that_is_said_is_understood() {
        let phrases = Phrases::new(0, true);
        for speech in [
            Speech::Hello,
            Speech::Describe(DescribeKind::System),
            Speech::Describe(DescribeKind::Application),
            Speech::Describe(DescribeKind::Metrics),
            Speech::Ping,
        ] {
            let bytes = said(&phrases, speech);
            let request = decode(&Message::parse(&bytes).unwrap()).unwrap();
            assert!(!matches!(request, Request::Unknown), "{speech:?}");
        }
    }
}
