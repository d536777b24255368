//! Item 4: servers that take what they should not, ports that answer everybody, attacks that broke, secrets on the wire.

mod servers;

use crate::Plant;
use pintle_attack::Outcome;
use pintle_checklist::communication::certificate::{Certificate, Place};
use pintle_checklist::communication::door::{self, Door, Patience};
use pintle_checklist::communication::headers::{Headers, Noted};
use pintle_checklist::communication::tap::Said;
use pintle_checklist::communication::tls::{Scanner, Tls};
use pintle_checklist::communication::traffic::Traffic;
use pintle_checklist::communication::{Communication, attempted};
use pintle_checklist::penetration::Attempts;
use pintle_checklist::{Look, Scene};
use servers::{Authority, Takes};
use std::sync::OnceLock;
use std::time::Duration;

/// Long enough for what is answered at once.
const ANSWERED: Duration = Duration::from_secs(10);
/// 2026-11-20 in milliseconds.
const NOW_MS: u64 = 1_795_132_800_000;
const DAY: i64 = 24 * 60 * 60;
const NOW: i64 = (NOW_MS / 1000) as i64;

fn tls(takes: Takes) -> Tls {
    let address = servers::tls(takes);
    Scanner { address, name: None, patience: ANSWERED }.scan().unwrap()
}

fn certificate(made: &Authority, host: &str) -> Certificate {
    let address = made.serve();
    let authority = Some(made.file());
    Place { address, host, authority, patience: ANSWERED }.look().unwrap()
}

fn door_of(talks: bool) -> Door {
    let silence = if talks { ANSWERED } else { Duration::from_millis(5) };
    door::look(servers::port(talks), Patience { answer: ANSWERED, silence }).unwrap()
}

