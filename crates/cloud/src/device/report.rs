//! Describe and subscriptions: what a device says of itself once, and does not repeat when it
//! resumes. So it is acknowledged only when it is durable.

use super::life::{Life, Who};
use super::outgoing::Outgoing;
use super::registry::{self, Subscribed};
use super::safe_mode;
use super::world::World;
use crate::store::Transaction;
use crate::store::device::{
    SavedSystem, put_application, put_fell_back, put_subscriptions, put_system,
};
use crate::weakened::{self, Weakness};
use pintle_firmware::Digest;
use pintle_protocol::block::Progress;
use pintle_protocol::coap::{Block, Kind, Message};
use pintle_protocol::describe::{Application, DescribeKind, Module, System};
use pintle_protocol::reply::{self, Answer};
use pintle_protocol::{DeviceId, Error, Event, Subscription};
use serde_json::{Map, Value, json};

/// The event with which a device says why it started.
const LAST_RESET: &str = "spark/device/last_reset";
/// As much of a reason is kept, in characters.
const LONGEST_REASON: usize = 200;
/// The functions of modules that hold an application: a user part, and one that is system and application in one.
const USER_PARTS: [u8; 2] = [5, 3];
/// Where the modules lie that run.
pub(super) const MAIN: u8 = 0;

impl Life {
    #[expect(clippy::too_many_arguments, reason = "the parts of one message and its surroundings")]
    pub(super) fn describe(
        &mut self,
        world: &mut World,
        who: Who,
        message: &Message<'_>,
        kind: DescribeKind,
        body: &[u8],
        block: Option<Block>,
        out: &mut Outgoing,
    ) {
        let (id, token) = (message.id, message.token);
        self.uploaded_at = world.now;
        let upload = match kind {
            DescribeKind::System => 0,
            DescribeKind::Application => 1,
            DescribeKind::Metrics => 2,
        };
        let Some(upload) = self.uploads.get_mut(upload) else { return };
        match upload.push(block, body) {
            Ok(Progress::Next(_)) => {
                self.answer(world, message, out, |bytes| reply::next_block(bytes, id, token));
            }
            Ok(Progress::Complete(body)) => match described(who, kind, &body, world.wall_ms) {
                Ok(Some(transaction)) => self.keep(world, who, message, transaction),
                Ok(None) => self.acknowledge_if_asked(world, message, out),
                Err(error) => self.refuse(world, message, error.answer(), out),
            },
            Err(error) => self.refuse(world, message, error.answer(), out),
        }
    }

    pub(super) fn subscribe(
        &mut self,
        world: &mut World,
        who: Who,
        message: &Message<'_>,
        subscription: &Subscription<'_>,
        out: &mut Outgoing,
    ) {
        let list = world.registry.subscribe(who.number, Subscribed::from(subscription));
        match list.map(|list| list.map(registry::saved)) {
            Ok(None) => self.acknowledge_if_asked(world, message, out),
            Ok(Some(list)) => {
                let transaction = put_subscriptions(who.device, &list);
                self.keep(world, who, message, transaction);
            }
            Err(_limit) => self.refuse(world, message, Answer::Forbidden, out),
        }
    }

    /// Acknowledges the message when the transaction is durable. Where that fails the message stays
    /// open, and the device says it again.
    fn keep(&mut self, world: &World, who: Who, message: &Message<'_>, transaction: Transaction) {
        if !self.may_write(world, message) {
            return;
        }
        let mut reply = Vec::new();
        if message.kind == Kind::Confirmable {
            reply::ack_empty(&mut reply, message.id);
        }
        world.store_then_acknowledge(transaction, who.session, reply);
    }

    /// Keeps why a device fell back, where that is what the event says. False where it has to say it again.
    pub(super) fn keep_fallback(
        &mut self,
        world: &World,
        who: Who,
        message: &Message<'_>,
        event: &Event<'_>,
    ) -> bool {
        let Some(why) = fallback(event) else { return true };
        let may = self.may_write(world, message);
        if may {
            world.enqueue(put_fell_back(who.device, &why));
        }
        may
    }

    fn refuse(&mut self, world: &World, message: &Message<'_>, answer: Answer, out: &mut Outgoing) {
        let (id, token) = (message.id, message.token);
        self.answer(world, message, out, |bytes| reply::ack(bytes, id, token, answer, &[]));
    }
}

/// Why a device says that it runs its old firmware again; `None` where the event says something else.
pub(super) fn fallback(event: &Event<'_>) -> Option<String> {
    let text = Some(&event.data).filter(|_| event.name == LAST_RESET);
    let text = str::from_utf8(text?).ok()?;
    let (how, why) = text.split_once(',').unwrap_or((text, ""));
    if !matches!(how.trim(), "update_error" | "update_timeout") {
        return None;
    }
    let plain = why.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_REASON);
    let why: String = plain.collect();
    Some(if why.is_empty() { format!("it says {how}") } else { why })
}

/// What of a describe is to be kept.
pub(super) fn described(
    who: Who,
    kind: DescribeKind,
    body: &[u8],
    at_ms: i64,
) -> Result<Option<Transaction>, Error> {
    match kind {
        DescribeKind::System if weakened::is(Weakness::ReportsWhole) => {
            let json = json!([String::from_utf8_lossy(body)]).to_string();
            Ok(Some(put_system(who.device, &SavedSystem { json, image: None }, at_ms)))
        }
        DescribeKind::System => Ok(Some(of_system(who.device, &System::parse(body)?, at_ms))),
        DescribeKind::Application => {
            Ok(Some(of_application(who.device, Application::parse(body)?)))
        }
        // Vital signs are relayed when someone asks for them, not kept.
        DescribeKind::Metrics => Ok(None),
    }
}

/// What a device runs, to be kept.
pub(super) fn of_system(device: DeviceId, system: &System, at_ms: i64) -> Transaction {
    let json = modules(system).to_string();
    put_system(device, &SavedSystem { json, image: image(system) }, at_ms)
}

/// A device's functions and variables, to be kept.
pub(super) fn of_application(device: DeviceId, application: Application) -> Transaction {
    let functions = json!(application.functions).to_string();
    let variables = application.variables.into_iter();
    let variables: Map<String, Value> =
        variables.map(|(name, kind)| (name, kind.name().into())).collect();
    put_application(device, &functions, &Value::Object(variables).to_string())
}

/// SHA-256 of the user part that runs: it lies in the main place, and held in every check that the device made. One that
/// did not is there, but the device is in safe mode without it.
fn image(system: &System) -> Option<[u8; 32]> {
    let runs = |module: &&Module| {
        USER_PARTS.contains(&module.function.0)
            && module.store == MAIN
            && module.passed & module.checked == module.checked
    };
    system.modules.iter().filter(runs).find_map(|module| module.hash)
}

fn modules(system: &System) -> Value {
    let module = |module: &Module| {
        json!({
            "function": module.function.0,
            "index": module.index,
            "version": module.version,
            "sha256": module.hash.map(|hash| Digest(hash).to_string()),
            "store": module.store,
            "checked": module.checked,
            "passed": module.passed,
            "dependencies": safe_mode::needs(module),
        })
    };
    json!({ "modules": system.modules.iter().map(module).collect::<Vec<_>>() })
}
