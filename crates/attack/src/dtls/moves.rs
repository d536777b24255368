//! Sessions that move, and the connection IDs by which they are found.

use super::line::{Line, SILENCE};
use super::session::{Session, acknowledgements, connected};
use super::shaking::Shaking;
use super::wire::{CONNECTION_ID, VERSION, number, put16};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid, untried};
use pintle_protocol::coap::MessageId;
use pintle_protocol::{Event, Subscription, SubscriptionKind, from_device};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// How long one of two lines is listened to before the other.
const GLANCE: Duration = Duration::from_millis(20);
/// How long an answer may take that comes to either of two lines.
const EITHER: Duration = Duration::from_secs(2);
/// Handshakes whose connection IDs are compared.
const MANY: u16 = 12;
/// What the events are called that are to fill a stranger's line.
const TOPIC: &str = "raid-moved";
/// What may be sent to an address that proved nothing, for each byte that came from it.
const FACTOR: usize = 3;

/// A record kept back, and sent from elsewhere.
pub(super) const LATE_RECORD: Case = Case {
    id: "dtls-late-record",
    group: Group::Record,
    tries: "Somebody on the way keeps a record back, lets later ones through, and then sends it from an address of his own.",
    expects: "The session stays where it is: a record that is not the newest names no new address.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, late_record),
};

/// A session moved to a victim.
pub(super) const UNPROVEN_ADDRESS: Case = Case {
    id: "dtls-unproven-address",
    group: Group::Flood,
    tries: "A device moves its session to a victim's address with one small record; a second device of the same owner \
            publishes large events that the first one subscribed to.",
    expects: "Little goes to the address until a ping was answered from it.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, unproven_address),
};

/// Connection IDs made up.
pub(super) const FORGED_IDS: Case = Case {
    id: "dtls-forged-ids",
    group: Group::Record,
    tries: "Records come with made-up connection IDs, with the session's own with a bit turned over, and with another \
            session's.",
    expects: "None of them is heard, and no session is disturbed.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, forged_ids),
};

/// Connection IDs guessed.
pub(super) const GUESSABLE_IDS: Case = Case {
    id: "dtls-guessable-ids",
    group: Group::Record,
    tries: "The connection IDs of several handshakes are compared.",
    expects: "They look random: nobody learns from them how many sessions there are, or what the next ID is.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, guessable_ids),
};

fn late_record(raid: &Raid<'_>) -> Tried {
    let (home, elsewhere) = (Line::open(raid)?, Line::open(raid)?);
    let (_, mut session) = connected(raid, &home)?;
    let (id, kept_back) = session.ping();
    session.lives("a record that was kept back")?;
    elsewhere.send(&kept_back)?;
    let until = Instant::now() + EITHER;
    while Instant::now() < until {
        if elsewhere.hear(GLANCE)?.is_some() {
            return broke(
                "a record that was kept back moved its session to where it was sent from",
            );
        }
        if acknowledgements(&session.glance(GLANCE)?, id) > 0 {
            break;
        }
    }
    Ok("a record that was kept back was not answered where it was sent from".into())
}

fn unproven_address(raid: &Raid<'_>) -> Tried {
    let (first, second) = (raid.device(false, 0)?, raid.device(false, 1)?);
    if first.owner.is_none() || first.owner != second.owner {
        return untried("give two devices of the UDP service with the same owner");
    }
    let (home, victim, other) = (Line::open(raid)?, Line::open(raid)?, Line::open(raid)?);
    let (_, mut moved) = connected(raid, &home)?;
    let wanted = Subscription { prefix: Cow::Borrowed(TOPIC), kind: SubscriptionKind::Text };
    moved.say(|out, id| from_device::subscribe(out, id, &wanted))?;
    let mut publisher = Session::connect(&other, &raid.identity(1)?)?;
    // To know that events get through at all.
    publish(&mut publisher, "x")?;
    if !moved.hears_of(TOPIC)? {
        return untried("events of one device do not reach another of the same owner");
    }
    let (_, ping) = moved.ping();
    victim.send(&ping)?;
    let allowed = FACTOR * ping.len();
    let mut came = victim.hear(EITHER)?.map_or(0, |datagram| datagram.len());
    for _ in 0..8 {
        publish(&mut publisher, &"x".repeat(600))?;
    }
    while let Some(datagram) = victim.hear(SILENCE)? {
        came += datagram.len();
    }
    if came > allowed {
        let sent = ping.len();
        return broke(format!("{sent} bytes brought {came} to an address that proved nothing"));
    }
    Ok(format!("an address that proved nothing got no more than {FACTOR} times what came from it"))
}

fn publish(session: &mut Session<'_, '_>, text: &str) -> Tried<()> {
    session.say(|out, id| from_device::event(out, id, &Event::text(TOPIC, text))).map(drop)
}

fn forged_ids(raid: &Raid<'_>) -> Tried {
    let (line, other) = (Line::open(raid)?, Line::open(raid)?);
    let (_, mut session) = connected(raid, &line)?;
    let Some(own) = session.connection_id.clone() else {
        return untried("the target agrees on no connection ID");
    };
    let mut ids: Vec<Vec<u8>> = (0..64).map(|_| raid.random::<8>().to_vec()).collect();
    ids.extend((0..64).map(|bit| {
        let mut turned = own.clone();
        turned.iter_mut().skip(bit / 8).take(1).for_each(|byte| *byte ^= 1 << (bit % 8));
        turned
    }));
    let foreign = Shaking::begin(&other)?.connection_id;
    ids.extend(foreign);
    let mut asked: Vec<MessageId> = Vec::new();
    for id in ids {
        session.connection_id = Some(id);
        let (ping, record) = session.ping();
        asked.push(ping);
        line.send(&record)?;
        line.send(&noise(raid, session.connection_id.as_deref().unwrap_or_default()))?;
    }
    session.connection_id = Some(own);
    let heard = session.lives("records with made-up connection IDs")?;
    if asked.iter().any(|id| acknowledgements(&heard, *id) > 0) {
        return broke("a record was heard whose connection ID is not its session's");
    }
    Ok("no record with a made-up connection ID was heard".into())
}

/// A record that nobody sealed.
fn noise(raid: &Raid<'_>, id: &[u8]) -> Vec<u8> {
    let mut record = vec![CONNECTION_ID];
    record.extend(VERSION);
    record.extend(number(1, 9));
    record.extend(id);
    put16(&mut record, &raid.random::<40>());
    record
}

fn guessable_ids(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let mut shaking = Shaking::begin(&line)?;
    let mut ids = Vec::new();
    for turn in 1..=MANY {
        ids.extend(shaking.connection_id.clone());
        let hello = super::hello::Hello::sound(raid.random());
        shaking = Shaking::begin_after(&line, hello, turn)?.0;
    }
    let (Some(first), count) = (ids.first(), ids.len()) else {
        return untried("the target agrees on no connection ID");
    };
    let same = |place: usize| ids.iter().all(|id| id.get(place) == first.get(place));
    let fixed = (0..first.len()).filter(|place| same(*place)).count();
    if fixed > 0 {
        let length = first.len();
        return broke(format!("{fixed} of {length} bytes are the same in {count} connection IDs"));
    }
    Ok(format!("no byte is the same in {count} connection IDs"))
}
