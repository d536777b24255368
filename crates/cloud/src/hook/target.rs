//! Where a webhook goes: the scheme, host and port of its address, which are fixed when it is made, and the rest, which
//! is a template.

use std::net::IpAddr;

use axum::http::uri::Authority;
use rustls::pki_types::ServerName;

/// The longest address, in bytes.
pub const MAX_URL: usize = 2_048;

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is too long.
    #[error("the address is longer than {MAX_URL} bytes")]
    TooLong,
    /// Another scheme.
    #[error("the address must begin with https://")]
    Scheme,
    /// Plain HTTP, which the operator did not allow.
    #[error(
        "the address must begin with https://: this server's operator does not allow plain HTTP"
    )]
    Plain,
    /// No host, or one that cannot be.
    #[error(
        "the host of the address cannot be read: a name in ASCII or an IP address is meant, without a template in it"
    )]
    Host,
    /// A name or password in it.
    #[error("the address holds a name or a password: put them into auth")]
    Credentials,
}

/// The part of an address that no event can change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// Whether it is HTTPS.
    pub tls: bool,
    /// The name or the address, in small letters, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Target {
    /// The target of an address, and the template of its path and query.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(url: &str) -> Result<(Self, &str), UrlError> {
        if url.len() > MAX_URL {
            return Err(UrlError::TooLong);
        }
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(UrlError::Scheme),
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(UrlError::Host)?;
        if authority.contains('@') {
            return Err(UrlError::Credentials);
        }
        let path = path.split('#').next().unwrap_or_default();
        let authority: Authority = authority.parse().map_err(|_| UrlError::Host)?;
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            // One that is empty, or none.
            None if authority.as_str() != authority.host() => return Err(UrlError::Host),
            None => {
                if tls {
                    443
                } else {
                    80
                }
            }
        };
        let target = Self { tls, host, port };
        let is_name = target.name().is_some_and(|_| port != 0);
        if is_name { Ok((target, path)) } else { Err(UrlError::Host) }
    }

    /// The name that its certificate must have.
    #[must_use]
    pub fn name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.host.clone()).ok()
    }

    /// What stands in the header `Host`.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = match self.host.parse() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.host.clone(),
        };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(url: &str) -> (String, String) {
        let (target, path) = Target::parse(url).unwrap();
        (format!("{} {}", target.authority(), target.port), path.to_owned())
    }

    #[test]
    fn an_address_is_taken_apart() {
        assert_eq!(
            target("https://Ex.example/a?b={{c}}#d"),
            ("ex.example 443".into(), "/a?b={{c}}".into())
        );
        assert_eq!(
            target("http://ex.example:8080"),
            ("ex.example:8080 8080".into(), String::new())
        );
        assert_eq!(target("https://[2001:DB8::1]:443/"), ("[2001:db8::1] 443".into(), "/".into()));
        assert_eq!(target("HTTPS://10.0.0.1?x"), ("10.0.0.1 443".into(), "?x".into()));
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        let cases = [
            ("ftp://ex.example/", UrlError::Scheme),
            ("//ex.example/", UrlError::Scheme),
            ("https://a:b@ex.example/", UrlError::Credentials),
            ("https://ex.example@10.0.0.1/", UrlError::Credentials),
            ("https://{{host}}/", UrlError::Host),
            ("https://ex.example:0/", UrlError::Host),
            ("https://ex.example:/", UrlError::Host),
            ("https://ex.example:99999/", UrlError::Host),
            ("https:///path", UrlError::Host),
            ("https://ex ample/", UrlError::Host),
            ("https://ex.example\r\nHost: x/", UrlError::Host),
        ];
        for (url, error) in cases {
            assert_eq!(Target::parse(url).err(), Some(error), "{url:?}");
        }
        assert_eq!(
            Target::parse(&format!("https://{}/", "a".repeat(MAX_URL))).err(),
            Some(UrlError::TooLong)
        );
    }

    proptest! {
        #[test]
        fn no_address_is_too_strange_to_be_read(url in "https?://[\\PC]{0,60}") {
            if let Ok((target, _)) = Target::parse(&url) {
                let strange = target.authority().contains(['@', '/', ' ', '\u{7b}']);
                prop_assert!(!strange);
            }
        }
    }
}
