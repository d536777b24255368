//! What has to be random, or at least never the same twice.

use super::hello::Hello;
use super::line::Line;
use super::session::connected;
use super::shaking::Shaking;
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid, untried};
use std::collections::BTreeSet;

/// Handshakes whose randoms are compared.
const MANY: u16 = 12;
/// Sessions, and records of each, whose nonces are compared.
const SESSIONS: usize = 3;
const RECORDS: usize = 24;

/// Nonces.
pub(super) const NONCES: Case = Case {
    id: "dtls-nonces",
    group: Group::Record,
    tries: "The explicit nonces of the target's records are collected, in several sessions of one device.",
    expects: "None comes twice under one key, and sessions begin in different places.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, nonces),
};

/// Randoms and ephemeral keys.
pub(super) const RANDOMS: Case = Case {
    id: "dtls-randoms",
    group: Group::Handshake,
    tries: "The randoms and the ephemeral points of several handshakes are compared.",
    expects: "None comes twice.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, randoms),
};

fn nonces(raid: &Raid<'_>) -> Tried {
    let mut starts = BTreeSet::new();
    for _ in 0..SESSIONS {
        let line = Line::open(raid)?;
        let (_, mut session) = connected(raid, &line)?;
        for _ in 0..RECORDS {
            session.lives("a ping")?;
        }
        let different: BTreeSet<_> = session.nonces.iter().collect();
        if different.len() < session.nonces.len() {
            return broke("a nonce came twice under one key");
        }
        starts.extend(session.nonces.first().and_then(|nonce| nonce.first_chunk::<4>().copied()));
    }
    if starts.len() < SESSIONS {
        return broke("sessions begin with the same nonces");
    }
    Ok(format!("{RECORDS} records in each of {SESSIONS} sessions had nonces of their own"))
}

fn randoms(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let (mut randoms, mut points) = (BTreeSet::new(), BTreeSet::new());
    for turn in 0..MANY {
        let hello = Hello::sound(raid.random());
        let (shaking, _) = Shaking::begin_after(&line, hello, turn)?;
        randoms.insert(shaking.server_random);
        points.insert(shaking.point);
    }
    let many = usize::from(MANY);
    match (randoms.len() == many, points.len() == many) {
        (false, _) => broke("two handshakes have the same random of the target"),
        (_, false) => broke("two handshakes have the same ephemeral key of the target"),
        _ if randoms
            .iter()
            .any(|random| random.iter().all(|byte| Some(byte) == random.first())) =>
        {
            untried("a random of the target is one byte over and over")
        }
        _ => Ok(format!("{MANY} handshakes had randoms and ephemeral keys of their own")),
    }
}
