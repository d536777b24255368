//! What a virtual device says: few things, each written anew from a few bytes whenever it is said or repeated.

use super::updating::Running;
use pintle_firmware::module::Product;
use pintle_protocol::coap::{Code, Kind, MessageId, RequestToken, Token, Writer};
use pintle_protocol::describe::{Application, DescribeKind, Module, ModuleFunction, System};
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::update::{Failure, Refusal, Started, Statistics};
use pintle_protocol::{DeviceId, Event, MAX_DATA, MAX_MESSAGE, from_device, reply};
use std::borrow::Cow;
use std::fmt::Write;

/// The name of the fleet's events. Their data is the device's number, a space, and a count from 1.
pub const EVENT: &str = "fleet/seq";

/// The one function of a virtual device: it returns the length of its argument, in bytes.
pub const FUNCTION: &str = "length";

/// The platform of a virtual device, and as there is no product, its product.
pub const PLATFORM: u16 = 3;
const SYSTEM_VERSION: u16 = 6200;
/// A monolithic firmware.
const MONOLITHIC: ModuleFunction = ModuleFunction(3);
const UPDATE_CHUNK: u16 = 1024;
/// The largest file of an update that a virtual device takes, in bytes.
pub(super) const LARGEST_MODULE: u32 = 8 << 20;
/// How a device says why it started, as Device OS does.
const RESTART: &str = "spark/device/last_reset";

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
    /// What its function returns, to the call with this token.
    Returned(u8, i32),
    /// An update may come; with the token of its start, as all that follows has one.
    Started(u8, Started),
    /// It is all there.
    Took(u8, Statistics),
    /// It is forgotten.
    Cancelled(u8),
    /// It is not taken.
    Refused(u8, Refusal),
    /// It started anew because of an update, which is well or not.
    Restarted(bool),
}

/// Who says something.
pub(super) struct Who<F> {
    pub(super) index: u32,
    pub(super) running: Running,
    pub(super) id: F,
}

/// What is the same in all devices.
pub(super) struct Phrases {
    system: Vec<u8>,
    application: Vec<u8>,
    /// The size of an event's data, in bytes, where it is longer than it must be.
    payload: usize,
    confirmable: bool,
    product: Option<Product>,
}

impl Phrases {
    pub(super) fn new(payload: usize, confirmable: bool, product: Option<Product>) -> Self {
        let functions = vec![FUNCTION.to_owned()];
        let application = Application { functions, variables: Vec::new() };
        let payload = payload.min(MAX_DATA);
        Self {
            system: system(None),
            // One name is always short enough.
            application: application.to_json().unwrap_or_default(),
            payload,
            confirmable,
            product,
        }
    }

    /// Appends the message.
    pub(super) fn write(
        &self,
        speech: Speech,
        id: u16,
        who: Who<impl FnOnce() -> DeviceId>,
        out: &mut Vec<u8>,
    ) -> Result<(), pintle_protocol::Error> {
        let (id, token) = (MessageId(id), RequestToken(id.to_be_bytes()[1]));
        match speech {
            Speech::Hello => from_device::hello(out, id, &self.hello(who)),
            Speech::Describe(kind) => {
                from_device::describe(out, id, token, kind, &self.body(kind, &who.running), None)
            }
            Speech::Event(count) => self.event(who.index, count, id, out),
            Speech::Ping => {
                from_device::ping(out, id);
                Ok(())
            }
            Speech::Answer(kind, token) => {
                let token = Token::from(RequestToken(token));
                reply::describe(out, id, token, kind, &self.body(kind, &who.running), None)
            }
            Speech::Returned(token, value) => {
                reply::call_result(out, id, RequestToken(token).into(), value);
                Ok(())
            }
            Speech::Started(token, started) => started.write(out, id, RequestToken(token).into()),
            Speech::Took(token, statistics) => {
                changed(out, id.0, token, statistics.to_json().as_bytes());
                Ok(())
            }
            Speech::Cancelled(token) => {
                changed(out, id.0, token, &[]);
                Ok(())
            }
            Speech::Refused(token, why) => {
                let token = Token::from(RequestToken(token));
                Failure::write(out, Kind::Confirmable, id, token, why);
                Ok(())
            }
            Speech::Restarted(well) => {
                let why = if well { "update" } else { "update_error, it is not well" };
                let event = Event { confirmable: true, ..Event::text(RESTART, why) };
                from_device::event(out, id, &event)
            }
        }
    }

    fn body(&self, kind: DescribeKind, running: &Running) -> Cow<'_, [u8]> {
        match (kind, running.image) {
            (DescribeKind::System, None) => Cow::Borrowed(&self.system),
            (DescribeKind::System, Some(image)) => Cow::Owned(system(Some(image.to_module()))),
            (DescribeKind::Application, _) => Cow::Borrowed(&self.application),
            // Success, values of two and four bytes, and none of them.
            (DescribeKind::Metrics, _) => Cow::Borrowed(&[0, 4, 0, 2, 0, 4, 0]),
        }
    }

    fn hello(&self, who: Who<impl FnOnce() -> DeviceId>) -> Hello {
        let Running { image, restarted } = who.running;
        let product = image.and_then(|image| image.product).or(self.product);
        let usual = HelloFlags::DIAGNOSTICS.union(HelloFlags::SENDS_DESCRIBE);
        let usual = usual.union(HelloFlags::UPDATE_V3);
        let updated = restarted == Some(true);
        Hello {
            product_id: product.map_or(PLATFORM, |product| product.id),
            product_version: product.map(|product| product.version),
            flags: if updated { usual.union(HelloFlags::UPDATE_SUCCEEDED) } else { usual },
            platform_id: PLATFORM,
            device_id: (who.id)(),
            system_version: SYSTEM_VERSION,
            max_message: MAX_MESSAGE as u16,
            max_binary: LARGEST_MODULE,
            chunk: UPDATE_CHUNK,
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

fn changed(out: &mut Vec<u8>, id: u16, token: u8, payload: &[u8]) {
    let (id, token) = (MessageId(id), Token::from(RequestToken(token)));
    Writer::new(out, Kind::Confirmable, Code::CHANGED, id, token).payload(payload);
}

/// What a device runs: a monolithic system, and an application if it has one.
fn system(application: Option<Module>) -> Vec<u8> {
    let system = Module { function: MONOLITHIC, version: SYSTEM_VERSION, ..Module::default() };
    let modules = [system].into_iter().chain(application).collect();
    System { modules, assets: Vec::new() }.to_protobuf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_protocol::coap::Message;
    use pintle_protocol::from_device::{Request, decode};

    fn said(phrases: &Phrases, speech: Speech) -> Vec<u8> {
        let mut out = Vec::new();
        let id = || DeviceId::from_bytes([1; 12]);
        let who = Who { index: 7, running: Running::default(), id };
        phrases.write(speech, 258, who, &mut out).unwrap();
        out
    }

    #[test]
    fn an_event_names_its_device_and_counts() {
        for (size, data) in [(0, "7 3"), (8, "7 3 ....")] {
            let bytes = said(&Phrases::new(size, true, None), Speech::Event(3));
            let message = Message::parse(&bytes).unwrap();
            let Ok(Request::Event(event)) = decode(&message) else { panic!("no event") };
            assert_eq!((&*event.name, event.data), (EVENT, data.as_bytes()));
            assert!(event.confirmable);
        }
    }

    #[test]
    fn everything_that_is_said_is_understood() {
        let phrases = Phrases::new(0, true, None);
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
