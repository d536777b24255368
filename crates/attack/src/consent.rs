//! Who may be attacked: this machine itself, and what its operator confirmed to own.
//!
//! An operator confirms by a *token*: `pintle attack token` makes one, the operator puts it into the file `attack-consent`
//! of the target's data folder, and the target shows it at [`PATH`]. It is good for the addresses that the name of the API
//! stands for, and while it is there.

use crate::course::Course;
use crate::https::dial::is_loopback;
use crate::https::{Ask, Client, Place};
use crate::target::Target;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Where a target shows the token.
pub const PATH: &str = "/.well-known/pintle-attack";

/// Letters and digits of a token.
const LENGTH: usize = 32;

/// Why a target is not attacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoConsent {
    /// The target cannot be reached to ask.
    #[error("{0}")]
    Unreachable(String),
    /// It is another machine, and nobody brought a token.
    #[error(
        "{0} is not this machine: put what `pintle attack token` prints into the file attack-consent of its data folder, and give it with --token"
    )]
    NoToken(IpAddr),
    /// The target shows another token, or none.
    #[error(
        "the target does not show this token at {PATH}: is it in the file attack-consent of its data folder?"
    )]
    OtherToken,
    /// The token is none.
    #[error("this is no token: `pintle attack token` prints one")]
    NotAToken,
    /// A part of the target is elsewhere.
    #[error("{0} is not where the API is, so the token does not speak for it")]
    Elsewhere(SocketAddr),
}

/// Whether this target may be attacked. Sends at most one request, to ask.
///
/// # Errors
/// [`NoConsent`].
pub fn ask(target: &Target, token: Option<&str>) -> Result<(), NoConsent> {
    let api = match &target.api {
        Some(_) => Some(Place::of(target, 0).map_err(NoConsent::Unreachable)?.address().ip()),
        None => None,
    };
    let doors: Vec<SocketAddr> = [target.udp, target.tcp].into_iter().flatten().collect();
    let foreign = |address: &IpAddr| !is_loopback(*address);
    let mut all = doors.iter().map(SocketAddr::ip).chain(api);
    let Some(stranger) = all.find(foreign) else { return Ok(()) };
    let token = token.ok_or(NoConsent::NoToken(stranger))?;
    if !is_token(token) {
        return Err(NoConsent::NotAToken);
    }
    let api = api.ok_or(NoConsent::NoToken(stranger))?;
    if let Some(elsewhere) = doors.iter().find(|door| door.ip() != api) {
        return Err(NoConsent::Elsewhere(*elsewhere));
    }
    match shown(target)?.as_deref() == Some(token) {
        true => Ok(()),
        false => Err(NoConsent::OtherToken),
    }
}

/// The token that the target shows.
fn shown(target: &Target) -> Result<Option<String>, NoConsent> {
    let mut course = Course::new(Duration::from_secs(10), 1, 0);
    let mut client = Client::of(target, &course, 1).map_err(NoConsent::Unreachable)?;
    let answer = client.ask(&mut course, &Ask::new("GET", PATH));
    let answer = answer.map_err(|error| NoConsent::Unreachable(error.to_string()))?;
    let text = String::from_utf8(answer.body).unwrap_or_default();
    Ok((answer.status == 200).then(|| text.trim().to_owned()))
}

/// Whether a text can be a token.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A new token; `None` where the system has no random bytes.
#[must_use]
pub fn new_token() -> Option<String> {
    let mut bytes = [0; LENGTH / 2];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(udp: &str) -> Target {
        Target { udp: Some(udp.parse().unwrap()), ..Target::default() }
    }

    #[test]
    fn this_machine_needs_no_token_and_any_other_does() {
        assert!(ask(&target("127.0.0.1:5684"), None).is_ok());
        assert!(ask(&target("[::1]:5684"), None).is_ok());
        assert!(ask(&target("[::ffff:127.0.0.1]:5684"), None).is_ok());
        for other in ["192.0.2.1:5684", "10.0.0.1:5684", "0.0.0.0:5684", "[2001:db8::1]:5684"] {
            assert!(matches!(ask(&target(other), None), Err(NoConsent::NoToken(_))), "{other}");
        }
    }

    #[test]
    fn a_token_speaks_for_the_machine_of_the_api_alone() {
        let token = new_token().unwrap();
        assert!(is_token(&token) && !is_token("short"));
        let without_api = ask(&target("192.0.2.1:5684"), Some(&token));
        assert!(matches!(without_api, Err(NoConsent::NoToken(_))));
        let authority = tempfile::NamedTempFile::new().unwrap();
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(authority.path(), certificate.cert.pem()).unwrap();
        let elsewhere = Target {
            api: Some("https://127.0.0.1:1".to_owned()),
            authority: Some(authority.path().to_owned()),
            ..target("192.0.2.1:5684")
        };
        assert!(matches!(ask(&elsewhere, Some(&token)), Err(NoConsent::Elsewhere(_))));
        assert!(matches!(ask(&elsewhere, Some("mine")), Err(NoConsent::NotAToken)));
    }
}
