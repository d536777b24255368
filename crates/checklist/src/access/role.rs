//! Roles and accounts: that they are used, that few are great, that nobody lets themselves in.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::{Kind, Role};
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeMap;

/// So long somebody may stay away.
const AWAY_MS: u64 = 90 * 24 * 3_600 * 1_000;

/// A small team needs no rule.
const SMALL_TEAM: usize = 5;

/// A role that nobody uses is taken away.
pub(super) const USED: Check = Check {
    id: "access-roles-used",
    item: Item::UserAccess,
    severity: Severity::Low,
    claim: "Everybody with a role uses it, and so does every service.",
    how: "Looks for members of products and organisations who joined more than 90 days ago and have no login now.",
    remedy: "Take the role away; who needs it again is invited again.",
    anchors: &[isvs("2.2"), asvs("V8.2"), iso("A.5.18")],
    risks: &[Risk::CorporateData],
    room: Room::Access,
    judge: used,
};

/// An account that nobody uses is closed.
pub(super) const DORMANT: Check = Check {
    id: "access-accounts-used",
    item: Item::UserAccess,
    severity: Severity::Low,
    claim: "Every account of a person is somebody's who comes here.",
    how: "Looks for accounts of people that were made more than 90 days ago and have neither a login, nor a device, nor a role.",
    remedy: "Ask whose it is; give it a new password that nobody knows (`pintle user reset`), or have it deleted by its owner.",
    anchors: &[isvs("2.1"), asvs("V6.1"), iso("A.5.16")],
    risks: &[Risk::CorporateData],
    room: Room::Access,
    judge: dormant,
};

/// Few may do everything.
pub(super) const FEW: Check = Check {
    id: "access-administrators-few",
    item: Item::UserAccess,
    severity: Severity::Low,
    claim: "In no team of more than five people may more than half do nearly everything.",
    how: "Counts the owners and administrators of each product and organisation against all of its people.",
    remedy: "Give those who release firmware the role Developer, and those who answer customers the role Support.",
    anchors: &[isvs("2.2"), cra("I.1(2)(d)"), asvs("V8.2"), iso("A.8.2")],
    risks: &[Risk::PhysicalDamage, Risk::Liability],
    room: Room::Access,
    judge: few,
};

/// Nobody lets themselves in.
pub(super) const REGISTRATION: Check = Check {
    id: "access-registration-closed",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "Nobody makes an account by themselves.",
    how: "Reads [accounts] registration from the configuration in effect.",
    remedy: "Set [accounts] registration = false and make accounts with `pintle user add`; where customers do register, accept this finding in the profile and say why.",
    anchors: &[isvs("2.1"), en303645("5.6-1"), cra("I.1(2)(j)"), iso("A.5.16")],
    risks: &[Risk::Reputation],
    room: Room::Access,
    judge: registration,
};

/// Whether a moment is longer ago than anybody should stay away.
fn is_long_ago(scene: &Scene, at_ms: i64) -> bool {
    scene.now_ms.saturating_sub(u64::try_from(at_ms).unwrap_or(0)) > AWAY_MS
}

fn used(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let idle = access.members.iter().filter(|member| {
            let comes = access.tokens.iter().any(|token| token.handle == member.handle);
            is_long_ago(scene, member.added_at_ms) && !comes
        });
        let faults = idle.map(|member| {
            let what = if member.role.is_some() { "account" } else { "service" };
            let place = match (&member.organization, member.product) {
                (Some(slug), _) => format!("the organisation {slug}"),
                (None, product) => format!("product {}", product.unwrap_or_default()),
            };
            let role = member.role.map_or("scopes", Role::name);
            Fault::new(
                format!("{what} {} in {place}", member.handle),
                format!("has {role} there and no login"),
            )
        });
        Verdict::of(faults, format!("{} roles, all in use or new", access.members.len()))
    })
}

fn dormant(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let people = || access.people.iter().filter(|person| person.kind == Kind::Person);
        let idle = people().filter(|person| {
            let comes = access.tokens.iter().any(|token| token.handle == person.handle);
            let reaches = access.graph.ways.iter().any(|way| way.who == person.handle);
            is_long_ago(scene, person.created_at_ms) && !comes && !reaches
        });
        let faults = idle.map(|person| {
            Fault::new(
                format!("account {}", person.handle),
                "has neither a login, nor a device, nor a role",
            )
        });
        Verdict::of(faults, format!("{} accounts of people, none forgotten", people().count()))
    })
}

fn few(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let mut teams: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for member in &access.members {
            let Some(role) = member.role else { continue };
            let place = match (&member.organization, member.product) {
                (Some(slug), _) => format!("organisation {slug}"),
                (None, product) => format!("product {}", product.unwrap_or_default()),
            };
            let (all, great) = teams.entry(place).or_default();
            *all += 1;
            *great += usize::from(role >= Role::Administrator);
        }
        let count = teams.len();
        let heavy =
            teams.into_iter().filter(|(_, (all, great))| *all > SMALL_TEAM && 2 * great > *all);
        let faults = heavy.map(|(place, (all, great))| {
            Fault::new(place, format!("{great} of its {all} people are owners or administrators"))
        });
        Verdict::of(faults, format!("{count} teams, in none of which most may do everything"))
    })
}

fn registration(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        Verdict::claim(
            !access.logins.registration,
            "accounts are made by the operator alone",
            || {
                Fault::new(
                    "[accounts] registration",
                    "anybody who reaches the API may make an account",
                )
            },
        )
    })
}
