//! Claims about the API's certificate and the headers of its answers.

use super::super::certificate::Certificate;
use super::super::headers::{Headers, Noted};
use super::super::tls::Tls;
use super::{BROWSERS, KNOWN, SMALL, check, of};
use crate::anchor::{asvs, cra, iso, isvs};
use crate::check::{Check, Severity};
use crate::scene::Scene;
use crate::verdict::{Fault, Verdict};

const DAY: i64 = 24 * 60 * 60;
/// Whoever renews by hand needs this long.
const SOON_DAYS: i64 = 14;

/// Signatures that can be forged: MD5 and SHA-1 with RSA, SHA-1 with ECDSA.
const FORGEABLE: [&str; 4] =
    ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.3.14.3.2.29"];

pub static PLAIN: Check = Check {
    claim: "The API answers nothing without TLS.",
    how: "A request in plain HTTP is sent to the port of the API.",
    remedy: "Take whatever answers plain HTTP off the port of the API.",
    ..check("communication-https-plain", Severity::High, |scene| {
        of(
            scene,
            |found| &found.tls,
            |tls: &Tls| {
                Verdict::claim(!tls.plain_http, "plain HTTP is not answered", || {
                    Fault::new("the port of the API", "it answers plain HTTP")
                })
            },
        )
    })
};

pub static VALID: Check = Check {
    claim: "The API's certificate is valid today.",
    how: "The certificate is taken from a handshake, and its first and last day are held against the clock.",
    remedy: "Renew the certificate; a node that makes its own does so when it is started.",
    anchors: KNOWN,
    ..check("communication-certificate-valid", Severity::High, |scene| {
        let now = seconds(scene);
        certificate(scene, |found| {
            let valid = (found.begins..=found.ends).contains(&now);
            Verdict::claim(valid, "it has begun and has not ended", || {
                let what = if now < found.begins { "it has not begun" } else { "it has ended" };
                Fault::new("the certificate", what)
            })
        })
    })
};

pub static ENDS: Check = Check {
    claim: "The API's certificate does not end within two weeks.",
    how: "The certificate is taken from a handshake, and its last day is held against the clock.",
    remedy: "Renew the certificate, and let a timer do it; a node that makes its own does so when it is started.",
    anchors: KNOWN,
    risks: super::STOPS,
    ..check("communication-certificate-ends", Severity::Medium, |scene| {
        let now = seconds(scene);
        certificate(scene, |found| {
            let left = found.ends.saturating_sub(now) / DAY;
            Verdict::claim(
                left >= SOON_DAYS,
                format!("more than {SOON_DAYS} days are left"),
                || Fault::new("the certificate", format!("less than {SOON_DAYS} days are left")),
            )
        })
    })
};

pub static TRUSTED: Check = Check {
    claim: "A client that trusts the authority it was given takes the API's certificate for the name that it calls.",
    how: "The chain is verified as a client does, for that name and at a time when the certificate is valid.",
    remedy: "Have the authority that clients are given issue a certificate with the names by which they call the API.",
    anchors: KNOWN,
    ..check("communication-certificate-trusted", Severity::High, |scene| {
        certificate(scene, |found| match &found.refused {
            None => Verdict::holds("the chain and the name hold"),
            Some(why) => Verdict::of([Fault::new("the certificate", why)], ""),
        })
    })
};

pub static KEY: Check = Check {
    claim: "The key of the API's certificate is strong, and so is the signature on it.",
    how: "Kind and length of the key and the algorithm of the signature are read from the certificate.",
    remedy: "Have a certificate issued for a new key: P-256, or RSA of 2048 bits or more, signed with SHA-256.",
    anchors: &[isvs("4.1.3"), asvs("V11.2"), cra("I.1(2)(e)"), iso("A.8.24")],
    ..check("communication-certificate-key", Severity::High, |scene| certificate(scene, key))
};

pub static LEAF: Check = Check {
    claim: "The API's certificate cannot issue others.",
    how: "The basic constraints are read from the certificate.",
    remedy: "Have the authority issue a certificate for the server alone; keep the authority's key off the server.",
    anchors: KNOWN,
    ..check("communication-certificate-leaf", Severity::Medium, |scene| {
        certificate(scene, |found| {
            Verdict::claim(!found.is_authority, "it is a server's alone", || {
                Fault::new("the certificate", "it is an authority's")
            })
        })
    })
};

pub static HSTS: Check = Check {
    claim: "Browsers are told to call the API over HTTPS alone for half a year or more.",
    how: "Answers to questions without a token are read.",
    remedy: "Put the node itself before its clients, or let the proxy send Strict-Transport-Security.",
    anchors: BROWSERS,
    ..check("communication-headers-https-only", Severity::Low, |scene| {
        each(scene, |answer| {
            let age = max_age(answer.of("strict-transport-security"));
            (age < 180 * DAY).then(|| "Strict-Transport-Security is missing or shorter".to_owned())
        })
    })
};

