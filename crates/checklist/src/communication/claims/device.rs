//! Claims about the ways of devices: what the port says to strangers, what came of the attacks, what the tap heard.

use super::super::attempted::{self, Group};
use super::super::door::{Door, Said};
use super::super::traffic::Traffic;
use super::{ACTS, KNOWN, SMALL, STANDING, STOPS, WHOLE, check, of};
use crate::anchor::{cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Severity};
use crate::scene::Scene;
use crate::verdict::{Fault, Verdict};

const ON_TWIN: &str =
    "Cases of `pintle attack` are run against a twin of the node, with devices made for this.";
const AGAIN: &str =
    "Run `pintle attack --only ID` for each case named here and read what it saw; update Pintle.";
const FRONT: &str =
    "Find out what listens on the port in the node's place, or stands before it, and take it away.";

pub static CHALLENGE: Check = Check {
    claim: "A device that calls over UDP has to show that its address is its own before anything is kept for it.",
    how: "A first hello without a cookie is sent to the port for devices; the answer must be a challenge.",
    remedy: FRONT,
    anchors: STANDING,
    risks: STOPS,
    ..check("communication-door-challenge", Severity::High, |scene| {
        door(scene, |found| {
            let is = found.to_hello == Said::Challenge;
            Verdict::claim(is, "a first hello gets a challenge", || match found.to_hello {
                Said::Nothing => Fault::new("the port for devices", "a first hello gets no answer"),
                _ => Fault::new("the port for devices", "a first hello gets more than a challenge"),
            })
        })
    })
};

pub static AMPLIFICATION: Check = Check {
    claim: "Nobody can have the port for devices send more to a victim than they send themselves.",
    how: "The answer to a first hello is measured against it.",
    remedy: FRONT,
    anchors: STANDING,
    risks: STOPS,
    ..check("communication-door-amplification", Severity::Medium, |scene| {
        door(scene, |found| {
            Verdict::claim(found.percent <= 100, "no answer is longer than its question", || {
                let seen = format!("{} bytes come back for 100", found.percent);
                Fault::new("the port for devices", seen)
            })
        })
    })
};

pub static PLAIN: Check = Check {
    claim: "The port for devices answers nothing that is not sealed.",
    how: "A question in plain CoAP is sent to it.",
    remedy: FRONT,
    ..check("communication-door-plain", Severity::High, |scene| {
        door(scene, |found| {
            Verdict::claim(
                found.to_plain_coap == Said::Nothing,
                "plain CoAP gets no answer",
                || Fault::new("the port for devices", "it answers plain CoAP"),
            )
        })
    })
};

pub static SILENT: Check = Check {
    claim: "The port for devices is silent to what makes no sense.",
    how: "Noise, and a record of a session that nobody has, are sent to it.",
    remedy: FRONT,
    anchors: SMALL,
    risks: STOPS,
    ..check("communication-door-silent", Severity::Low, |scene| {
        door(scene, |found| {
            let asked = [("noise", found.to_noise), ("a strange record", found.to_strange_record)];
            let answered = asked.into_iter().filter(|(_, said)| *said != Said::Nothing);
            let faults = answered.map(|(what, _)| Fault::new(what, "it is answered"));
            Verdict::of(faults, "neither noise nor a strange record is answered")
        })
    })
};

pub static WRONG_KEY: Check = Check {
    claim: "A device without the key that is pinned for it is not let in over UDP.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: KNOWN,
    risks: ACTS,
    ..check("communication-dtls-wrong-key", Severity::Critical, |scene| {
        judge(scene, &attempted::WRONG_KEY)
    })
};

pub static NO_KEY: Check = Check {
    claim: "A device that shows no key is not let in over UDP.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: KNOWN,
    risks: ACTS,
    ..check("communication-dtls-no-key", Severity::Critical, |scene| {
        judge(scene, &attempted::NO_KEY)
    })
};

pub static ANOTHERS_ID: Check = Check {
    claim: "A device with a key of its own cannot say that it is another.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: KNOWN,
    risks: ACTS,
    ..check("communication-dtls-anothers-id", Severity::Critical, |scene| {
        judge(scene, &attempted::ANOTHERS_ID)
    })
};

pub static SUITES: Check = Check {
    claim: "The port for devices takes no suite but the one that is meant.",
    how: ON_TWIN,
    remedy: AGAIN,
    ..check("communication-dtls-suites", Severity::High, |scene| judge(scene, &attempted::SUITES))
};

pub static VERSION: Check = Check {
    claim: "The port for devices takes no version of DTLS before 1.2.",
    how: ON_TWIN,
    remedy: AGAIN,
    ..check("communication-dtls-version", Severity::High, |scene| {
        judge(scene, &attempted::DOWNGRADE)
    })
};

