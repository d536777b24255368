//! OAuth 2.0 (RFC 6749) as RFC 9700 wants it: `/oauth/...`, one file an endpoint. `docs/oauth.md` goes through RFC 9700
//! line by line.

use std::sync::Arc;

use super::Fleet;
use super::route::{Gives, Kind, Needs, Route, get, post};
use crate::account::DeviceCodes;
use crate::config;
use crate::guard::Origin;

mod answer;
mod asker;
mod authorize;
mod device;
mod grants;
mod introspect;
mod issuer;
mod metadata;
mod page;
mod revoke;
mod signing_in;
mod token;

pub(super) use answer::{answer, end_of};
pub(super) use asker::Asker;
pub(super) use token::lifetime;

/// The pages of a login in a browser: they have a policy of their own, and no other page may read them.
pub(super) const PAGES: [&str; 2] = ["/oauth/authorize", "/oauth/device"];

/// What is configured, and the logins of machines that are under way. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Oauth {
    pub(super) settings: Arc<config::Oauth>,
    pub(super) devices: Arc<DeviceCodes<Origin>>,
}

impl Oauth {
    pub(super) fn new(settings: config::Oauth) -> Self {
        Self { settings: Arc::new(settings), devices: Arc::default() }
    }
}

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let authorize = "/oauth/authorize";
    let mut asked = get(authorize, Needs::Nothing, authorize::ask::<F>)
        .says("Shows a person the page on which to log in and allow a client something (RFC 6749 4.1).")
        .gives(200, Gives::Html)
        .fails(&[303, 400]);
    for name in authorize::PARAMETERS {
        asked = asked.query(name, Kind::Text);
    }
    let mut allowed = post(authorize, Needs::Nothing, authorize::answer::<F>)
        .says("Takes what a person typed on that page, and sends the browser back to the client.")
        .gives(200, Gives::Html)
        .fails(&[303, 400, 403]);
    for name in authorize::PARAMETERS.into_iter().chain(page::TYPED) {
        allowed = allowed.takes(name, Kind::Text);
    }
    vec![
        token::route(),
        asked,
        allowed,
        post("/oauth/device_authorization", Needs::Nothing, device::begin::<F>)
            .says("Begins the login of a machine without a browser (RFC 8628).")
            .asks("client_id", Kind::Text)
            .takes("client_secret", Kind::Text)
            .takes("scope", Kind::Text)
            .fails(&[400, 401]),
        get("/oauth/device", Needs::Nothing, device::ask::<F>)
            .says("Shows a person the page on which to allow the login of a machine.")
            .query("user_code", Kind::Text)
            .gives(200, Gives::Html)
            .fails(&[400]),
        post("/oauth/device", Needs::Nothing, device::answer::<F>)
            .says("Takes what a person typed on that page.")
            .asks("user_code", Kind::Text)
            .takes("username", Kind::Text)
            .takes("password", Kind::Text)
            .takes("otp", Kind::Text)
            .takes("decision", Kind::Text)
            .gives(200, Gives::Html)
            .fails(&[400, 403]),
        post("/oauth/introspect", Needs::Nothing, introspect::introspect::<F>)
            .says("Tells a client what one of its tokens is good for (RFC 7662).")
            .asks("token", Kind::Text)
            .takes("token_type_hint", Kind::Text)
            .takes("client_id", Kind::Text)
            .takes("client_secret", Kind::Text)
            .fails(&[400, 401]),
        post("/oauth/revoke", Needs::Nothing, revoke::revoke::<F>)
            .says("Ends a token and all that came of its login (RFC 7009).")
            .asks("token", Kind::Text)
            .takes("token_type_hint", Kind::Text)
            .takes("client_id", Kind::Text)
            .takes("client_secret", Kind::Text)
            .fails(&[400, 401]),
        get("/.well-known/oauth-authorization-server", Needs::Nothing, metadata::metadata::<F>)
            .says("Tells OAuth clients what there is (RFC 8414)."),
    ]
}
