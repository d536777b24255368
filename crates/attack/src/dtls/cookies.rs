//! Before a source proved that it receives what is sent to it: cookies, and how much comes back of what is sent.

use super::hello::Hello;
use super::line::{ANSWER, Line};
use super::shaking::{Shaking, cookie, send_hello};
use super::wire::{self, CLIENT_HELLO, HANDSHAKE, Record, SERVER_HELLO, records};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid, untried};

/// The number of the hello whose answer tells where the answers to others end.
const MARKED: u16 = 14;
/// From so many addresses another's cookie is tried: which of a target's threads an address comes to is chance, and each may
/// make cookies of its own.
const MANY_ADDRESSES: usize = 16;
/// Reachability probes of Device OS: this byte first.
const PROBE: u8 = 252;
/// How many probes are sent at once.
const MANY_PROBES: usize = 240;
/// How many of them may come back: what two seconds of one source are worth, and some.
const FEW_ECHOES: usize = 80;

/// A cookie of another address.
pub(super) const COOKIE_ELSEWHERE: Case = Case {
    id: "dtls-cookie-elsewhere",
    group: Group::Handshake,
    tries: "A cookie is used from another address than the one it was sent to, for another hello, and with a bit turned over.",
    expects: "None begins a handshake: a cookie proves one address, for one hello.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, cookie_elsewhere),
};

/// More out than in.
pub(super) const AMPLIFICATION: Case = Case {
    id: "dtls-amplification",
    group: Group::Flood,
    tries: "Datagrams of every kind come from an address that proved nothing, as from a victim whose address was forged; \
            what comes back is counted.",
    expects: "Never more bytes than came in.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, amplification),
};

/// An echo without end.
pub(super) const PROBES: Case = Case {
    id: "dtls-probes",
    group: Group::Flood,
    tries: "One address sends many reachability probes at once, each of which is echoed.",
    expects: "Echoes stop after some: the target is no mirror.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, probes),
};

fn cookie_elsewhere(raid: &Raid<'_>) -> Tried {
    let here = Line::open(raid)?;
    let hello = Hello::sound(raid.random());
    let good = cookie(&here, &hello)?;
    for _ in 0..MANY_ADDRESSES {
        if begins(&Line::open(raid)?, &hello, &good)? {
            return broke("a cookie was good for another address");
        }
    }
    for place in 0..good.len() {
        let mut turned = good.clone();
        turned.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << (place % 8));
        if begins(&here, &hello, &turned)? {
            return broke("a cookie was good with a bit turned over");
        }
    }
    if begins(&here, &Hello::sound(raid.random()), &good)? {
        return broke("a cookie was good for another hello");
    }
    if !begins(&here, &hello, &good)? {
        return untried("the target does not take its own cookie");
    }
    Ok("a cookie was good for its own address and hello alone".into())
}

/// Whether a hello with this cookie begins a handshake.
fn begins(line: &Line<'_>, hello: &Hello, cookie: &[u8]) -> Tried<bool> {
    send_hello(line, hello, 1, cookie)?;
    let (_, answers) = Shaking::begin_after(line, Hello::sound(line.raid.random()), 1)?;
    let messages = answers.records.iter().flat_map(Record::messages);
    Ok(messages.into_iter().any(|message| message.kind == SERVER_HELLO))
}

fn amplification(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let mut most = 0;
    for (what, datagrams) in kinds(raid) {
        let sent: usize = datagrams.iter().map(Vec::len).sum();
        datagrams.iter().try_for_each(|datagram| line.send(datagram))?;
        let came = came_before_mark(&line)?;
        if came > sent {
            return broke(format!("{what}: {sent} bytes were answered with {came}"));
        }
        most = most.max(100 * came / sent.max(1));
    }
    Ok(format!("at most {most} of 100 bytes came back, whatever was sent"))
}

/// What somebody may send who proved nothing.
fn kinds(raid: &Raid<'_>) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let sound = Hello::sound(raid.random());
    let hello = |body: &[u8]| wire::record(HANDSHAKE, 0, 0, &wire::message(CLIENT_HELLO, 0, body));
    let whole = hello(&sound.body(&[]));
    let bare = Hello { extensions: Vec::new(), ..Hello::sound(raid.random()) };
    let cut = (1..whole.len()).step_by(3).map(|end| whole.iter().take(end).copied().collect());
    let first_bytes = (0..=255).map(|byte| {
        let mut datagram = raid.random::<40>().to_vec();
        datagram.splice(..1, [byte]);
        datagram
    });
    let protected = (0..32).map(|_| wire::record(25, 1, 0, &raid.random::<60>()));
    vec![
        ("hellos without a cookie", vec![whole.clone(); 16]),
        ("hellos with a made-up cookie", vec![hello(&sound.body(&raid.random::<32>())); 16]),
        ("the shortest hellos there are", vec![hello(&bare.body(&[])); 16]),
        ("hellos cut short", cut.collect()),
        ("datagrams with any first byte", first_bytes.collect()),
        ("single bytes", (0..=255).map(|byte| vec![byte]).collect()),
        ("records of a made-up session", protected.collect()),
        ("probes", vec![[&[PROBE][..], &[0; 12]].concat(); 16]),
    ]
}

/// How many bytes came before the answer to a hello that is sent now.
fn came_before_mark(line: &Line<'_>) -> Tried<usize> {
    send_hello(line, &Hello::sound(line.raid.random()), MARKED, &[])?;
    let mut came = 0;
    while let Some(datagram) = line.hear(ANSWER)? {
        let found = records(&datagram);
        let mut messages = found.iter().flat_map(Record::messages);
        if messages.any(|message| message.sequence >= MARKED) {
            return Ok(came);
        }
        came += datagram.len();
    }
    untried("nobody answers a ClientHello at the target's address for devices over UDP")
}

fn probes(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let probe = [&[PROBE][..], &[0x55; 24]].concat();
    for _ in 0..MANY_PROBES {
        line.send(&probe)?;
    }
    let echoes = came_before_mark(&line)? / probe.len();
    if echoes > FEW_ECHOES {
        return broke(format!("of {MANY_PROBES} probes sent at once {echoes} were echoed"));
    }
    Ok(format!("of {MANY_PROBES} probes sent at once few were echoed"))
}
