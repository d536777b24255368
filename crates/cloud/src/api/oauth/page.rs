//! The pages of a login in a browser: a form each, without scripts, cookies or anything from elsewhere.
//!
//! There is no session, so nothing can be done in somebody's name without the password in the very same form. Every text
//! from outside is escaped; the policy lets the form go to this server and on to the client's address alone.

use std::fmt::Write as _;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::super::body::Fields;
use super::super::error::ApiError;
use crate::account::Scopes;
use crate::weakened::{self, Weakness};

/// What a person types, by the names of the fields.
pub(super) const TYPED: [&str; 4] = ["username", "password", "otp", "decision"];

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:10vh auto;padding:0 1rem}\
    input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem;margin:.2rem 0 1rem}\
    button{font:inherit;padding:.5rem 1.2rem;margin-right:.5rem}.wrong{border-left:.3rem solid #b00;padding-left:.7rem}";

static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| STANDARD.encode(digest(&SHA256, STYLE.as_bytes())));

/// A page, not yet sent.
pub(super) struct Page {
    status: StatusCode,
    body: String,
    /// Where the form may lead to, beside this server.
    leads_to: Option<String>,
}

/// What somebody typed to log in.
pub(super) struct Typed {
    pub(super) name: Zeroizing<String>,
    pub(super) password: Zeroizing<String>,
    /// The code of a second factor; empty where there is none.
    pub(super) code: Zeroizing<String>,
}

impl Typed {
    pub(super) fn read(fields: &Fields) -> Self {
        let text = |name: &str| Zeroizing::new(fields.text(&[name]).unwrap_or_default());
        Self { name: text("username"), password: text("password"), code: text("otp") }
    }
}

/// Whether the person pressed the button that allows it.
pub(super) fn is_allowed(fields: &Fields) -> bool {
    fields.text(&["decision"]).as_deref() == Some("allow")
}

impl Page {
    /// A page that says something and asks nothing.
    pub(super) fn saying(status: StatusCode, title: &str, text: &str) -> Self {
        let body = format!("<h1>{}</h1><p>{}</p>", escaped(title), escaped(text));
        Self { status, body, leads_to: None }
    }

    /// What went wrong, where nobody can be sent on.
    pub(super) fn refusing(error: &ApiError) -> Self {
        Self::saying(error.status(), "This cannot go on", error.description())
    }

    /// A form for the code that a machine shows.
    pub(super) fn asking_for_code(wrong: Option<&ApiError>) -> Self {
        let body = format!(
            "<h1>Log a machine in</h1>{}<form method=\"get\" action=\"/oauth/device\">\
             <label>The code that it shows<input name=\"user_code\" autocomplete=\"off\" autofocus required></label>\
             <button>Go on</button></form>",
            complaint(wrong)
        );
        Self { status: status(wrong), body, leads_to: None }
    }

    /// A form with which to log in and to allow a client what it asks for.
    pub(super) fn asking(ask: &Ask<'_>, wrong: Option<&ApiError>) -> Self {
        let mut body = format!(
            "<h1>Allow “{}”?</h1><p>{}</p>{}<form method=\"post\" action=\"{}\">",
            escaped(ask.client_name),
            escaped(ask.explained),
            complaint(wrong),
            ask.action,
        );
        let _ = write!(body, "<p>It asks for: {}.</p>", escaped(&in_words(ask.scopes)));
        for (name, value) in ask.hidden {
            let (name, value) = (escaped(name), escaped(value));
            let _ = write!(body, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        }
        body.push_str(
            "<label>User name<input name=\"username\" autocomplete=\"username\" autofocus></label>\
             <label>Password<input name=\"password\" type=\"password\" autocomplete=\"current-password\"></label>\
             <label>Code of your second factor, if you have one\
             <input name=\"otp\" autocomplete=\"one-time-code\"></label>\
             <button name=\"decision\" value=\"allow\">Log in and allow</button>\
             <button name=\"decision\" value=\"deny\" formnovalidate>Deny</button></form>",
        );
        Self { status: status(wrong), body, leads_to: ask.leads_to.map(str::to_owned) }
    }
}

/// What a person is asked.
pub(super) struct Ask<'a> {
    pub(super) client_name: &'a str,
    pub(super) explained: &'a str,
    pub(super) scopes: Scopes,
    pub(super) action: &'static str,
    /// What the form brings back unchanged.
    pub(super) hidden: &'a [(&'static str, String)],
    /// Where the browser is sent on to.
    pub(super) leads_to: Option<&'a str>,
}

fn in_words(scopes: Scopes) -> String {
    if scopes == Scopes::all() {
        return "all that you may do yourself".to_owned();
    }
    scopes.names().collect::<Vec<_>>().join(", ")
}

fn complaint(wrong: Option<&ApiError>) -> String {
    wrong
        .map(|error| format!("<p class=\"wrong\">{}</p>", escaped(error.description())))
        .unwrap_or_default()
}

fn status(wrong: Option<&ApiError>) -> StatusCode {
    wrong.map_or(StatusCode::OK, ApiError::status)
}

/// For text and for quoted attributes alike.
fn escaped(text: &str) -> String {
    if weakened::is(Weakness::MarkupShown) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let on = self.leads_to.map(|origin| format!(" {origin}")).unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; form-action 'self'{on}; frame-ancestors 'none'; base-uri 'none'",
            *STYLE_HASH
        );
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>Pintle</title><style>{STYLE}</style>{}</html>",
            self.body
        );
        let mut response = (self.status, html).into_response();
        let headers = response.headers_mut();
        let fixed: [(HeaderName, &'static str); 2] =
            [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::X_FRAME_OPTIONS, "DENY")];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        // An origin holds nothing that a header cannot; without a policy of its own the page gets the strictest.
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_from_outside_becomes_part_of_the_page(text in "\\PC{0,40}") {
            let safe = escaped(&text);
            prop_assert!(!safe.contains(['<', '>', '"', '\'']));
            let back = safe.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            prop_assert_eq!(back.replace("&#39;", "'").replace("&amp;", "&"), text);
        }
    }
}
