//! Passwords: what the real endpoint takes for a new one, and how the ones that there are lie hashed.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::look::Look;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use pintle_attack::https::{Ask, Client};
use pintle_attack::target::Person;
use pintle_attack::{Course, Target};
use serde::Serialize;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long trying may take, and how many requests.
const TIME: Duration = Duration::from_secs(20);
const SENDS: u32 = 20;

/// The address that it is tried from, where there is a choice: none that an attack comes from.
const LANE: u16 = 60_000;

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

/// Tries them at the endpoint of a twin, as this person, at whose password nobody guessed there; gives the account its own
/// password back.
#[must_use]
pub fn on(target: &Target, person: &Person) -> Look<Vec<Trial>> {
    let mut course = Course::new(TIME, SENDS, 0);
    let mut visitor = match Visitor::of(target, &mut course, &person.name, &person.password) {
        Ok(visitor) => visitor,
        Err(why) => {
            return Look::unseen(format!(
                "nobody could log in to the twin to try passwords: {why}"
            ));
        }
    };
    let found = try_all(&person.name, |password| visitor.change(&mut course, password));
    // The next case on this twin finds the account as it was.
    match visitor.change(&mut course, &person.password) {
        Ok(true) => found,
        _ => Look::unseen("the twin's account could not be given its own password back"),
    }
}

/// Somebody who is logged in and changes their password.
struct Visitor {
    client: Client,
    token: Zeroizing<String>,
    password: Zeroizing<String>,
}

impl Visitor {
    fn of(
        target: &Target,
        course: &mut Course,
        name: &str,
        password: &str,
    ) -> Result<Self, String> {
        let mut client = Client::of(target, course, LANE)?;
        let login = Ask::new("POST", "/oauth/token").form(&[
            ("grant_type", "password"),
            ("client_id", "particle"),
            ("client_secret", "particle"),
            ("username", name),
            ("password", password),
        ]);
        let answer = client.ask(course, &login).map_err(|error| error.to_string())?;
        let token = answer.text("access_token").ok_or("the login was refused")?;
        Ok(Self {
            client,
            token: Zeroizing::new(token),
            password: Zeroizing::new(password.to_owned()),
        })
    }

    /// Whether the endpoint takes this password.
    fn change(&mut self, course: &mut Course, password: &str) -> Result<bool, String> {
        let fields = [("current_password", self.password.as_str()), ("password", password)];
        let ask = Ask::new("PUT", "/v1/user").bearer(&self.token).form(&fields);
        let answer = self.client.ask(course, &ask).map_err(|error| error.to_string())?;
        match answer.status {
            200 => {
                self.password = Zeroizing::new(password.to_owned());
                Ok(true)
            }
            400 | 422 => Ok(false),
            other => Err(format!("it answered {other}")),
        }
    }
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