fn answer() -> Noted {
    let headers = [
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("access-control-allow-origin", "*"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Noted { status: 401, headers: headers.into() }
}

fn headers(answer: Noted) -> Headers {
    let answers = [("GET /v1/user".to_owned(), answer)].into();
    Headers { answers, trace: Some(405), echoes: false }
}

fn attempts() -> Attempts {
    attempted::cases().map(|case| (case, Outcome::held("silence"))).collect()
}

fn said(opened: &[u8], sealed: &[u8]) -> Said {
    let proof = b"planted/proof heard-by-the-tap-4d1c ".to_vec();
    Said { opened: vec![proof, opened.to_vec()], sealed: vec![vec![0xa5; 90], sealed.to_vec()] }
}

fn whole() -> Communication {
    static LOOKED: OnceLock<Communication> = OnceLock::new();
    let look = || Communication {
        tls: Look::seen(["tls"], tls(Takes::default())),
        certificate: Look::seen(
            ["certificate"],
            certificate(&Authority::new(NOW, 90), "localhost"),
        ),
        headers: Look::seen(["headers"], headers(answer())),
        door: Look::seen(["door"], door_of(false)),
        attempts: Look::seen(["attacks"], attempts()),
        traffic: Look::seen(["tap"], Traffic::of(&said(b"", b""))),
    };
    LOOKED.get_or_init(look).clone()
}

fn scene(communication: Communication) -> Scene {
    let communication = Look::seen(["the wire"], communication);
    Scene { now_ms: NOW_MS, communication, ..Scene::default() }
}

fn sound() -> Scene {
    scene(whole())
}

fn with_tls(takes: Takes) -> Scene {
    scene(Communication { tls: Look::seen(["tls"], tls(takes)), ..whole() })
}

fn with_certificate(found: Certificate) -> Scene {
    scene(Communication { certificate: Look::seen(["certificate"], found), ..whole() })
}

/// With one header as it should not be.
fn with_header(name: &str, value: &str) -> Scene {
    let mut answer = answer();
    answer.headers.insert(name.to_owned(), value.to_owned());
    scene(Communication { headers: Look::seen(["headers"], headers(answer)), ..whole() })
}

fn talkative() -> Scene {
    static LOOKED: OnceLock<Door> = OnceLock::new();
    let door = LOOKED.get_or_init(|| door_of(true)).clone();
    scene(Communication { door: Look::seen(["door"], door), ..whole() })
}

fn attacked(case: &'static str) -> Scene {
    let mut attempts = attempts();
    assert!(
        attempts.0.insert(case.to_owned(), Outcome::broke("it was let in")).is_some(),
        "{case}"
    );
    scene(Communication { attempts: Look::seen(["attacks"], attempts), ..whole() })
}

fn heard(said: &Said) -> Scene {
    scene(Communication { traffic: Look::seen(["tap"], Traffic::of(said)), ..whole() })
}

const fn plant(check: &'static str, broken: fn() -> Scene) -> Plant {
    Plant { check, broken, sound }
}

pub const PLANTS: &[Plant] = &[
    plant("communication-tls-versions", || with_tls(Takes { tls_1_0: true, ..Takes::default() })),
    plant("communication-tls-newest", || with_tls(Takes { tls_1_3: false, ..Takes::default() })),
    plant("communication-tls-suites-broken", || {
        with_tls(Takes { suite: 0x0005, ..Takes::default() })
    }),
    plant("communication-tls-suites-old", || with_tls(Takes { suite: 0xc013, ..Takes::default() })),
    plant("communication-tls-groups", || with_tls(Takes { group: 19, ..Takes::default() })),
    plant("communication-tls-hybrid", || with_tls(Takes { group: 29, ..Takes::default() })),
    plant("communication-tls-downgrade", || with_tls(Takes { marks: false, ..Takes::default() })),
    plant("communication-tls-renegotiation", || {
        with_tls(Takes { extensions: &[23], ..Takes::default() })
    }),
    plant("communication-tls-master-secret", || {
        with_tls(Takes { extensions: &[0xff01], ..Takes::default() })
    }),
    plant("communication-tls-compression", || {
        with_tls(Takes { compresses: true, ..Takes::default() })
    }),
    plant("communication-tls-heartbeats", || {
        with_tls(Takes { extensions: &[23, 0xff01, 15], ..Takes::default() })
    }),
    plant("communication-https-plain", || with_tls(Takes { plain: true, ..Takes::default() })),
    plant("communication-certificate-valid", || {
        with_certificate(certificate(&Authority::new(NOW - 100 * DAY, 90), "localhost"))
    }),
    plant("communication-certificate-ends", || {
        with_certificate(certificate(&Authority::new(NOW - 80 * DAY, 90), "localhost"))
    }),
    plant("communication-certificate-trusted", || {
        with_certificate(certificate(&Authority::new(NOW, 90), "elsewhere.invalid"))
    }),
    plant("communication-certificate-key", || {
        let sound = whole().certificate.found.unwrap();
        with_certificate(Certificate { key: "RSA".into(), bits: 1024, ..sound })
    }),
    plant("communication-certificate-leaf", || {
        with_certificate(certificate(&Authority::new(NOW, 90).shows_itself(), "localhost"))
    }),
    plant("communication-headers-https-only", || {
        with_header("strict-transport-security", "max-age=60")
    }),
    plant("communication-headers-browser", || with_header("referrer-policy", "")),
    plant("communication-headers-cache", || with_header("cache-control", "public")),
    plant("communication-headers-banner", || with_header("server", "nginx/1.18.0")),
    plant("communication-headers-origins", || {
        with_header("access-control-allow-credentials", "true")
    }),
    plant("communication-headers-trace", || {
        let headers = Headers { echoes: true, ..headers(answer()) };
        scene(Communication { headers: Look::seen(["headers"], headers), ..whole() })
    }),
    plant("communication-door-challenge", talkative),
    plant("communication-door-amplification", talkative),
    plant("communication-door-plain", talkative),
    plant("communication-door-silent", talkative),
    plant("communication-dtls-wrong-key", || attacked("dtls-wrong-key")),
    plant("communication-dtls-no-key", || attacked("dtls-no-key")),
    plant("communication-dtls-anothers-id", || attacked("coap-anothers-id")),
    plant("communication-dtls-suites", || attacked("dtls-other-suites")),
    plant("communication-dtls-version", || attacked("dtls-other-versions")),
    plant("communication-dtls-replay", || attacked("dtls-reorder")),
    plant("communication-dtls-forged", || attacked("dtls-truncated-records")),
    plant("communication-dtls-moved", || attacked("dtls-unproven-address")),
    plant("communication-dtls-numbers", || attacked("dtls-nonces")),
    plant("communication-tcp-wrong-key", || attacked("tcp-wrong-key")),
    plant("communication-tcp-changed", || attacked("tcp-bit-flips")),
    plant("communication-tcp-replay", || attacked("tcp-repeated-frame")),
    plant("communication-tcp-oracle", || attacked("tcp-padding-oracle")),
    plant("communication-traffic-inside", || heard(&said(b"ssid=planted-ssid-7Qx", b""))),
    plant("communication-traffic-wire", || heard(&said(b"", b"heard-by-the-tap-4d1c"))),
];

#[test]
fn the_attacks_that_claims_are_judged_from_are_there_and_part_of_every_run() {
    for case in attempted::cases() {
        let found = pintle_attack::case_named(case).unwrap_or_else(|| panic!("no case {case}"));
        assert_eq!(found.cost, pintle_attack::Cost::Quick, "{case}");
    }
}