pub static BROWSER: Check = Check {
    claim: "Browsers are told to take nothing for what it is not, to frame no page, and to tell no one where they came from.",
    how: "Answers to questions without a token are read.",
    remedy: "Put the node itself before its clients, or let the proxy pass its headers on.",
    anchors: BROWSERS,
    ..check("communication-headers-browser", Severity::Low, |scene| each(scene, browser))
};

pub static CACHE: Check = Check {
    claim: "Nothing that the API answers is kept by anybody on the way.",
    how: "Answers to questions without a token are read.",
    remedy: "Put the node itself before its clients, or let the proxy pass Cache-Control on.",
    anchors: BROWSERS,
    ..check("communication-headers-cache", Severity::Medium, |scene| {
        each(scene, |answer| {
            let kept = !answer.of("cache-control").contains("no-store");
            kept.then(|| "Cache-Control does not say no-store".to_owned())
        })
    })
};

pub static BANNER: Check = Check {
    claim: "Answers do not say which program of which version gave them.",
    how: "Answers to questions without a token are searched for Server and X-Powered-By.",
    remedy: "Have the proxy leave these headers out.",
    anchors: SMALL,
    ..check("communication-headers-banner", Severity::Low, |scene| {
        each(scene, |answer| {
            let told = ["server", "x-powered-by"].map(|name| answer.of(name));
            let version = told.iter().find(|value| value.bytes().any(|byte| byte.is_ascii_digit()));
            version.map(|value| format!("it says \"{value}\""))
        })
    })
};

pub static ORIGINS: Check = Check {
    claim: "A page from elsewhere cannot use what a browser remembers of the API.",
    how: "Questions are asked in the name of a page from elsewhere, and the answers are searched for leave to send credentials.",
    remedy: "Allow credentials for the origins of your own pages alone, or for none.",
    anchors: BROWSERS,
    ..check("communication-headers-origins", Severity::High, |scene| {
        each(scene, |answer| {
            let may = answer.of("access-control-allow-credentials").eq_ignore_ascii_case("true");
            may.then(|| "a page from elsewhere may send credentials and read the answer".to_owned())
        })
    })
};

pub static TRACE: Check = Check {
    claim: "The API gives nobody back what they sent: TRACE is refused.",
    how: "TRACE is sent with a header of its own, which is looked for in the answer.",
    remedy: "Turn TRACE off in the proxy.",
    anchors: SMALL,
    ..check("communication-headers-trace", Severity::Low, |scene| {
        of(
            scene,
            |found| &found.headers,
            |found: &Headers| {
                Verdict::claim(!found.echoes, "what was sent did not come back", || {
                    Fault::new("TRACE /", "it gives back what it was sent")
                })
            },
        )
    })
};

fn seconds(scene: &Scene) -> i64 {
    i64::try_from(scene.now_ms / 1000).unwrap_or(i64::MAX)
}

fn certificate(scene: &Scene, judge: impl FnOnce(&Certificate) -> Verdict) -> Verdict {
    of(scene, |found| &found.certificate, judge)
}

fn key(found: &Certificate) -> Verdict {
    let least = match found.key.as_str() {
        "RSA" => 2048,
        _ => 224,
    };
    let mut faults = Vec::new();
    if found.bits < least {
        let (kind, bits) = (&found.key, found.bits);
        faults.push(Fault::new(
            "the key",
            format!("{kind} of {bits} bits, and {least} are the least"),
        ));
    }
    if FORGEABLE.contains(&found.signed_with.as_str()) {
        faults.push(Fault::new("the signature", "it is made with MD5 or SHA-1"));
    }
    Verdict::of(faults, format!("{} of {} bits", found.key, found.bits))
}

/// Judges each answer by itself; a fault is named by what was asked.
fn each(scene: &Scene, wrong: impl Fn(&Noted) -> Option<String>) -> Verdict {
    of(
        scene,
        |found| &found.headers,
        |found: &Headers| {
            if found.answers.is_empty() {
                return Verdict::untried("nothing was answered");
            }
            let faults = found
                .answers
                .iter()
                .filter_map(|(asked, answer)| wrong(answer).map(|what| Fault::new(asked, what)));
            Verdict::of(faults, format!("{} answers", found.answers.len()))
        },
    )
}

fn browser(answer: &Noted) -> Option<String> {
    let policy = answer.of("content-security-policy");
    let framed = !policy.contains("frame-ancestors") && answer.of("x-frame-options").is_empty();
    let missing: Vec<_> = [
        (answer.of("x-content-type-options") != "nosniff", "X-Content-Type-Options"),
        (framed, "a Content-Security-Policy with frame-ancestors"),
        (answer.of("referrer-policy").is_empty(), "Referrer-Policy"),
    ]
    .into_iter()
    .filter_map(|(is, what)| is.then_some(what))
    .collect();
    (!missing.is_empty()).then(|| format!("without {}", missing.join(", ")))
}

fn max_age(value: &str) -> i64 {
    let ages = value.split(';').filter_map(|part| part.trim().strip_prefix("max-age="));
    ages.filter_map(|age| age.trim_matches('"').parse().ok()).next().unwrap_or(0)
}