pub static REPLAY: Check = Check {
    claim: "What a device said is acted on once, though it be sent again or in another order.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: WHOLE,
    risks: ACTS,
    ..check("communication-dtls-replay", Severity::High, |scene| judge(scene, &attempted::REPLAY))
};

pub static FORGED: Check = Check {
    claim: "Records that were cut or made up are dropped, and end no session.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: WHOLE,
    risks: ACTS,
    ..check("communication-dtls-forged", Severity::High, |scene| judge(scene, &attempted::FORGED))
};

pub static MOVED: Check = Check {
    claim: "Nobody on the way or off it can take a device's session to an address of their own.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: WHOLE,
    risks: ACTS,
    ..check("communication-dtls-moved", Severity::High, |scene| judge(scene, &attempted::MOVED))
};

pub static NUMBERS: Check = Check {
    claim: "No number that may be used once is used twice by the port for devices.",
    how: ON_TWIN,
    remedy: AGAIN,
    ..check("communication-dtls-numbers", Severity::High, |scene| judge(scene, &attempted::NUMBERS))
};

pub static TCP_WRONG_KEY: Check = Check {
    claim: "A device without the key that is pinned for it is not let in over the TCP service.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: KNOWN,
    risks: ACTS,
    ..check("communication-tcp-wrong-key", Severity::Critical, |scene| {
        judge(scene, &attempted::TCP_WRONG_KEY)
    })
};

pub static TCP_CHANGED: Check = Check {
    claim: "Nothing that was changed on its way over the TCP service is acted on.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: WHOLE,
    risks: ACTS,
    ..check("communication-tcp-changed", Severity::High, |scene| {
        judge(scene, &attempted::TCP_CHANGED)
    })
};

pub static TCP_REPLAY: Check = Check {
    claim: "What a device said over the TCP service is acted on once.",
    how: ON_TWIN,
    remedy: AGAIN,
    anchors: WHOLE,
    risks: ACTS,
    ..check("communication-tcp-replay", Severity::High, |scene| {
        judge(scene, &attempted::TCP_REPLAY)
    })
};

pub static TCP_ORACLE: Check = Check {
    claim: "The TCP service does not tell, by what it answers, what is in a block that somebody else sealed for it.",
    how: ON_TWIN,
    remedy: AGAIN,
    ..check("communication-tcp-oracle", Severity::Critical, |scene| {
        judge(scene, &attempted::TCP_ORACLE)
    })
};

pub static INSIDE: Check = Check {
    claim: "A device does not tell its cloud the credentials of its networks.",
    how: "Credentials are planted in a virtual device; all that it says to a twin of the node is opened by a tap and searched.",
    remedy: "Update the agent; until then keep credentials out of devices whose cloud is not to know them.",
    anchors: &[
        isvs("2.4.4"),
        en303645("5.4-1"),
        cra("I.1(2)(e)"),
        cra("I.1(2)(g)"),
        iso("27018 A.10.1"),
    ],
    ..check("communication-traffic-inside", Severity::High, |scene| {
        heard(
            scene,
            |found| &found.inside,
            "it is told to the cloud",
            "none of the credentials planted is told",
        )
    })
};

pub static ON_THE_WIRE: Check = Check {
    claim: "Whoever listens between a device and its cloud reads nothing of what they say.",
    how: "A virtual device with planted credentials publishes to a twin of the node; every datagram between them is searched.",
    remedy: "Take out of service whatever lets devices speak without DTLS; update Pintle.",
    anchors: &[
        isvs("4.1.1"),
        en303645("5.5-6"),
        cra("I.1(2)(e)"),
        nistir("data protection"),
        iso("A.5.14"),
    ],
    ..check("communication-traffic-wire", Severity::Critical, |scene| {
        heard(
            scene,
            |found| &found.on_the_wire,
            "it stands on the wire for everybody",
            "nothing of it stands on the wire",
        )
    })
};

fn door(scene: &Scene, judge: impl FnOnce(&Door) -> Verdict) -> Verdict {
    of(scene, |found| &found.door, judge)
}

fn judge(scene: &Scene, group: &Group) -> Verdict {
    of(scene, |found| &found.attempts, |attempts| group.judge(attempts))
}

fn heard(
    scene: &Scene,
    which: impl Fn(&Traffic) -> &Vec<String>,
    wrong: &str,
    seen: &str,
) -> Verdict {
    of(
        scene,
        |found| &found.traffic,
        |found: &Traffic| {
            let faults: Vec<_> = which(found).iter().map(|what| Fault::new(what, wrong)).collect();
            if faults.is_empty() && !found.heard {
                return Verdict::untried(
                    "the tap did not hear what the device published, so it heard nothing",
                );
            }
            Verdict::of(faults, seen)
        },
    )
}
