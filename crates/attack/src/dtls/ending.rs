//! Ending other people's sessions, and keeping one that should have ended.

use super::hello::Hello;
use super::line::{Line, SILENCE};
use super::session::{Session, acknowledgements, connected};
use super::shaking::{Shaking, send_hello};
use super::wire::{self, ALERT, CHANGE_CIPHER_SPEC, CLIENT_HELLO, HANDSHAKE};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid};

/// Alerts that anybody can send.
pub(super) const CLEAR_ALERTS: Case = Case {
    id: "dtls-clear-alerts",
    group: Group::Record,
    tries: "Somebody who can forge a device's address sends alerts, hellos and other messages in clear text into its session.",
    expects: "The session goes on: nothing outside it can end it.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, clear_alerts),
};

/// Forged records for a session.
pub(super) const FORGERIES: Case = Case {
    id: "dtls-forgeries",
    group: Group::Record,
    tries: "Somebody who saw a connection ID sends hundreds of made-up records for its session, from elsewhere and from the \
            device's own address.",
    expects: "The session goes on, and the device is heard at once.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, forgeries),
};

/// Two sessions of one device.
pub(super) const SECOND_SESSION: Case = Case {
    id: "dtls-second-session",
    group: Group::Record,
    tries: "A device shakes hands a second time and goes on in its first session as well.",
    expects: "The first session has ended: a device has one.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, second_session),
};

/// A handshake inside a session.
pub(super) const RENEGOTIATION: Case = Case {
    id: "dtls-renegotiation",
    group: Group::Handshake,
    tries: "A device begins another handshake inside its session.",
    expects: "It is not answered, and the session goes on.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, renegotiation),
};

fn clear_alerts(raid: &Raid<'_>) -> Tried {
    for with_id in [true, false] {
        let (line, device) = (Line::open(raid)?, raid.identity(0)?);
        let random = raid.random();
        let hello = if with_id { Hello::sound(random) } else { Hello::without_id(random) };
        let mut shaking = Shaking::begin_with(&line, hello)?;
        shaking.all(&device)?;
        let mut session = shaking.session()?;
        // Before it said Hello a session may also be found by its address.
        forge(&line)?;
        let introduced = session.introduce(device.id);
        if introduced.is_err() {
            return broke(
                "a session that had just begun was not heard any more after clear-text alerts",
            );
        }
        forge(&line)?;
        session.lives("clear-text alerts")?;
    }
    Ok("sessions with and without a connection ID went on after clear-text alerts".into())
}

/// What anybody can send from a device's address.
fn forge(line: &Line<'_>) -> Tried<()> {
    for (level, description) in [(2, 0), (1, 0), (2, 10), (2, 20), (2, 80), (1, 90)] {
        line.send(&wire::record(ALERT, 0, 77, &[level, description]))?;
        line.send(&wire::record(ALERT, 1, 78, &[level, description]))?;
    }
    line.send(&wire::record(CHANGE_CIPHER_SPEC, 0, 79, &[1]))?;
    line.send(&wire::record(HANDSHAKE, 0, 80, &wire::message(0, 0, &[])))?;
    send_hello(line, &Hello::sound(line.raid.random()), 0, &[]).map(drop)
}

fn forgeries(raid: &Raid<'_>) -> Tried {
    let (line, elsewhere) = (Line::open(raid)?, Line::open(raid)?);
    let (_, mut session) = connected(raid, &line)?;
    for round in 0..12_u64 {
        for count in 0..32 {
            let sequence = session.next + count * 1000 + round;
            let mut record = session.seal_as(wire::APPLICATION, 1, sequence, &[0x40, 0, 0, 1]);
            record.last_mut().into_iter().for_each(|byte| *byte ^= 0x80);
            if count % 2 == 0 { &line } else { &elsewhere }.send(&record)?;
        }
        session.lives("forged records")?;
    }
    Ok("a session went on after hundreds of forged records".into())
}

fn second_session(raid: &Raid<'_>) -> Tried {
    let (here, there) = (Line::open(raid)?, Line::open(raid)?);
    let (device, mut first) = connected(raid, &here)?;
    let mut second = Session::connect(&there, &device)?;
    second.lives("a second handshake")?;
    let (id, ping) = first.ping();
    here.send(&ping)?;
    second.lives("a message in the session before")?;
    let heard = first.glance(SILENCE)?;
    if acknowledgements(&heard, id) > 0 {
        return broke("a device was heard in two sessions at once");
    }
    Ok("a session ended when its device had begun another".into())
}

fn renegotiation(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let (_, mut session) = connected(raid, &line)?;
    let body = Hello::sound(raid.random()).body(&[]);
    for message in [wire::message(CLIENT_HELLO, 0, &body), wire::message(0, 0, &[])] {
        let sequence = session.next;
        session.next += 1;
        line.send(&session.seal_as(HANDSHAKE, 1, sequence, &message))?;
        session.lives("a hello inside it")?;
    }
    if session.handshakes > 0 {
        return broke("a handshake inside a session was answered");
    }
    Ok("a handshake inside a session was not answered".into())
}
