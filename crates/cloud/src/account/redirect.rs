//! Where a browser may be sent back to with a code (RFC 9700 2.1 and 4.1.3; RFC 8252 for apps on a machine).
//!
//! An address is registered whole and compared byte by byte. The one exception is the port of a loopback address, which
//! an app does not know beforehand (RFC 8252 7.3). Taken are `https`, `http` to this machine alone, and schemes of an
//! app's own that have a dot (RFC 8252 7.1).

use crate::weakened::{self, Weakness};
use std::fmt;
use std::str::FromStr;

/// The longest address, in bytes.
const MAX: usize = 512;

/// An address that browsers may be sent back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    origin: String,
    /// Where the port of a loopback address begins and what is around it.
    loopback: Option<Loopback>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Loopback {
    host: String,
    path: String,
}

/// Why an address is none to send browsers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// Too long, or with characters that no address has.
    #[error("a redirect address has 1 to {MAX} visible ASCII characters")]
    Characters,
    /// It has a fragment.
    #[error("a redirect address has no fragment (#)")]
    Fragment,
    /// Neither of the kinds that are taken.
    #[error(
        "a redirect address begins with https://HOST, with http:// and 127.0.0.1, [::1] or localhost, or with a scheme of \
         the app's own that has a dot, such as com.example.app:/"
    )]
    Kind,
}

impl RedirectUri {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, as a content security policy names them.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether a client that registered this one may ask for the other.
    #[must_use]
    pub fn allows(&self, asked: &Self) -> bool {
        let same_but_port = || self.loopback.is_some() && self.loopback == asked.loopback;
        self.text == asked.text || same_but_port() || weakened::is(Weakness::RedirectsAnywhere)
    }
}

impl FromStr for RedirectUri {
    type Err = RedirectError;

    fn from_str(text: &str) -> Result<Self, RedirectError> {
        let visible =
            text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
        if text.is_empty() || text.len() > MAX || !visible {
            return Err(RedirectError::Characters);
        }
        if text.contains('#') {
            return Err(RedirectError::Fragment);
        }
        if let Some(rest) = text.strip_prefix("https://") {
            return web(text, "https", rest);
        }
        if let Some(rest) = text.strip_prefix("http://") {
            return web(text, "http", rest);
        }
        own_scheme(text)
    }
}

fn web(text: &str, scheme: &str, rest: &str) -> Result<RedirectUri, RedirectError> {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).ok_or(RedirectError::Kind)?;
    let (host, port) = host_and_port(authority).ok_or(RedirectError::Kind)?;
    let is_loopback = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    if scheme == "http" && !is_loopback {
        return Err(RedirectError::Kind);
    }
    let colon = if port.is_empty() { "" } else { ":" };
    let loopback = (scheme == "http" && host != "localhost")
        .then(|| Loopback { host: host.to_owned(), path: path.to_owned() });
    let origin = format!("{scheme}://{host}{colon}{port}");
    Ok(RedirectUri { text: text.to_owned(), origin, loopback })
}

/// Neither of them has anything that means something in a policy or an address.
fn host_and_port(authority: &str) -> Option<(&str, &str)> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, rest) = authority.split_at_checked(end)?;
        let inside = host.strip_prefix('[')?.strip_suffix(']')?;
        inside.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if rest.is_empty() { "" } else { rest.strip_prefix(':')? })
    } else {
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        (!host.is_empty() && host.bytes().all(plain)).then_some((host, port))?
    };
    let number = port.is_empty() || (!port.starts_with('+') && port.parse::<u16>().is_ok());
    number.then_some((host, port))
}

fn own_scheme(text: &str) -> Result<RedirectUri, RedirectError> {
    let (scheme, _) = text.split_once(':').ok_or(RedirectError::Kind)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    let formed = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(plain)
        && scheme.trim_matches('.').contains('.');
    let origin = format!("{scheme}:");
    formed
        .then(|| RedirectUri { text: text.to_owned(), origin, loopback: None })
        .ok_or(RedirectError::Kind)
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> RedirectUri {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_compared_byte_by_byte_but_for_the_port_of_a_loopback_one() {
        let web = read("https://app.example.com/back");
        assert!(web.allows(&read("https://app.example.com/back")));
        for other in [
            "https://app.example.com/back/",
            "https://app.example.com/back?x=1",
            "https://app.example.com:444/back",
            "https://evil.example.com/back",
            "https://app.example.com.evil.com/back",
        ] {
            assert!(!web.allows(&read(other)), "{other}");
        }
        let local = read("http://127.0.0.1/back");
        assert!(local.allows(&read("http://127.0.0.1:49152/back")));
        assert!(!local.allows(&read("http://127.0.0.1:49152/other")));
        assert!(!local.allows(&read("http://[::1]:49152/back")));
        assert!(!read("http://localhost/back").allows(&read("http://localhost:1/back")));
    }

    #[test]
    fn what_is_not_safe_to_send_a_browser_to_is_refused() {
        for text in [
            "",
            "/back",
            "http://example.com/",
            "https://",
            "https:///x",
            "https://a@b/",
            "https://a b/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a/#x",
            "https://a;b/",
            "https://a:+1/",
            "https://a:99999/",
            "https://[::1/",
            "https://[x]/",
            "HTTPS://a/",
            "app:/x",
            "https://a/\"",
            ".x:/",
        ] {
            assert!(text.parse::<RedirectUri>().is_err(), "{text}");
        }
        assert_eq!(read("com.example.app:/back").origin(), "com.example.app:");
        assert_eq!(read("https://a.example:8443?x").origin(), "https://a.example:8443");
    }

    proptest! {
        #[test]
        fn an_address_that_is_taken_says_itself_and_its_origin_holds_nothing_strange(text in "[ -~]{0,60}") {
            if let Ok(read) = text.parse::<RedirectUri>() {
                prop_assert_eq!(read.as_str(), text);
                prop_assert!(!read.origin().contains([';', ',', ' ', '\'', '@', '*']));
                prop_assert!(read.allows(&read));
            }
        }
    }
}
