//! Faults of people, tokens, clients and webhooks: planted in what a node tells.

use crate::Plant;
use pintle_checklist::access::look;
use pintle_checklist::access::password::try_all;
use pintle_checklist::survey::{
    Client, Device, Hook, Kind, Member, Person, Pin, Product, Role, Survey, Token,
};
use pintle_checklist::{Look, Scene};

const DAY_MS: i64 = 24 * 3_600 * 1_000;
const NOW_MS: i64 = 20_000 * DAY_MS;

const ADA: &str = "0a0a0a0a0a0a0a0a0a0a0a0a";
const BOB: &str = "0b0b0b0b0b0b0b0b0b0b0b0b";
const SERVICE: &str = "0c0c0c0c0c0c0c0c0c0c0c0c";

fn person(handle: &str) -> Person {
    Person {
        handle: handle.into(),
        second_factor: true,
        recovery_codes: 8,
        created_at_ms: NOW_MS - 400 * DAY_MS,
        full_cost: true,
        newest_pepper: true,
        ..Person::default()
    }
}

fn token(handle: &str, kind: Kind) -> Token {
    Token {
        handle: handle.into(),
        kind,
        client: "particle-cli".into(),
        scopes: vec!["devices:get".into()],
        created_at_ms: NOW_MS - DAY_MS,
        expires_at_ms: Some(NOW_MS + DAY_MS),
        ..Token::default()
    }
}

/// A small company: one product, one owner, one service, one device.
fn company() -> Survey {
    let member = Member {
        handle: BOB.into(),
        product: Some(7),
        role: Some(Role::Administrator),
        scopes: vec!["firmware:release".into(), "teams.users:invite".into()],
        added_at_ms: NOW_MS - 300 * DAY_MS,
        ..Member::default()
    };
    let service = Member {
        handle: SERVICE.into(),
        role: None,
        scopes: vec!["events:get".into()],
        ..member.clone()
    };
    let mut survey = Survey {
        people: vec![person(ADA), person(BOB), Person { kind: Kind::Service, ..person(SERVICE) }],
        members: vec![member, service],
        tokens: vec![
            token(ADA, Kind::Person),
            token(BOB, Kind::Person),
            token(SERVICE, Kind::Service),
        ],
        products: vec![Product {
            id: 7,
            slug: "kettle".into(),
            owner: Some(ADA.into()),
            ..Product::default()
        }],
        devices: vec![Device {
            id: "d1".into(),
            owner: Some(BOB.into()),
            product: Some(7),
            ..Device::default()
        }],
        pins: vec![Pin { device: "d1".into(), ..Pin::default() }],
        ..Survey::default()
    };
    survey.settings.password_grant = false;
    survey
}

fn scene_of(
    survey: Survey,
    passwords: Look<Vec<pintle_checklist::access::password::Trial>>,
) -> Scene {
    let now_ms = u64::try_from(NOW_MS).unwrap();
    Scene { now_ms, access: look(Ok(&survey), passwords), ..Scene::default() }
}

fn sound() -> Scene {
    let passwords = try_all("ada", |password| Ok(password.contains(' ')));
    let mut survey = company();
    survey.clients.push(client());
    survey.hooks.push(hook());
    scene_of(survey, passwords)
}

fn client() -> Client {
    Client {
        id: "app-1".into(),
        handle: ADA.into(),
        kind: "web".into(),
        scopes: vec!["devices:get".into()],
        redirect: Some("https".into()),
        created_at_ms: NOW_MS - DAY_MS,
        ..Client::default()
    }
}

fn hook() -> Hook {
    Hook {
        id: "h1".into(),
        handle: ADA.into(),
        event: "temperature".into(),
        tls: true,
        ..Hook::default()
    }
}

/// The same company with one thing changed.
fn with(change: fn(&mut Survey)) -> Scene {
    let mut survey = company();
    change(&mut survey);
    scene_of(survey, Look::default())
}

macro_rules! plants {
    ($($check:literal: $change:expr,)+) => {
        &[$(Plant { check: $check, broken: || with($change), sound },)+
          Plant {
              check: "access-passwords-refused",
              broken: || scene_of(company(), try_all("ada", |_| Ok(true))),
              sound,
          }]
    };
}

pub const PLANTS: &[Plant] = plants! {
    "access-second-factor-privileged": |survey| survey.people[1].second_factor = false,
    "access-second-factor-everyone": |survey| {
        survey.people.push(Person { second_factor: false, ..person("0d") });
    },
    "access-recovery-codes": |survey| survey.people[0].recovery_codes = 0,
    "access-passwords-hashed": |survey| survey.people[0].full_cost = false,
    "access-tokens-end": |survey| survey.tokens[0].expires_at_ms = None,
    "access-tokens-lifetime": |survey| survey.settings.endless_tokens = true,
    "access-services-scoped": |survey| survey.members[1].scopes = vec!["*:*".into()],
    "access-accounts-not-shared": |survey| {
        survey.tokens.extend((0..12).map(|_| token(ADA, Kind::Person)));
    },
    "access-clients-scoped": |survey| {
        survey.clients.push(Client { scopes: vec!["*:*".into()], ..client() });
    },
    "access-clients-used": |survey| {
        survey.clients.push(Client { created_at_ms: NOW_MS - 91 * DAY_MS, ..client() });
    },
    "access-clients-redirects": |survey| {
        survey.clients.push(Client { redirect: Some("http".into()), ..client() });
    },
    "access-password-grant-off": |survey| survey.settings.password_grant = true,
    "access-roles-used": |survey| survey.tokens.retain(|token| token.handle != BOB),
    "access-accounts-used": |survey| survey.people.push(person("0d")),
    "access-administrators-few": |survey| {
        let administrator = survey.members[0].clone();
        let more = (0..6).map(|number| Member { handle: format!("{number}"), ..administrator.clone() });
        survey.members.extend(more);
    },
    "access-registration-closed": |survey| survey.settings.registration = true,
    "access-devices-inside": |survey| survey.devices[0].owner = Some("0d".into()),
    "access-devices-owned": |survey| {
        survey.devices[0].owner = None;
        survey.devices[0].product = None;
    },
    "access-webhooks-narrow": |survey| survey.hooks.push(Hook { event: "t".into(), ..hook() }),
    "access-webhooks-encrypted": |survey| survey.hooks.push(Hook { tls: false, ..hook() }),
    "access-secrets-gone": |survey| survey.secrets.overdue = 1,
};
