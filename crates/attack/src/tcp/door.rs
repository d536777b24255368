//! The door of the TCP service: two sessions of one device, crowds, and those who take their time.

use super::call::{Call, Came, is_near};
use super::session::{Known, Session, Stands};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// Connections of one address at once.
const CROWD_COUNT: usize = 300;
/// How many of them may be greeted before any has done something.
const GREETED: usize = 280;
/// How long all of them are listened to.
const WHILE: Duration = Duration::from_millis(600);
/// How long a connection may stay open that says nothing, or little.
const PATIENCE: Duration = Duration::from_secs(15);

/// Two sessions of one device.
pub(super) const SECOND_SESSION: Case = Case {
    id: "tcp-second-session",
    group: Group::Tcp,
    tries: "A device shakes hands a second time and goes on in its first session as well.",
    expects: "The first session has ended: a device has one.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, second_session),
};

/// Many at once.
pub(super) const CROWD: Case = Case {
    id: "tcp-crowd",
    group: Group::Flood,
    tries: "One address opens hundreds of connections and says nothing.",
    expects: "Only so many are greeted at a time, and a device at another address comes in at once.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, crowd),
};

/// Slowly.
pub(super) const SLOW: Case = Case {
    id: "tcp-slow-handshake",
    group: Group::Flood,
    tries: "One connection says nothing, and another sends its block a byte at a time.",
    expects: "Both are hung up on in time.",
    cost: Cost::Full,
    run: |target, course| raid(target, course, slow),
};

fn second_session(raid: &Raid<'_>) -> Tried {
    let device = Known::of(raid, 0)?;
    let mut first = Session::connect(raid, &device)?;
    let mut second = Session::connect(raid, &device)?;
    if second.asked()? != Stands::Answered {
        return broke("a device that shook hands a second time is not heard");
    }
    match first.asked()? {
        Stands::Ended => Ok("a session ended when its device had begun another".into()),
        _ => broke("a device has two sessions at once"),
    }
}

fn crowd(raid: &Raid<'_>) -> Tried {
    let mut calls = Vec::new();
    for _ in 0..CROWD_COUNT {
        // Where the target takes no more, or this machine has no more to give, the crowd is as large as it gets.
        let Ok(call) = Call::open(raid) else { break };
        calls.push(call);
    }
    let until = Instant::now() + WHILE;
    let mut greeted = 0;
    for call in &mut calls {
        let within = until.saturating_duration_since(Instant::now());
        greeted += usize::from(matches!(call.next(within)?, Came::Bytes(_)));
    }
    if greeted > GREETED {
        return broke(format!(
            "of {CROWD_COUNT} connections of one address {greeted} were greeted at once"
        ));
    }
    if is_near(raid) {
        let device = Known::of(raid, 0)?;
        let elsewhere = Call::open_from(raid, Ipv4Addr::new(127, 78, 1, 1))?;
        Session::shake_over(elsewhere, &device)?.introduce()?;
    }
    Ok("of a crowd from one address some were greeted at a time, and a device came in from elsewhere".into())
}

fn slow(raid: &Raid<'_>) -> Tried {
    let (mut silent, mut dripping) = (Call::open(raid)?, Call::open(raid)?);
    silent.nonce()?;
    dripping.nonce()?;
    let begun = Instant::now();
    let mut open = true;
    while open && begun.elapsed() < PATIENCE {
        dripping.send(&[0x5a])?;
        open = dripping.next(Duration::from_millis(250))? == Came::Nothing;
    }
    let left = PATIENCE.saturating_sub(begun.elapsed());
    if open || silent.next(left)? != Came::End {
        let seconds = PATIENCE.as_secs();
        return broke(format!("a connection without a block was open for {seconds} seconds"));
    }
    Ok("connections without a whole block were hung up on in time".into())
}
