//! Passwords: what the real endpoint takes for a new one, and how the ones that there are lie hashed.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::look::Look;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use serde::Serialize;

/// A password that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// What is wrong with it, as `shorter than eight characters`; the password itself is made up anew, and nobody's.
    pub what: String,
    /// Whether the endpoint should take it.
    pub sound: bool,
    /// Whether it did.
    pub taken: bool,
}

/// Passwords to try: what each stands for, whether it should be taken, and the password. The account's name is in one.
#[must_use]
pub fn tries(name: &str) -> Vec<(&'static str, bool, String)> {
    vec![
        ("shorter than eight characters", false, "k7#pQ2z".to_owned()),
        ("one of the first that guessers try", false, "password1".to_owned()),
        ("a keyboard's row", false, "qwertyuiop".to_owned()),
        ("one character, again and again", false, "aaaaaaaaaaaa".to_owned()),
        ("the name of the account", false, format!("{name}{name}")),
        ("longer than the server compares", false, "x7-".repeat(200)),
        ("a sound one of four words", true, "thimble orchard basalt quorum 41".to_owned()),
    ]
}

/// Tries them all: `offer` gives the endpoint one, and says whether it was taken.
pub fn try_all(
    name: &str,
    mut offer: impl FnMut(&str) -> Result<bool, String>,
) -> Look<Vec<Trial>> {
    let mut found = Vec::new();
    for (what, sound, password) in tries(name) {
        match offer(&password) {
            Ok(taken) => found.push(Trial { what: what.to_owned(), sound, taken }),
            Err(why) => {
                return Look::unseen(format!(
                    "the twin did not say what it makes of a password: {why}"
                ));
            }
        }
    }
    Look::seen(
        ["offered new passwords for a scratch account of a twin, at its real endpoint"],
        found,
    )
}

/// What is easily guessed is refused.
pub(super) const REFUSED: Check = Check {
    id: "access-passwords-refused",
    item: Item::UserAccess,
    severity: Severity::High,
    claim: "The API refuses new passwords that are easily guessed, and takes sound ones.",
    how: "Offers a twin's real endpoint short, common, repeated and name-like passwords and one sound one, for a scratch account.",
    remedy: "Run the newest version, and put nothing before the node that makes accounts by itself.",
    anchors: &[isvs("2.1"), en303645("5.1-1"), cra("I.1(2)(d)"), asvs("V6.2"), iso("A.5.17")],
    risks: &[Risk::CustomerData, Risk::Reputation],
    room: Room::Access,
    judge: refused,
};

/// Hashes cost what they should.
pub(super) const HASHED: Check = Check {
    id: "access-passwords-hashed",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "Every password lies hashed at today's cost, and under the newest pepper.",
    how: "Compares what each account's hash cost, and the number of its pepper, with what a new one gets; neither hash nor password leaves the node.",
    remedy: "A login hashes a password anew: ask these people to log in once, or have them set another password; after a leak, `pintle user reset`.",
    anchors: &[isvs("2.1"), cra("I.1(2)(e)"), asvs("V11.4"), iso("A.8.24")],
    risks: &[Risk::CustomerData],
    room: Room::Access,
    judge: hashed,
};

fn refused(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        access.passwords.judge(|trials| {
            let wrong = trials.iter().filter(|trial| trial.taken != trial.sound).map(|trial| {
                let detail = if trial.taken {
                    "was taken"
                } else {
                    "was refused, so nobody can choose a sound one"
                };
                Fault::new(format!("password: {}", trial.what), detail)
            });
            let weak = trials.iter().filter(|trial| !trial.sound).count();
            Verdict::of(
                wrong,
                format!("{weak} weak kinds of password refused, and a sound one taken"),
            )
        })
    })
}

fn hashed(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let old = access.people.iter().filter_map(|person| {
            let detail = match (person.full_cost, person.newest_pepper) {
                (true, true) => return None,
                (false, _) => "its password is hashed at less than today's cost",
                (true, false) => "its password is still under an older pepper",
            };
            Some(Fault::new(format!("account {}", person.handle), detail))
        });
        Verdict::of(
            old,
            format!(
                "{} accounts, all hashed at today's cost under the newest pepper",
                access.people.len()
            ),
        )
    })
}
