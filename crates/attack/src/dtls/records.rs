//! Records of a session: repeated, out of order, forged, cut short, of other epochs, without their connection ID.

use super::line::Line;
use super::session::{Session, acknowledgements, connected, greeting};
use super::wire::{APPLICATION, CONNECTION_ID};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid};
use pintle_protocol::coap::MessageId;
use pintle_protocol::from_device;

/// How far behind the newest a record may still be new (RFC 6347 4.1.2.6).
const WINDOW: u64 = 64;
/// Bytes of a record's header with a connection ID, its length last.
const HEADER: usize = 21;

/// The same record again.
pub(super) const REPLAY: Case = Case {
    id: "dtls-replay",
    group: Group::Record,
    tries: "Somebody on the way repeats a record of a device, at once and after others.",
    expects: "It is heard once.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, replay),
};

/// Another order.
pub(super) const REORDER: Case = Case {
    id: "dtls-reorder",
    group: Group::Record,
    tries: "Records come in another order, each of them twice, and one comes that is older than the window.",
    expects: "Those in the window are heard once each, the old one never.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, reorder),
};

/// Bits turned over.
pub(super) const FORGED: Case = Case {
    id: "dtls-forged-records",
    group: Group::Record,
    tries: "Every single bit of a record is turned over, one at a time; then the record comes as it was.",
    expects: "None of them is heard, and the sound one still is.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, forged),
};

/// Cut short, or with wrong lengths.
pub(super) const TRUNCATED: Case = Case {
    id: "dtls-truncated-records",
    group: Group::Record,
    tries: "A record comes cut short at every byte, with other lengths, and with no text in it.",
    expects: "None of them is heard, and the session goes on.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, truncated),
};

/// Other epochs, other kinds.
pub(super) const EPOCHS: Case = Case {
    id: "dtls-epochs",
    group: Group::Record,
    tries: "Records that authenticate, but of epochs that were never agreed on, or of kinds that there are not.",
    expects: "None of them is heard, and the session goes on.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, epochs),
};

/// Without the connection ID.
pub(super) const NO_CONNECTION_ID: Case = Case {
    id: "dtls-no-connection-id",
    group: Group::Record,
    tries: "A device that agreed on a connection ID sends records without it.",
    expects: "None of them is heard (RFC 9146 3).",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, no_connection_id),
};

fn replay(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let (_, mut session) = connected(raid, &line)?;
    let (id, ping) = session.ping();
    line.send(&ping)?;
    if session.until(id)?.is_none() {
        return crate::raid::untried("the target does not answer a ping");
    }
    for round in 0..4 {
        line.send(&ping)?;
        let heard = session.lives("a repeated record")?;
        if acknowledgements(&heard, id) > 0 {
            return broke(format!("a record was heard again, {round} records later"));
        }
    }
    Ok("a repeated record was heard once".into())
}

fn reorder(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let (_, mut session) = connected(raid, &line)?;
    let pings: Vec<(MessageId, Vec<u8>)> = (0..6).map(|_| session.ping()).collect();
    for place in [4, 2, 5, 0, 3, 1, 4, 0] {
        pings.get(place).map(|(_, ping)| line.send(ping)).transpose()?;
    }
    let heard = session.lives("records in another order")?;
    for (id, _) in &pings {
        let count = acknowledgements(&heard, *id);
        if count != 1 {
            return broke(format!(
                "a record that came out of order, and twice, was heard {count} times"
            ));
        }
    }
    let (old, late) = session.ping();
    session.next += WINDOW + 8;
    session.lives("records that were left out")?;
    line.send(&late)?;
    if acknowledgements(&session.lives("an old record")?, old) > 0 {
        return broke("a record older than the window was heard");
    }
    Ok("records out of order were heard once each, one older than the window never".into())
}

