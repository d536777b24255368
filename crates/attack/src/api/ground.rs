//! What a case on the API stands on: visitors, who come from addresses of their own, and steps that either lead on or end
//! the case.

use crate::case::Outcome;
use crate::course::Course;
use crate::https::{Answer, Ask, Client, Connection, NoAnswer};
use crate::target::{Device, Person, Target};
use crate::totp;
use serde_json::Value;
use std::cell::RefCell;
use zeroize::Zeroizing;

/// A step of a case: what it led to, or the outcome that ends the case.
pub type Step<T> = Result<T, Outcome>;

/// The addresses that a case may come from. No two cases share one: what throttles the one must not throttle the other.
const LANES: u16 = 64;

/// The client that the existing command lines are, which has no secret worth the name.
pub const PUBLIC_CLIENT: [(&str, &str); 2] =
    [("client_id", "particle"), ("client_secret", "particle")];

/// A target under attack by one case.
pub struct Ground<'a> {
    /// What is attacked.
    pub target: &'a Target,
    course: RefCell<&'a mut Course>,
    lane: u16,
}

/// Somebody who calls the API.
pub struct Visitor<'g, 'a> {
    ground: &'g Ground<'a>,
    client: Client,
    token: Option<Zeroizing<String>>,
}

/// Runs a case to its outcome; `place` is its own.
pub fn attack(
    target: &Target,
    course: &mut Course,
    place: u16,
    case: impl FnOnce(&Ground<'_>) -> Step<Outcome>,
) -> Outcome {
    let ground = Ground { target, course: RefCell::new(course), lane: place.saturating_mul(LANES) };
    case(&ground).unwrap_or_else(|ended| ended)
}

/// Ends a case: it could not be tried.
pub fn untried(why: impl Into<String>) -> Outcome {
    Outcome::untried(why)
}

impl<'a> Ground<'a> {
    /// A stranger, from one of the case's addresses (below 64).
    pub fn stranger(&self, address: u16) -> Step<Visitor<'_, 'a>> {
        let lane = self.lane.saturating_add(address.min(LANES - 1)).saturating_add(1);
        let client = Client::of(self.target, &self.course.borrow(), lane).map_err(untried)?;
        Ok(Visitor { ground: self, client, token: None })
    }

    /// Who owns a device.
    pub fn owner(&self) -> Step<&'a Person> {
        self.target.owner().ok_or_else(|| {
            untried("the target names nobody who owns a device and has no second factor")
        })
    }

    /// The owner's device.
    pub fn device(&self) -> Step<&'a Device> {
        let owner = self.owner()?;
        self.target.device_of(owner).ok_or_else(|| untried("the target names no device over UDP"))
    }

    /// Who owns nothing.
    pub fn outsider(&self) -> Step<&'a Person> {
        self.target.outsider().ok_or_else(|| {
            untried("the target names nobody who owns no device and has no second factor")
        })
    }

    /// Who owns nothing either, and may be guessed at.
    pub fn bystander(&self) -> Step<&'a Person> {
        self.target.bystander().ok_or_else(|| {
            untried("the target names fewer than two people who own no device and have no second factor")
        })
    }

    /// One of those with a second factor.
    pub fn guarded(&self, place: usize) -> Step<&'a Person> {
        let why = || {
            untried(format!(
                "the target names fewer than {} people with a second factor",
                place + 1
            ))
        };
        self.target.guarded(place).ok_or_else(why)
    }

    /// What is left of the time.
    pub fn time_left(&self) -> std::time::Duration {
        self.course.borrow().time_left()
    }

    /// A visitor who is logged in as a person without a second factor.
    pub fn logged_in(&self, address: u16, person: &Person) -> Step<Visitor<'_, 'a>> {
        let mut visitor = self.stranger(address)?;
        let answer = visitor.password(person, &[])?;
        visitor.take_token(&answer)?;
        Ok(visitor)
    }
}

impl Visitor<'_, '_> {
    /// Asks, with the visitor's token where it has one.
    pub fn ask(&mut self, ask: &Ask) -> Step<Answer> {
        self.try_to_ask(ask).map_err(|error| untried(error.to_string()))
    }

    /// The same, where no answer is an answer.
    pub fn try_to_ask(&mut self, ask: &Ask) -> Result<Answer, NoAnswer> {
        let mut course = self.ground.course.borrow_mut();
        match &self.token {
            Some(token) => self.client.ask(&mut course, &ask.clone().bearer(token)),
            None => self.client.ask(&mut course, ask),
        }
    }

