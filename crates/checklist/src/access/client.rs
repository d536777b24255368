//! OAuth clients: what they may, whether anybody uses them, and how people come to them.

use crate::anchor::{asvs, cra, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

/// So long a client may wait for its first token.
const UNUSED_MS: u64 = 90 * 24 * 3_600 * 1_000;

/// A client is for something.
pub(super) const SCOPED: Check = Check {
    id: "access-clients-scoped",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "No registered OAuth client may ask for everything.",
    how: "Reads the scopes of every registered client from the node's survey.",
    remedy: "Edit the client and name the scopes that it uses; its tokens are made anew.",
    anchors: &[isvs("2.2"), cra("I.1(2)(d)"), asvs("V10.3"), iso("A.8.3")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Access,
    judge: scoped,
};

/// And somebody uses it.
pub(super) const USED: Check = Check {
    id: "access-clients-used",
    item: Item::UserAccess,
    severity: Severity::Low,
    claim: "Every registered OAuth client is in use.",
    how: "Looks for clients that were registered more than 90 days ago and hold no login now.",
    remedy: "Remove the client, whose secret somebody still has.",
    anchors: &[isvs("2.2"), cra("I.1(2)(j)"), asvs("V10.4"), iso("A.5.18")],
    risks: &[Risk::CorporateData],
    room: Room::Access,
    judge: used,
};

/// Codes travel encrypted.
pub(super) const REDIRECTS: Check = Check {
    id: "access-clients-redirects",
    item: Item::UserAccess,
    severity: Severity::High,
    claim: "No OAuth client has its authorization codes sent over plain HTTP.",
    how: "Reads the scheme of every client's redirect address from the node's survey.",
    remedy: "Register the client anew with an https address, or one of the app's own scheme.",
    anchors: &[cra("I.1(2)(e)"), asvs("V10.4"), iso("A.8.24")],
    risks: &[Risk::CustomerData],
    room: Room::Access,
    judge: redirects,
};

/// Clients do not handle people's passwords.
pub(super) const PASSWORD_GRANT: Check = Check {
    id: "access-password-grant-off",
    item: Item::UserAccess,
    severity: Severity::Low,
    claim: "No client handles people's passwords: the password grant of OAuth is off.",
    how: "Reads [oauth] password_grant from the configuration in effect.",
    remedy: "Set [oauth] password_grant = false where no particle-cli and no particle-api-js logs in with a password; RFC 9700 forbids this grant.",
    anchors: &[asvs("V10.4"), iso("A.8.5")],
    risks: &[Risk::CustomerData],
    room: Room::Access,
    judge: password_grant,
};

fn scoped(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let wide =
            access.clients.iter().filter(|client| client.scopes.iter().any(|scope| scope == "*:*"));
        let faults = wide.map(|client| {
            Fault::new(format!("client {}", client.id), "may ask for all scopes that there are")
        });
        Verdict::of(
            faults,
            format!("{} registered clients, each with its own scopes", access.clients.len()),
        )
    })
}

fn used(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let unused = access.clients.iter().filter(|client| {
            let registered = u64::try_from(client.created_at_ms).unwrap_or(0);
            let old = scene.now_ms.saturating_sub(registered) > UNUSED_MS;
            old && !access.tokens.iter().any(|token| token.client == client.id)
        });
        let faults = unused.map(|client| {
            Fault::new(
                format!("client {}", client.id),
                "was registered more than 90 days ago, and holds no login",
            )
        });
        Verdict::of(faults, format!("{} registered clients, none forgotten", access.clients.len()))
    })
}

fn redirects(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let plain =
            access.clients.iter().filter(|client| client.redirect.as_deref() == Some("http"));
        let faults = plain.map(|client| {
            Fault::new(format!("client {}", client.id), "has codes sent back over plain HTTP")
        });
        Verdict::of(faults, "no code travels over plain HTTP")
    })
}

fn password_grant(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        Verdict::claim(!access.logins.password_grant, "the password grant is off", || {
            Fault::new(
                "[oauth] password_grant",
                "clients may take people's passwords and send them",
            )
        })
    })
}
