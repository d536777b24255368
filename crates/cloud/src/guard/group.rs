//! Which requests have a quota of their own beside the one of all requests.

use std::time::Duration;

use axum::http::Method;

use super::limits::Limits;
use super::quota::Quota;

/// What all quotas of requests are counted in.
pub(super) const WINDOW: Duration = Duration::from_secs(300);

/// A group of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// `POST /oauth/token`.
    Login,
    /// Tokens looked at and ended, accounts made and ended, passwords reset.
    Token,
    /// Event streams opened.
    Stream,
    /// Everything else.
    Other,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Login, Self::Token, Self::Stream, Self::Other];

    /// The group of a request. It needs no route: what leads nowhere is counted, too.
    #[must_use]
    pub fn of(method: &Method, path: &str) -> Self {
        // As the edge does, which takes a doubled slash for one.
        let path = path.trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        match (method, first, rest) {
            (&Method::POST, "oauth", "token") => Self::Login,
            (_, "oauth", _) => Self::Token,
            (_, "v1", rest) => Self::of_version_1(method, rest),
            _ => Self::Other,
        }
    }

    fn of_version_1(method: &Method, rest: &str) -> Self {
        let tokens = rest == "access_tokens" || rest.starts_with("access_tokens/");
        match method {
            &Method::DELETE if tokens || rest == "user" => Self::Token,
            &Method::POST | &Method::PUT
                if rest == "users" || rest.starts_with("user/password-reset") =>
            {
                Self::Token
            }
            &Method::GET if rest.split('/').any(|part| part == "events") => Self::Stream,
            _ => Self::Other,
        }
    }

    /// The name of it in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Token => "token",
            Self::Stream => "stream",
            Self::Other => "other",
        }
    }

    /// What one address may, of this group; `None` where only the quota of all requests holds.
    pub(super) fn quota(self, limits: &Limits) -> Option<Quota> {
        let burst = match self {
            Self::Login => limits.logins,
            Self::Token => limits.tokens,
            Self::Stream => limits.streams_opened,
            Self::Other => return None,
        };
        Some(Quota::new(burst, WINDOW))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_routes_are_in_their_groups() {
        let group = |method: &str, path| Group::of(&method.parse().unwrap(), path);
        assert_eq!(group("POST", "/oauth/token"), Group::Login);
        assert_eq!(group("POST", "//oauth/token"), Group::Login);
        assert_eq!(group("POST", "/oauth/revoke"), Group::Token);
        for (method, path) in [
            ("DELETE", "/v1/access_tokens"),
            ("DELETE", "/v1/access_tokens/current"),
            ("POST", "/v1/users"),
            ("DELETE", "/v1/user"),
            ("PUT", "/v1/user/password-reset"),
        ] {
            assert_eq!(group(method, path), Group::Token, "{method} {path}");
        }
        for path in [
            "/v1/events/x",
            "/v1/devices/events",
            "/v1/devices/0a/events/x",
            "/v1/products/7/events",
        ] {
            assert_eq!(group("GET", path), Group::Stream, "{path}");
        }
        assert_eq!(group("POST", "/v1/devices/events"), Group::Other);
        assert_eq!(group("GET", "/v1/access_tokens/current"), Group::Other);
        assert_eq!(group("GET", "/"), Group::Other);
    }
}