    /// Gets.
    pub fn get(&mut self, path: &str) -> Step<Answer> {
        self.ask(&Ask::new("GET", path))
    }

    /// Posts a form.
    pub fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Step<Answer> {
        self.ask(&Ask::new("POST", path).form(form))
    }

    /// Posts JSON.
    pub fn post_json(&mut self, path: &str, body: &Value) -> Step<Answer> {
        self.ask(&Ask::new("POST", path).json(body))
    }

    /// A connection of its own.
    pub fn open(&self) -> Step<Connection> {
        self.client.open(&self.ground.course.borrow()).map_err(|error| untried(error.to_string()))
    }

    /// A connection of its own, where being refused is an answer.
    pub fn try_to_open(&self) -> Result<Connection, NoAnswer> {
        self.client.open(&self.ground.course.borrow())
    }

    /// What stands in the header `Host`.
    pub fn host(&self) -> String {
        self.client.host().to_owned()
    }

    /// The token.
    pub fn token(&self) -> Step<Zeroizing<String>> {
        self.token.clone().ok_or_else(|| untried("nobody is logged in"))
    }

    /// Goes on with another token, or without.
    pub fn with_token(&mut self, token: Option<&str>) {
        self.token = token.map(|token| Zeroizing::new(token.to_owned()));
    }

    /// Sends a person's name and password, with these fields beside them.
    pub fn password(&mut self, person: &Person, more: &[(&str, &str)]) -> Step<Answer> {
        self.guess(&person.name, &person.password, more)
    }

    /// Sends a name and a password.
    pub fn guess(&mut self, name: &str, password: &str, more: &[(&str, &str)]) -> Step<Answer> {
        let mut form = vec![("grant_type", "password"), ("username", name), ("password", password)];
        form.extend(PUBLIC_CLIENT);
        form.extend(more);
        self.post("/oauth/token", &form)
    }

    /// Sends the code of a second factor.
    pub fn second_factor(&mut self, mfa_token: &str, code: &str) -> Step<Answer> {
        let mut form =
            vec![("grant_type", "urn:custom:mfa-otp"), ("mfa_token", mfa_token), ("otp", code)];
        form.extend(PUBLIC_CLIENT);
        self.post("/oauth/token", &form)
    }

    /// Takes the token of an answer.
    pub fn take_token(&mut self, answer: &Answer) -> Step<()> {
        let token = answer.text("access_token").filter(|_| answer.is_success());
        let token = token.ok_or_else(|| {
            untried(format!("somebody of the target's could not be logged in: {}", refusal(answer)))
        })?;
        self.token = Some(Zeroizing::new(token));
        Ok(())
    }

    /// Whether a token is good for anything.
    pub fn is_good(&mut self, token: &str) -> Step<bool> {
        let before = self.token.take();
        let answer = self.ask(&Ask::new("GET", "/v1/access_tokens/current").bearer(token));
        self.token = before;
        Ok(answer?.is_success())
    }
}

/// What somebody shows as the second factor in the half minute before now, now, or after it.
pub fn code_of(person: &Person, ahead: i64) -> Step<Zeroizing<String>> {
    let seed = person.seed.as_deref().unwrap_or_default();
    let step = totp::step_of_now().saturating_add_signed(ahead);
    totp::code(seed, step).ok_or_else(|| untried("the seed of a second factor is no Base32"))
}

/// An answer that has to be a yes for the case to go on.
pub fn expect(answer: Answer, what: &str) -> Step<Answer> {
    if answer.is_success() {
        return Ok(answer);
    }
    Err(untried(format!(
        "the target refused {what}, which the attack begins with: {}",
        refusal(&answer)
    )))
}

/// Status and code of a refusal; never what else came with it.
pub fn refusal(answer: &Answer) -> String {
    let word = answer.text("error").filter(|word| word.len() <= 40);
    word.map_or_else(|| answer.status.to_string(), |word| format!("{} {word}", answer.status))
}

/// Held where nothing got through; otherwise broken, with the first few that did.
pub fn judged(through: &[String], held: impl Into<String>) -> Outcome {
    if through.is_empty() {
        return Outcome::held(held);
    }
    let some: Vec<&str> = through.iter().take(5).map(String::as_str).collect();
    let more = through.len().saturating_sub(some.len());
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    Outcome::broke(format!("{}{rest}", some.join("; ")))
}
