//! `[oauth]`: which logins there are, and how long tokens live.

use std::num::NonZeroU16;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::account::Lifetimes;

/// A day, in seconds.
const DAY: u64 = 24 * 3_600;

/// `[oauth]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oauth {
    /// `issuer`: what this server calls itself to OAuth clients, such as `https://cloud.example.com`. Default: the name
    /// that a client called it by.
    pub issuer: Option<Spanned<String>>,
    /// `password_grant`: whether public clients may send a person's password. RFC 9700 forbids it, and particle-cli and
    /// particle-api-js know no other way. Default: yes.
    pub password_grant: bool,
    /// `public_clients`: the clients without a secret that may ask for a person's tokens. Default: the names that
    /// particle-cli, particle-api-js and pintle go by.
    pub public_clients: Vec<String>,
    /// `token_days`: the most days that a token lives. Default: 365.
    pub token_days: NonZeroU16,
    /// `endless_tokens`: whether a token lives for ever where a client asks for that. Default: no.
    pub endless_tokens: bool,
    /// `refresh_days`: how many days a refresh token waits to be used. Default: 14.
    pub refresh_days: NonZeroU16,
}

impl Default for Oauth {
    fn default() -> Self {
        let known = ["CLI2", "particle", "particle-api", "particle-cli", "pintle", "user"];
        Self {
            issuer: None,
            password_grant: true,
            public_clients: known.map(str::to_owned).to_vec(),
            token_days: NonZeroU16::MIN.saturating_add(364),
            endless_tokens: false,
            refresh_days: NonZeroU16::MIN.saturating_add(13),
        }
    }
}

impl Oauth {
    /// How long tokens may live.
    #[must_use]
    pub fn lifetimes(&self) -> Lifetimes {
        let days = |days: NonZeroU16| Duration::from_secs(u64::from(days.get()) * DAY);
        Lifetimes {
            most: days(self.token_days),
            endless: self.endless_tokens,
            refresh: days(self.refresh_days),
        }
    }

    /// Where it is wrong, and what is.
    pub(super) fn check(&self) -> Result<(), (usize, String)> {
        match &self.issuer {
            Some(issuer) if !is_issuer(issuer.get_ref()) => Err((
                issuer.span().start,
                "issuer must be https:// and a host, without a path, a slash at its end or a query"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

fn is_issuer(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    text.strip_prefix("https://").is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use crate::account::Lifetimes;
    use crate::config::Config;
    use std::path::Path;

    #[test]
    fn the_defaults_are_a_year_and_two_weeks_and_a_wrong_issuer_is_named_with_its_line() {
        let parse = |text| Config::parse(text, Path::new("config.toml"));
        assert_eq!(parse("").unwrap().oauth.lifetimes(), Lifetimes::default());
        let error = parse("[oauth]\nissuer = \"http://x\"\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("issuer"), "{error}");
        parse("[oauth]\nissuer = \"https://[::1]:8443\"\ntoken_days = 30\n").unwrap();
        assert!(parse("[oauth]\ntoken_days = 0\n").is_err());
    }
}
