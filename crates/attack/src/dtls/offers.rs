//! What a client offers: other suites and versions, no key types, extensions twice or cut short.

use super::hello::{Hello, SUITE};
use super::line::Line;
use super::shaking::{Shaking, cookie};
use super::wire::{self, CLIENT_HELLO, HANDSHAKE, SERVER_HELLO};
use crate::case::{Case, Cost, Group};
use crate::raid::{Raid, Tried, broke, raid};

/// Suites of all ages, weak ones first.
const SUITES: [u16; 16] = [
    0x0000, 0x0001, 0x0004, 0x000a, 0x002f, 0x008c, 0x00a8, 0xc006, 0xc009, 0xc018, 0xc02b, 0xc0a8,
    0xc0ac, 0xc0af, 0x1301, 0x00ff,
];
/// DTLS 1.0, TLS 1.0 to 1.2, SSL 3.0, and none.
const VERSIONS: [[u8; 2]; 6] = [[0xfe, 0xff], [3, 1], [3, 2], [3, 3], [3, 0], [0xff, 0xff]];

/// Suites that a node does not speak.
pub(super) const OTHER_SUITES: Case = Case {
    id: "dtls-other-suites",
    group: Group::Handshake,
    tries: "A client offers every suite but the one of the service: without encryption, anonymous, with RC4, with CBC.",
    expects: "The hello is not taken.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, other_suites),
};

/// Versions that a node does not speak.
pub(super) const OTHER_VERSIONS: Case = Case {
    id: "dtls-other-versions",
    group: Group::Handshake,
    tries: "A client offers DTLS 1.0 at most, or a version of TLS or SSL, or compression alone.",
    expects: "The hello is not taken: nobody can have the two sides agree on something weaker.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, other_versions),
};

/// Extensions that no sound client has.
pub(super) const ODD_EXTENSIONS: Case = Case {
    id: "dtls-odd-extensions",
    group: Group::Handshake,
    tries: "Hellos with an extension twice, cut short, or longer than what they are in; certificates in place of raw keys, \
            weaker signatures, other curves, a renegotiation.",
    expects: "None is taken, and the target goes on.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, odd_extensions),
};

fn other_suites(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    let each = SUITES.map(|suite| vec![suite]);
    for suites in each.into_iter().chain([SUITES.to_vec()]) {
        let named = suites.iter().map(|suite| format!("{suite:04x}")).collect::<Vec<_>>();
        let hello = Hello { suites, ..Hello::sound(raid.random()) };
        if is_taken(&line, &hello, &hello.body(&cookie(&line, &hello)?))? {
            return broke(format!("a hello was taken that offers only {}", named.join(", ")));
        }
    }
    Ok(format!("{} hellos without suite {SUITE:04x} were not taken", SUITES.len() + 1))
}

fn other_versions(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    for version in VERSIONS {
        let hello = Hello { version, ..Hello::sound(raid.random()) };
        if is_taken(&line, &hello, &hello.body(&cookie(&line, &hello)?))? {
            let [high, low] = version;
            return broke(format!("a hello of version {high:02x}{low:02x} was taken"));
        }
    }
    for compressions in [vec![1], vec![64], Vec::new()] {
        let hello = Hello { compressions, ..Hello::sound(raid.random()) };
        if is_taken(&line, &hello, &hello.body(&cookie(&line, &hello)?))? {
            return broke("a hello was taken that does not offer to go without compression");
        }
    }
    Ok("no hello of another version or with compression alone was taken".into())
}

/// An extension that no sound client has in this form, and what it is.
const ODD: [(u16, &[u8], &str); 10] = [
    (19, &[1, 0], "a certificate in place of the client's raw key"),
    (20, &[1, 0], "a certificate in place of the cloud's raw key"),
    (13, &[0, 4, 2, 1, 2, 3], "signatures with SHA-1 alone"),
    (13, &[0, 2, 8, 7], "signatures with Ed25519 alone"),
    (10, &[0, 2, 0, 24], "another curve alone"),
    (11, &[1, 1], "compressed points alone"),
    (54, &[9, 1], "a connection ID longer than its extension"),
    (254, &[1, 7], "a connection ID for what Device OS receives"),
    (0xff01, &[1, 7], "a renegotiation"),
    (13, &[0, 9, 4, 3], "a list longer than its extension"),
];

fn odd_extensions(raid: &Raid<'_>) -> Tried {
    let line = Line::open(raid)?;
    for (number, data, what) in ODD {
        let hello = Hello::sound(raid.random());
        let cookie = cookie(&line, &hello)?;
        let odd = hello.clone().with(number, data);
        if is_taken(&line, &odd, &odd.body(&cookie))? {
            return broke(format!("a hello with {what} was taken"));
        }
    }
    for number in [13, 10, 19, 20] {
        let hello = Hello::sound(raid.random()).without(number);
        if is_taken(&line, &hello, &hello.body(&cookie(&line, &hello)?))? {
            return broke(format!("a hello without extension {number} was taken"));
        }
    }
    for number in [23, 54, 13] {
        let hello = Hello::sound(raid.random());
        let cookie = cookie(&line, &hello)?;
        let mut twice = hello.clone();
        let again = hello.extensions.iter().find(|(found, _)| *found == number).cloned();
        twice.extensions.extend(again);
        if is_taken(&line, &twice, &twice.body(&cookie))? {
            return broke(format!("a hello with extension {number} twice was taken"));
        }
    }
    for cut in [1, 2, 3, 5, 8] {
        let hello = Hello::sound(raid.random());
        let mut body = hello.body(&cookie(&line, &hello)?);
        body.truncate(body.len().saturating_sub(cut));
        if is_taken(&line, &hello, &body)? {
            return broke(format!("a hello whose last {cut} bytes are missing was taken"));
        }
    }
    Ok("no hello with odd extensions was taken".into())
}

/// Whether the target answers this hello, whose cookie is good, with a ServerHello.
fn is_taken(line: &Line<'_>, hello: &Hello, body: &[u8]) -> Tried<bool> {
    debug_assert_eq!(body.get(2..34), Some(&hello.random[..]));
    let message = wire::message(CLIENT_HELLO, 1, body);
    line.send(&wire::record(HANDSHAKE, 0, 1, &message))?;
    let (_, answers) = Shaking::begin_after(line, Hello::sound(line.raid.random()), 1)?;
    let messages = answers.records.iter().flat_map(wire::Record::messages);
    Ok(messages.into_iter().any(|message| message.kind == SERVER_HELLO))
}
