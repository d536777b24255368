//! `/oauth/authorize` (RFC 6749 4.1, RFC 9700 2.1): a person logs in, allows a client something, and the browser goes
//! back to the client with a code.
//!
//! 1. The client and its redirect address are looked at first: where they are not right, nobody is sent anywhere.
//! 2. All else that is wrong is told to the client, at its address.
//! 3. The page asks for name and password in the same form as for the decision, so there is no session to misuse.
//! 4. The browser is sent back with 303, so that what was typed does not go along (RFC 9700 4.12), with the issuer
//!    beside the code (RFC 9207).

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::body::Fields;
use super::super::error::{ApiError, sentence};
use super::super::{ApiState, Fleet};
use super::asker::{of_people, scopes};
use super::issuer::Issuer;
use super::page::{Ask, Page, Typed, is_allowed};
use super::signing_in;
use crate::account::{Challenge, RedirectUri, Scopes};
use crate::guard::Origin;
use crate::store::client::ClientRow;

/// What comes in the address, and again in the form.
pub(super) const PARAMETERS: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// The longest `state` that is brought back.
const MAX_STATE: usize = 1_024;

/// Each parameter as it came, by its place in [`PARAMETERS`].
struct Parameters([Option<String>; 7]);

impl Parameters {
    fn from_query(query: &str) -> Result<Self, ApiError> {
        let mut found: [Option<String>; 7] = Default::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = PARAMETERS.iter().position(|known| *known == name);
            let Some(slot) = place.and_then(|place| found.get_mut(place)) else { continue };
            // RFC 6749 3.1
            if slot.replace(value.into_owned()).is_some() {
                let text = format!("The parameter {name} comes twice.");
                return Err(ApiError::oauth("invalid_request", text));
            }
        }
        Ok(Self(found))
    }

    fn from_fields(fields: &Fields) -> Self {
        Self(PARAMETERS.map(|name| fields.text(&[name]).filter(|text| !text.is_empty())))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let place = PARAMETERS.iter().position(|known| *known == name)?;
        self.0.get(place)?.as_deref()
    }

    fn hidden(&self) -> Vec<(&'static str, String)> {
        let pairs = PARAMETERS.into_iter().zip(&self.0);
        pairs.filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

/// A client and the address that its people go back to: both are right.
struct Way {
    client: ClientRow,
    redirect_uri: RedirectUri,
}

/// What the client asks for: all of it is right.
struct Asked {
    scopes: Scopes,
    challenge: Challenge,
}

/// `GET /oauth/authorize`.
pub(super) async fn ask<F: Fleet>(
    State(state): State<ApiState<F>>,
    issuer: Issuer,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = match Parameters::from_query(&query.unwrap_or_default()) {
        Ok(parameters) => parameters,
        Err(error) => return Page::refusing(&error).into_response(),
    };
    match prepared(&state, &issuer, &parameters).await {
        Ok((way, asked)) => page(&way, &asked, &parameters, None).into_response(),
        Err(answer) => answer,
    }
}

/// `POST /oauth/authorize`.
pub(super) async fn answer<F: Fleet>(
    State(state): State<ApiState<F>>,
    issuer: Issuer,
    origin: Origin,
    fields: Fields,
) -> Response {
    let parameters = Parameters::from_fields(&fields);
    let (way, asked) = match prepared(&state, &issuer, &parameters).await {
        Ok(right) => right,
        Err(answer) => return answer,
    };
    let back = Back { way: &way, issuer: &issuer, state: parameters.get("state") };
    if !is_allowed(&fields) {
        return back.with("error", "access_denied");
    }
    let Way { client, redirect_uri } = &way;
    let (id, product, scopes) = (client.id.as_str(), client.product, asked.scopes);
    let typed = Typed::read(&fields);
    let granted = signing_in::granted(&state, origin, typed, id, product, scopes).await;
    let now = state.clock.now().since_start;
    let given = granted.and_then(|grant| {
        let challenge = asked.challenge.clone();
        let code = state.accounts.give_code(grant, redirect_uri.as_str(), challenge, now);
        code.map_err(|error| ApiError::busy(&sentence(&error)))
    });
    match given {
        Ok(code) => back.with("code", &code.reveal()),
        Err(error) => page(&way, &asked, &parameters, Some(&error)).into_response(),
    }
}

/// What the client asks for, or the answer where something is wrong.
async fn prepared<F: Fleet>(
    state: &ApiState<F>,
    issuer: &Issuer,
    parameters: &Parameters,
) -> Result<(Way, Asked), Response> {
    let way = match way(state, parameters).await {
        Ok(way) => way,
        Err(error) => return Err(Page::refusing(&error).into_response()),
    };
    match asked(&way, parameters) {
        Ok(asked) => Ok((way, asked)),
        Err(error) => {
            let state = parameters.get("state").filter(|state| state.len() <= MAX_STATE);
            Err(Back { way: &way, issuer, state }.with("error", error.code()))
        }
    }
}

async fn way<F: Fleet>(state: &ApiState<F>, parameters: &Parameters) -> Result<Way, ApiError> {
    let unknown = || ApiError::oauth("invalid_client", "No client of this id is registered here.");
    let id = parameters.get("client_id").ok_or_else(unknown)?;
    let client = state.store.clients().find(id).await?.ok_or_else(unknown)?;
    let registered = client.redirect_uri.as_deref().and_then(|uri| uri.parse::<RedirectUri>().ok());
    let asked = parameters.get("redirect_uri").and_then(|uri| uri.parse::<RedirectUri>().ok());
    match (registered, asked) {
        (Some(registered), Some(asked)) if registered.allows(&asked) => {
            Ok(Way { client, redirect_uri: asked })
        }
        _ => {
            let text = "The client asks to send you to an address that is not registered for it.";
            Err(ApiError::oauth("invalid_request", text))
        }
    }
}

fn asked(way: &Way, parameters: &Parameters) -> Result<Asked, ApiError> {
    let wrong = |text: &str| ApiError::oauth("invalid_request", text);
    if parameters.get("response_type") != Some("code") {
        // The implicit grant is gone (RFC 9700 2.1.2).
        return Err(ApiError::oauth("unsupported_response_type", "Only codes are given."));
    }
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(wrong("A challenge of the method S256 is needed."));
    }
    let challenge = parameters.get("code_challenge").and_then(Challenge::parse);
    let challenge = challenge.ok_or_else(|| wrong("The challenge is not one."))?;
    if parameters.get("state").is_some_and(|state| state.len() > MAX_STATE) {
        return Err(wrong("The state is too long."));
    }
    let within = of_people(&way.client);
    let scopes = parameters.get("scope").map_or(Ok(within), |text| scopes(text, within))?;
    Ok(Asked { scopes, challenge })
}

fn page(way: &Way, asked: &Asked, parameters: &Parameters, wrong: Option<&ApiError>) -> Page {
    let origin = way.redirect_uri.origin();
    let explained = format!(
        "This program, which somebody registered at this server, asks to act in your name. You go back to {origin} \
         when you log in or deny it. If you did not begin this, close the page."
    );
    let ask = Ask {
        client_name: &way.client.name,
        explained: &explained,
        scopes: asked.scopes,
        action: "/oauth/authorize",
        hidden: &parameters.hidden(),
        leads_to: Some(origin),
    };
    Page::asking(&ask, wrong)
}

/// The way back to the client.
struct Back<'a> {
    way: &'a Way,
    issuer: &'a Issuer,
    state: Option<&'a str>,
}

impl Back<'_> {
    fn with(&self, name: &str, value: &str) -> Response {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair(name, value);
        if let Some(state) = self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &self.issuer.0);
        let uri = self.way.redirect_uri.as_str();
        let joint = if uri.contains('?') { '&' } else { '?' };
        let location = HeaderValue::try_from(format!("{uri}{joint}{}", query.finish()));
        let Ok(location) = location else { return ApiError::internal().into_response() };
        (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
    }
}
