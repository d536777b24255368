//! What a device says inside its session: too early, as another device, twice, or nothing that can be read.

use super::line::{Line, SILENCE};
use super::session::{Session, acknowledgements, connected, greeting, is_event};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid, untried};
use pintle_protocol::coap::RequestToken;
use pintle_protocol::{Event, Subscription, SubscriptionKind, from_device};
use std::borrow::Cow;

/// What the events are called that a device hears of itself.
const TOPIC: &str = "raid-twice";
/// The one that comes after the others.
const LAST: &str = "raid-twice-last";

/// Before Hello.
pub(super) const BEFORE_HELLO: Case = Case {
    id: "coap-before-hello",
    group: Group::Record,
    tries: "A device publishes and asks for the time before it said who it is.",
    expects: "It is not heard.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, before_hello),
};

/// A message id twice.
pub(super) const REPEATED_ID: Case = Case {
    id: "coap-repeated-id",
    group: Group::Record,
    tries: "A device says the same message twice, each time in a record of its own, as when its acknowledgement was lost.",
    expects: "It is acted on once.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, repeated_id),
};

/// No CoAP.
pub(super) const MALFORMED: Case = Case {
    id: "coap-malformed",
    group: Group::Record,
    tries: "A device sends what is no CoAP message: cut short, with options that end past its end, tokens too long, blocks \
            without end, and noise.",
    expects: "The session goes on.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, malformed),
};

/// Another device's id.
pub(super) const ANOTHERS_ID: Case = Case {
    id: "coap-anothers-id",
    group: Group::Handshake,
    tries: "A device shakes hands with its own key and says in its Hello that it is another device.",
    expects: "The session ends without a word.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, anothers_id),
};

fn before_hello(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let mut session = Session::shake(&line, &device)?;
    let (event, time) = (session.next_id(), session.next_id());
    let (mut said, mut asked) = (Vec::new(), Vec::new());
    let written = from_device::event(&mut said, event, &Event::text("raid-early", "x"));
    if written.and(from_device::time(&mut asked, time, RequestToken(7))).is_err() {
        return untried("a message of the attacker's cannot be written");
    }
    for message in [said, asked] {
        let record = session.seal(&message);
        line.send(&record)?;
    }
    let heard = session.say(|out, id| from_device::hello(out, id, &greeting(device.id)))?;
    if acknowledgements(&heard, event) + acknowledgements(&heard, time) > 0 {
        return broke("a device was heard before it said who it is");
    }
    Ok("a device was not heard before it said who it is".into())
}

fn repeated_id(raid: &Raid<'_>) -> Tried {
    if raid.device(false, 0)?.owner.is_none() {
        return untried("give a device of the UDP service that has an owner");
    }
    let line = Line::open(raid)?;
    let (_, mut session) = connected(raid, &line)?;
    let wanted = Subscription { prefix: Cow::Borrowed(TOPIC), kind: SubscriptionKind::Text };
    session.say(|out, id| from_device::subscribe(out, id, &wanted))?;
    let id = session.next_id();
    let mut message = Vec::new();
    if from_device::event(&mut message, id, &Event::text(TOPIC, "once")).is_err() {
        return untried("a message of the attacker's cannot be written");
    }
    let mut heard = Vec::new();
    for _ in 0..3 {
        let record = session.seal(&message);
        line.send(&record)?;
        heard.extend(session.until(id)?.unwrap_or_default());
    }
    heard.extend(session.say(|out, id| from_device::event(out, id, &Event::text(LAST, "end")))?);
    while !heard.iter().any(|message| is_event(message, LAST)) {
        let Some(messages) = session.hear()? else {
            return untried("a device hears nothing of the events that it subscribed to");
        };
        session.acknowledge(&messages)?;
        heard.extend(messages);
    }
    match heard.iter().filter(|message| is_event(message, TOPIC)).count() {
        1 => Ok("an event that was said three times under one id was relayed once".into()),
        times => broke(format!("an event that was said under one id was relayed {times} times")),
    }
}

fn malformed(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let (_, mut session) = connected(raid, &line)?;
    let mut sound = Vec::new();
    let id = session.next_id();
    if from_device::event(&mut sound, id, &Event::text("raid-odd", "text")).is_err() {
        return untried("a message of the attacker's cannot be written");
    }
    let odd: [&[u8]; 10] = [
        &[],
        &[0x40],
        &[0x40, 2, 0],
        &[0x00, 2, 9, 9],
        &[0x4f, 2, 9, 9, 1, 2, 3],
        &[0x40, 2, 9, 9, 0xff],
        &[0x40, 2, 9, 9, 0xd0],
        &[0x40, 2, 9, 9, 0xe0, 0xff, 0xff],
        &[0x40, 2, 9, 9, 0xbf, 1],
        &[0xc0, 2, 9, 9],
    ];
    let cut = (0..sound.len()).map(|end| sound.iter().take(end).copied().collect::<Vec<_>>());
    let noise = (0..64).map(|_| {
        let length = raid.below(64);
        raid.random::<64>().iter().take(length).copied().collect()
    });
    // A fatal alert of the device's own would end the session; its messages never do.
    for message in odd.map(<[u8]>::to_vec).into_iter().chain(cut).chain(noise) {
        let record = session.seal(&harmless(message));
        line.send(&record)?;
    }
    session.lives("what is no message")?;
    Ok("a session went on after what is no message".into())
}

/// No acknowledgement or reset of a question that the target may have open.
fn harmless(mut message: Vec<u8>) -> Vec<u8> {
    if let [first, ..] = &mut *message {
        *first &= !0x20;
    }
    message
}

fn anothers_id(raid: &Raid<'_>) -> Tried {
    // The last one: it has to wait a while after.
    let Some(place) = raid.target.devices.iter().filter(|it| !it.tcp).count().checked_sub(1) else {
        return untried("give a device of the UDP service with its key");
    };
    if place == 0 {
        return untried("give two devices of the UDP service with their keys");
    }
    let (line, device, other) = (Line::open(raid)?, raid.identity(place)?, raid.identity(0)?);
    let mut session = Session::shake(&line, &device)?;
    let (id, sound) = (session.next_id(), session.next_id());
    for (id, device) in [(id, other.id), (sound, device.id)] {
        let mut hello = Vec::new();
        if from_device::hello(&mut hello, id, &greeting(device)).is_err() {
            return untried("a message of the attacker's cannot be written");
        }
        let record = session.seal(&hello);
        line.send(&record)?;
    }
    let heard = session.glance(4 * SILENCE)?;
    if acknowledgements(&heard, id) > 0 {
        return broke("a device was taken for another whose id it said");
    }
    if acknowledgements(&heard, sound) > 0 {
        return broke("a session went on in which a device had said another's id");
    }
    Ok("a session in which a device said another's id ended".into())
}
