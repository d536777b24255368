//! The login of a machine without a browser (RFC 8628): it begins here, and its person answers on a page.
//!
//! Who guesses codes needs an account to get anywhere, and each wrong code is charged to its source like a wrong
//! password.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::address::Query;
use super::super::body::Fields;
use super::super::error::{ApiError, sentence};
use super::super::{ApiState, Fleet};
use super::asker::Asker;
use super::issuer::Issuer;
use super::page::{Ask, Page, Typed, is_allowed};
use super::signing_in;
use crate::account::{BeginError, DEVICE_CODE_WAITS, POLL_EVERY, Request, UserCode};
use crate::guard::Origin;

/// `POST /oauth/device_authorization`.
pub(super) async fn begin<F: Fleet>(
    State(state): State<ApiState<F>>,
    issuer: Issuer,
    origin: Origin,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let asker = Asker::read(&state, &headers, &fields).await?;
    let product = asker.row.as_ref().and_then(|row| row.product);
    let scopes = asker.asked_scopes(&fields)?;
    let client_name = asker.name().to_owned();
    let request = Request { client: asker.id, client_name, product, scopes };
    let now = state.clock.now().since_start;
    let begun = state.oauth.devices.begin(&state.accounts, request, origin, now);
    let (token, code) = begun.map_err(|error| match error {
        BeginError::Account(error) => error.into(),
        error => ApiError::busy(&sentence(&error)),
    })?;
    Ok(Json(json!({
        "device_code": token.reveal().as_str(),
        "user_code": code.to_string(),
        "verification_uri": issuer.at("/oauth/device"),
        "verification_uri_complete": issuer.at(&format!("/oauth/device?user_code={code}")),
        "expires_in": DEVICE_CODE_WAITS.as_secs(),
        "interval": POLL_EVERY.as_secs(),
    })))
}

/// What may stand behind the question mark.
#[derive(Deserialize)]
pub(super) struct Shown {
    user_code: Option<String>,
}

/// `GET /oauth/device`.
pub(super) async fn ask<F: Fleet>(
    State(state): State<ApiState<F>>,
    origin: Origin,
    Query(shown): Query<Shown>,
) -> Page {
    let Some(typed) = shown.user_code else { return Page::asking_for_code(None) };
    match found(&state, &origin, &typed) {
        Ok((code, request)) => page(code, &request, None),
        Err(error) => Page::asking_for_code(Some(&error)),
    }
}

/// `POST /oauth/device`.
pub(super) async fn answer<F: Fleet>(
    State(state): State<ApiState<F>>,
    origin: Origin,
    fields: Fields,
) -> Response {
    let typed = fields.text(&["user_code"]).unwrap_or_default();
    let (code, request) = match found(&state, &origin, &typed) {
        Ok(found) => found,
        Err(error) => return Page::asking_for_code(Some(&error)).into_response(),
    };
    let devices = &state.oauth.devices;
    if !is_allowed(&fields) {
        devices.answer(code, None, state.clock.now().since_start);
        return Page::saying(StatusCode::OK, "Denied", "The machine was not logged in.")
            .into_response();
    }
    let (product, scopes) = (request.product, request.scopes);
    let typed = Typed::read(&fields);
    let granted =
        signing_in::granted(&state, origin, typed, &request.client, product, scopes).await;
    let grant = match granted {
        Ok(grant) => grant,
        Err(error) => return page(code, &request, Some(&error)).into_response(),
    };
    if !devices.answer(code, Some(grant), state.clock.now().since_start) {
        return Page::asking_for_code(Some(&unknown())).into_response();
    }
    let text = "The machine is logged in. You can close this page.";
    Page::saying(StatusCode::OK, "Done", text).into_response()
}

/// The login that waits under a code that somebody typed. A wrong one is charged.
fn found<F: Fleet>(
    state: &ApiState<F>,
    origin: &Origin,
    typed: &str,
) -> Result<(UserCode, Request), ApiError> {
    let now = state.clock.now().since_start;
    let look = || {
        let code = UserCode::parse(typed)?;
        Some((code, state.oauth.devices.request(code, now)?))
    };
    state.guard.logins().look_up(*origin, now, look)?.ok_or_else(unknown)
}

fn unknown() -> ApiError {
    ApiError::oauth("invalid_request", "No login waits under this code: it may be over.")
}

fn page(code: UserCode, request: &Request, wrong: Option<&ApiError>) -> Page {
    let explained = format!(
        "A machine that shows the code {code} asks to be logged in as you. Go on only if you see this code on a machine \
         of your own, and began this yourself: whoever sent you here would get your account."
    );
    let ask = Ask {
        client_name: &request.client_name,
        explained: &explained,
        scopes: request.scopes,
        action: "/oauth/device",
        hidden: &[("user_code", code.to_string())],
        leads_to: None,
    };
    Page::asking(&ask, wrong)
}
