//! More than anybody needs: hellos, and handshakes that are never finished.

use super::hello::Hello;
use super::line::Line;
use super::session::{Session, connected};
use super::shaking::{Shaking, cookie, send_hello};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid};
use crate::resident::Resident;

/// Hellos without a cookie, in a run.
const HELLO_COUNT: u32 = 2000;
/// After so many, the target is given time to read them.
const BATCH: u32 = 64;
/// Handshakes that are begun and left: more than a node holds at once.
const HANDSHAKE_COUNT: u16 = 2200;
/// By how much memory may grow: what handshakes under way may take, and some.
const ROOM: u64 = 48 << 20;
/// The same for hellos, of which nothing is kept.
const LITTLE_ROOM: u64 = 8 << 20;

/// Hellos without end.
pub(super) const HELLOS: Case = Case {
    id: "dtls-hello-flood",
    group: Group::Flood,
    tries: "Thousands of hellos without a cookie come from one address while a device works.",
    expects: "The device is heard all along, another shakes hands, and nothing is kept of the hellos.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, hellos),
};

/// Handshakes without end.
pub(super) const HANDSHAKES: Case = Case {
    id: "dtls-handshake-flood",
    group: Group::Flood,
    tries: "More handshakes are begun, with good cookies, than a node holds at once, and none goes on.",
    expects: "A device that comes then shakes hands, and memory stays bounded.",
    cost: Cost::Full,
    run: |target, course| raid(target, course, handshakes),
};

fn hellos(raid: &Raid<'_>) -> Tried {
    let (home, line) = (Line::open(raid)?, Line::open(raid)?);
    let (device, mut session) = connected(raid, &home)?;
    let before = Resident::of(raid.target.process);
    for count in 0..HELLO_COUNT {
        send_hello(&line, &Hello::sound(raid.random()), 0, &[])?;
        if count % BATCH == BATCH - 1 {
            session.lives("a flood of hellos")?;
        }
    }
    let last = Line::open(raid)?;
    Session::connect(&last, &device)?;
    within(before, raid, LITTLE_ROOM)?;
    Ok("a device was heard all along, and another handshake was held".into())
}

fn handshakes(raid: &Raid<'_>) -> Tried {
    let device = raid.identity(0)?;
    let before = Resident::of(raid.target.process);
    // One handshake is remembered for each address: so each has its own for as long as the flood lasts.
    let mut lines = Vec::new();
    for _ in 0..HANDSHAKE_COUNT {
        let Ok(line) = Line::open(raid) else { break };
        let hello = Hello::sound(raid.random());
        let good = cookie(&line, &hello)?;
        send_hello(&line, &hello, 1, &good)?;
        // Descriptors are few; the target does not know that nobody listens.
        if lines.len() < 200 {
            lines.push(line);
        }
    }
    let last = Line::open(raid)?;
    let mut shaking = Shaking::begin(&last)?;
    shaking.all(&device)?;
    let Ok(mut session) = shaking.session() else {
        return broke("a device cannot shake hands while others leave theirs unfinished");
    };
    session.introduce(device.id)?;
    within(before, raid, ROOM)?;
    Ok("a device shook hands while others left theirs unfinished".into())
}

/// Breaks where the target's memory grew by more.
fn within(before: Option<Resident>, raid: &Raid<'_>, room: u64) -> Tried<()> {
    let (Some(before), Some(after)) = (before, Resident::of(raid.target.process)) else {
        return Ok(());
    };
    if after.bytes.saturating_sub(before.bytes) > room {
        let room = room >> 20;
        return broke(format!("the target's memory grew by more than {room} MiB"));
    }
    Ok(())
}
