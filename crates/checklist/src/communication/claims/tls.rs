//! Claims about TLS of the API.

use super::super::suite::{self, Standing};
use super::super::tls::{Tls, Version};
use super::{KNOWN, WHOLE, check, of};
use crate::anchor::{asvs, cra, iso, isvs};
use crate::check::{Check, Severity};
use crate::scene::Scene;
use crate::verdict::{Fault, Verdict};

const MEND: &str = "Put the node itself before its clients, or set the proxy in front of it to TLS 1.2 and 1.3 alone with its recommended suites.";

pub static VERSIONS: Check = Check {
    claim: "The API speaks no version of TLS older than 1.2.",
    how: "A first message of SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 with every suite is sent, as a scanner does.",
    remedy: MEND,
    ..check("communication-tls-versions", Severity::High, |scene| judge(scene, versions))
};

pub static NEWEST: Check = Check {
    claim: "The API speaks TLS 1.3.",
    how: "A first message of TLS 1.3 with its five suites is sent.",
    remedy: MEND,
    ..check("communication-tls-newest", Severity::Medium, |scene| {
        judge(scene, |tls| {
            Verdict::claim(tls.versions.contains_key(&Version::Tls13), "TLS 1.3 is taken", || {
                Fault::new("TLS 1.3", "it is refused")
            })
        })
    })
};

pub static BROKEN_SUITES: Check = Check {
    claim: "The API takes no suite that somebody who listens can read, or that proves nobody.",
    how: "Every suite that has a number is offered in every version that is taken, until nothing more is chosen.",
    remedy: MEND,
    ..check("communication-tls-suites-broken", Severity::Critical, |scene| {
        judge(scene, |tls| suites(tls, Standing::Broken))
    })
};

pub static OLD_SUITES: Check = Check {
    claim: "Every suite that the API takes has keys for one session alone and a cipher that authenticates.",
    how: "Every suite that has a number is offered in every version that is taken, until nothing more is chosen.",
    remedy: MEND,
    ..check("communication-tls-suites-old", Severity::Medium, |scene| {
        judge(scene, |tls| suites(tls, Standing::Old))
    })
};

pub static GROUPS: Check = Check {
    claim: "The API exchanges keys over no group below 128 bits of strength.",
    how: "Known groups are offered one by one in the newest version that is taken.",
    remedy: MEND,
    ..check("communication-tls-groups", Severity::Medium, |scene| judge(scene, groups))
};

pub static HYBRID: Check = Check {
    claim: "What is recorded today on its way to the API cannot be opened by a quantum computer later.",
    how: "Key exchanges that combine an elliptic curve with ML-KEM are offered one by one.",
    remedy: "Put the node itself before its clients: it takes X25519MLKEM768. A proxy needs a library that does.",
    anchors: &[asvs("V11.7"), iso("A.8.24"), cra("I.1(2)(e)")],
    ..check("communication-tls-hybrid", Severity::Low, |scene| judge(scene, hybrid))
};

pub static DOWNGRADE: Check = Check {
    claim: "Somebody on the way cannot make client and API speak an older version than both can.",
    how: "TLS 1.2 is asked for, and the server's random is read: one that can do more says so in its last bytes.",
    remedy: "Update the proxy in front of the node: a library of TLS 1.3 marks such answers by itself.",
    anchors: KNOWN,
    ..check("communication-tls-downgrade", Severity::Medium, |scene| {
        judge(scene, |tls| match tls.marks_downgrades {
            _ if tls.versions.is_empty() => Verdict::untried("the API takes no version of TLS"),
            None => Verdict::holds("there is one version alone"),
            Some(marks) => Verdict::claim(marks, "an answer in TLS 1.2 is marked", || {
                Fault::new("TLS 1.2", "an answer in it does not say that the server can do more")
            }),
        })
    })
};

pub static RENEGOTIATION: Check = Check {
    claim: "Nobody can put words of their own before a client's by renegotiation.",
    how: "The answer in each older version than 1.3 is searched for the extension that binds renegotiation.",
    remedy: MEND,
    anchors: WHOLE,
    ..check("communication-tls-renegotiation", Severity::Medium, |scene| {
        judge(scene, |tls| {
            bound(tls, tls.bound_renegotiation, "renegotiation is bound to its session")
        })
    })
};