fn forged(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let (_, mut session) = connected(raid, &line)?;
    let (id, ping) = session.ping();
    // From its tag to its header.
    for (count, place) in (0..ping.len()).rev().enumerate() {
        for bit in 0..8 {
            let mut turned = ping.clone();
            turned.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << bit);
            line.send(&turned)?;
        }
        // Now and then, so that nothing is lost on the way.
        if count % 8 == 7 && acknowledgements(&session.lives("forged records")?, id) > 0 {
            return broke("a record with a bit turned over was heard");
        }
    }
    if acknowledgements(&session.lives("forged records")?, id) > 0 {
        return broke("a record with a bit turned over was heard");
    }
    line.send(&ping)?;
    if acknowledgements(&session.lives("forged records")?, id) != 1 {
        return broke("a sound record was not heard after others with its number were forged");
    }
    Ok("no record with a bit turned over was heard, and the sound one was".into())
}

fn truncated(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let (_, mut session) = connected(raid, &line)?;
    let (id, ping) = session.ping();
    for end in 1..ping.len() {
        let mut cut: Vec<u8> = ping.iter().take(end).copied().collect();
        line.send(&cut)?;
        // The same with the length put right.
        if let Some(length) = end.checked_sub(HEADER) {
            let [high, low] = u16::try_from(length).unwrap_or_default().to_be_bytes();
            cut.splice(HEADER - 2..HEADER, [high, low]);
            line.send(&cut)?;
        }
    }
    for length in [0, 1, 15, 16, 17, 0x4000, 0xffff_u16] {
        let mut lies = ping.clone();
        lies.splice(HEADER - 2..HEADER, length.to_be_bytes());
        line.send(&lies)?;
    }
    let heard = session.lives("records cut short")?;
    if acknowledgements(&heard, id) > 0 {
        return broke("a record that was cut short was heard");
    }
    let empty = session.seal(&[]);
    line.send(&empty)?;
    session.lives("an empty record")?;
    Ok("no record that was cut short or lies of its length was heard".into())
}

fn epochs(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let (_, mut session) = connected(raid, &line)?;
    for epoch in [0, 2, 3, 0xffff] {
        let (id, sequence) = (session.next_id(), session.next);
        session.next += 1;
        let mut message = Vec::new();
        from_device::ping(&mut message, id);
        line.send(&session.seal_as(APPLICATION, epoch, sequence, &message))?;
        if acknowledgements(&session.lives("a record of another epoch")?, id) > 0 {
            return broke(format!("a record of epoch {epoch} was heard"));
        }
    }
    for kind in [20, 24, CONNECTION_ID, 99, 255] {
        let (id, sequence) = (session.next_id(), session.next);
        session.next += 1;
        let mut message = Vec::new();
        from_device::ping(&mut message, id);
        line.send(&session.seal_as(kind, 1, sequence, &message))?;
        if acknowledgements(&session.lives("a record of another kind")?, id) > 0 {
            return broke(format!("a record of kind {kind} was heard as data"));
        }
    }
    Ok("records of other epochs and kinds were not heard".into())
}

fn no_connection_id(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    // Until it said Hello, a device is also looked for by its address.
    let mut session = Session::shake(&line, &device)?;
    let id = session.next_id();
    let mut hello = Vec::new();
    let written = from_device::hello(&mut hello, id, &greeting(device.id));
    if session.connection_id.is_none() || written.is_err() {
        return crate::raid::untried("the target agrees on no connection ID");
    }
    let record = session.seal_without_id(&hello);
    line.send(&record)?;
    let heard = session.say(|out, id| from_device::hello(out, id, &greeting(device.id)))?;
    if acknowledgements(&heard, id) > 0 {
        return broke("a record without the connection ID that was agreed on was heard");
    }
    let (id, _) = session.ping();
    let mut ping = Vec::new();
    from_device::ping(&mut ping, id);
    let record = session.seal_without_id(&ping);
    line.send(&record)?;
    if acknowledgements(&session.lives("a record without its connection ID")?, id) > 0 {
        return broke("a record without the connection ID that was agreed on was heard");
    }
    Ok("records without the connection ID that was agreed on were not heard".into())
}
