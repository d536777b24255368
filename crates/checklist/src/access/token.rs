//! Tokens: that they end, that they allow little, that an account is one person's.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::Kind;
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeMap;

/// The most days that tokens should live.
const MOST_DAYS: u16 = 365;

/// More logins at once are hardly one person's.
const MOST_LOGINS: usize = 12;

/// Nothing lives for ever.
pub(super) const END: Check = Check {
    id: "access-tokens-end",
    item: Item::UserAccess,
    severity: Severity::High,
    claim: "Every token ends some day by itself.",
    how: "Looks in the node's survey for tokens without an end.",
    remedy: "Revoke the token, and give its holder one with an end, or a login that is refreshed; keep [oauth] endless_tokens off.",
    anchors: &[isvs("2.2"), cra("I.1(2)(d)"), asvs("V7.3"), iso("A.5.18")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Access,
    judge: end,
};

/// Nor can anything be made that does.
pub(super) const SET_UP: Check = Check {
    id: "access-tokens-lifetime",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "The node makes no token that lives longer than a year.",
    how: "Reads how long tokens may live from the configuration in effect.",
    remedy: "Set [oauth] endless_tokens = false and token_days to 365 or less in config.toml, and restart the node.",
    anchors: &[isvs("2.2"), asvs("V7.3"), iso("A.8.9")],
    risks: &[Risk::CustomerData],
    room: Room::Access,
    judge: set_up,
};

/// Programs may do what they need.
pub(super) const SCOPED: Check = Check {
    id: "access-services-scoped",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "No program is allowed everything: services and clients that act for themselves have the scopes that they need.",
    how: "Looks in the node's survey for service accounts, and for tokens of services and clients, that have all scopes, or may both change firmware and call functions.",
    remedy: "Give the service the few scopes that it uses, and make its token anew.",
    anchors: &[isvs("2.2"), en303645("5.6-7"), cra("I.1(2)(d)"), asvs("V8.2"), iso("A.8.2")],
    risks: &[Risk::PhysicalDamage, Risk::Downtime],
    room: Room::Access,
    judge: scoped,
};

/// One account, one person.
pub(super) const ACCOUNTS: Check = Check {
    id: "access-accounts-not-shared",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "No account of a person looks as if several used it.",
    how: "Counts the logins that each person's account has open at once; more than twelve are hardly one person's.",
    remedy: "Give each person an account of their own and each program a service account, then end the logins of the shared one (`pintle user reset`).",
    anchors: &[isvs("2.1"), asvs("V6.1"), iso("A.5.16"), iso("27017 CLD.9.5.1")],
    risks: &[Risk::Liability, Risk::CorporateData],
    room: Room::Access,
    judge: shared,
};

fn end(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let mut endless: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for token in access.tokens.iter().filter(|token| token.expires_at_ms.is_none()) {
            *endless.entry((&token.handle, &token.client)).or_default() += 1;
        }
        let faults = endless.into_iter().map(|((handle, client), count)| {
            let detail = format!("{count} of its tokens never end");
            Fault::new(format!("account {handle}, client {client}"), detail)
        });
        Verdict::of(faults, "tokens without an end: none")
    })
}

fn set_up(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let logins = &access.logins;
        let endless = logins.endless_tokens.then(|| {
            Fault::new(
                "[oauth] endless_tokens",
                "a client that asks for it gets a token that never ends",
            )
        });
        let long = (logins.token_days > MOST_DAYS).then(|| {
            Fault::new(
                "[oauth] token_days",
                format!("tokens live up to {} days", logins.token_days),
            )
        });
        let seen = format!(
            "tokens live at most {} days, and wait {} days to be refreshed",
            logins.token_days, logins.refresh_days
        );
        Verdict::of(endless.into_iter().chain(long), seen)
    })
}

fn is_wide(scopes: &[String]) -> bool {
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    has("*:*") || (has("firmware:release") && has("devices.function:call"))
}

fn scoped(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let services = || access.members.iter().filter(|member| member.role.is_none());
        let wide = services().filter(|service| is_wide(&service.scopes)).map(|service| {
            Fault::new(
                format!("service {}", service.handle),
                "may do everything that a service can, or nearly",
            )
        });
        let own = |kind| matches!(kind, Kind::Client);
        let tokens = access.tokens.iter().filter(|token| own(token.kind) && is_wide(&token.scopes));
        let tokens = tokens.map(|token| {
            let detail =
                "has a token for itself that allows everything that its maker may, or nearly";
            Fault::new(format!("client {}", token.client), detail)
        });
        Verdict::of(
            wide.chain(tokens),
            format!("{} services, none allowed everything", services().count()),
        )
    })
}

fn shared(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let mut logins: BTreeMap<&str, usize> = BTreeMap::new();
        for token in access.tokens.iter().filter(|token| token.kind == Kind::Person) {
            *logins.entry(&token.handle).or_default() += 1;
        }
        let crowded = logins.into_iter().filter(|(_, count)| *count > MOST_LOGINS);
        let faults = crowded.map(|(handle, _)| {
            let detail = format!("has more than {MOST_LOGINS} logins open at once");
            Fault::new(format!("account {handle}"), detail)
        });
        Verdict::of(
            faults,
            format!("no account of a person has more than {MOST_LOGINS} logins open"),
        )
    })
}