pub static MASTER_SECRET: Check = Check {
    claim: "Keys of older versions than 1.3 are bound to the whole of their handshake.",
    how: "The answer in each older version than 1.3 is searched for the extended master secret.",
    remedy: MEND,
    anchors: KNOWN,
    ..check("communication-tls-master-secret", Severity::Low, |scene| {
        judge(scene, |tls| bound(tls, tls.extended_master_secret, "the master secret is extended"))
    })
};

pub static COMPRESSION: Check = Check {
    claim: "The API does not compress what it seals: lengths would tell what is inside.",
    how: "Compression is offered in each version that had it.",
    remedy: MEND,
    ..check("communication-tls-compression", Severity::Medium, |scene| {
        judge(scene, |tls| without(tls, tls.compresses, "compression"))
    })
};

pub static HEARTBEATS: Check = Check {
    claim: "The API takes up no heartbeats, which nobody needs over TCP and which once gave memory away.",
    how: "The extension is offered, and looked for in the answers.",
    remedy: MEND,
    anchors: &[isvs("3.2.3"), cra("I.1(2)(j)"), iso("A.8.8")],
    ..check("communication-tls-heartbeats", Severity::Low, |scene| {
        judge(scene, |tls| without(tls, tls.heartbeats, "heartbeats"))
    })
};

fn judge(scene: &Scene, judge: impl FnOnce(&Tls) -> Verdict) -> Verdict {
    of(scene, |found| &found.tls, judge)
}

fn versions(tls: &Tls) -> Verdict {
    if tls.versions.is_empty() {
        return Verdict::untried("the API takes no version of TLS: is it HTTPS?");
    }
    let old = tls.versions.keys().filter(|version| **version < Version::Tls12);
    let faults = old.map(|version| Fault::new(version.name(), "it is taken"));
    let taken: Vec<_> = tls.versions.keys().map(|version| version.name()).collect();
    Verdict::of(faults, format!("taken: {}", taken.join(", ")))
}

fn suites(tls: &Tls, standing: Standing) -> Verdict {
    if tls.versions.is_empty() {
        return Verdict::untried("the API takes no version of TLS: is it HTTPS?");
    }
    let all = || {
        tls.versions.iter().flat_map(|(version, all)| all.iter().map(move |one| (version, *one)))
    };
    let bad = all().filter(|(_, one)| suite::standing(*one) == standing);
    let faults = bad.map(|(version, one)| {
        Fault::new(suite::name(one), format!("it is taken in {}", version.name()))
    });
    Verdict::of(faults, format!("{} suites in {} versions", all().count(), tls.versions.len()))
}

fn groups(tls: &Tls) -> Verdict {
    if tls.groups.is_empty() {
        return Verdict::untried("the API takes none of the groups that are known here");
    }
    let weak = |name: &&String| suite::group_named(name).is_some_and(|group| group.weak);
    let faults = tls.groups.iter().filter(weak);
    let faults = faults.map(|name| Fault::new(name, "it is below 128 bits of strength"));
    Verdict::of(faults, format!("taken: {}", tls.groups.join(", ")))
}

fn hybrid(tls: &Tls) -> Verdict {
    if tls.groups.is_empty() {
        return Verdict::untried("the API takes none of the groups that are known here");
    }
    let hybrid = |name: &&String| suite::group_named(name).is_some_and(|group| group.hybrid);
    let found: Vec<_> = tls.groups.iter().filter(hybrid).map(String::as_str).collect();
    Verdict::claim(!found.is_empty(), format!("taken: {}", found.join(", ")), || {
        Fault::new("key exchange", "none that holds against a quantum computer is taken")
    })
}

fn bound(tls: &Tls, is: Option<bool>, seen: &str) -> Verdict {
    match is {
        _ if tls.versions.is_empty() => Verdict::untried("the API takes no version of TLS"),
        None => Verdict::holds("TLS 1.3 alone, where it always is so"),
        Some(is) => Verdict::claim(is, seen, || {
            Fault::new("TLS before 1.3", format!("not in every answer: {seen}"))
        }),
    }
}

fn without(tls: &Tls, is: bool, what: &str) -> Verdict {
    if tls.versions.is_empty() {
        return Verdict::untried("the API takes no version of TLS");
    }
    Verdict::claim(!is, format!("no {what}"), || Fault::new(what, "the API takes it up"))
}
