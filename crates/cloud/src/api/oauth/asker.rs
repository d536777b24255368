//! Which client asks, and whether it proved itself (RFC 6749 2.3): by a header of the scheme Basic, or in the body.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::super::body::Fields;
use super::super::error::ApiError;
use super::super::{ApiState, Fleet};
use crate::account::{CUSTOMER_SCOPES, Scopes};
use crate::audit::{Act, Who};
use crate::store::client::ClientRow;

/// The client that asks.
pub(in crate::api) struct Asker {
    /// What it calls itself.
    pub(in crate::api) id: String,
    /// How it was registered, if it was; otherwise it is one of the operator's public clients.
    pub(in crate::api) row: Option<ClientRow>,
    /// Whether it showed its secret.
    pub(in crate::api) is_proven: bool,
}

impl Asker {
    /// Reads who asks. A secret that is shown must be right; a client on a server must show one.
    pub(in crate::api) async fn read<F: Fleet>(
        state: &ApiState<F>,
        headers: &HeaderMap,
        fields: &Fields,
    ) -> Result<Self, ApiError> {
        let in_header = basic(headers)?;
        let in_body = (fields.text(&["client_id"]), fields.text(&["client_secret"]));
        let by_header = in_header.is_some();
        if by_header && in_body.1.is_some() {
            let text = "The client's secret came twice: in a header and in the body.";
            return Err(ApiError::oauth("invalid_request", text));
        }
        let (id, secret) = match in_header {
            Some((id, secret)) => (id, Some(secret)),
            None => (in_body.0.unwrap_or_default(), in_body.1.map(Zeroizing::new)),
        };
        let refusal = || match by_header {
            true => ApiError::client_unproven(),
            false => ApiError::invalid_client(),
        };
        let Some(row) = state.store.clients().find(&id).await? else {
            let is_public = state.oauth.settings.public_clients.contains(&id);
            // Those have no secret: what they send for one says nothing.
            return if is_public {
                Ok(Self { id, row: None, is_proven: false })
            } else {
                Err(refusal())
            };
        };
        let is_proven = match secret.as_deref().filter(|secret| !secret.is_empty()) {
            Some(secret) if state.accounts.is_secret_of(&row, secret) => true,
            None if row.kind != "web" => false,
            _ => {
                let act = Act::new("client.refused", Who::Stranger, state.clock.now().wall_ms);
                state.store.note(act.on("client", &row.id).refused("the secret is wrong"));
                return Err(refusal());
            }
        };
        Ok(Self { id, row: Some(row), is_proven })
    }

    /// The client as it was registered, having shown its secret.
    pub(in crate::api) fn proven(self) -> Result<ClientRow, ApiError> {
        self.row.filter(|_| self.is_proven).ok_or_else(ApiError::invalid_client)
    }

    /// What it may ask people for at most.
    pub(in crate::api) fn scopes(&self) -> Scopes {
        self.row.as_ref().map_or(Scopes::all(), of_people)
    }

    /// What people are shown.
    pub(in crate::api) fn name(&self) -> &str {
        self.row.as_ref().map_or(self.id.as_str(), |row| row.name.as_str())
    }

    /// The scopes in the field `scope`, all of which it may have; all that it may have where there is no such field.
    pub(in crate::api) fn asked_scopes(&self, fields: &Fields) -> Result<Scopes, ApiError> {
        let Some(asked) = fields.text(&["scope"]).filter(|text| !text.trim().is_empty()) else {
            return Ok(self.scopes());
        };
        scopes(&asked, self.scopes())
    }
}

/// What a client may ask people for at most. A product's asks its customers, and those can allow no more than they may
/// do themselves; its own scopes are for what it does by itself.
pub(super) fn of_people(client: &ClientRow) -> Scopes {
    if client.product.is_some() { CUSTOMER_SCOPES } else { client.scopes }
}

/// The scopes of a text, where they are all within the others.
pub(in crate::api) fn scopes(text: &str, within: Scopes) -> Result<Scopes, ApiError> {
    let asked: Scopes = text
        .parse()
        .map_err(|error| ApiError::oauth("invalid_scope", super::super::error::sentence(&error)))?;
    if within.contains_all(asked) {
        Ok(asked)
    } else {
        Err(ApiError::oauth("invalid_scope", "The client may not ask for all of these scopes."))
    }
}

/// Id and secret of a header of the scheme Basic: each form-encoded (RFC 6749 2.3.1). Other schemes are not looked at.
fn basic(headers: &HeaderMap) -> Result<Option<(String, Zeroizing<String>)>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let value = value.to_str().unwrap_or_default();
    let Some((scheme, text)) = value.split_once(' ') else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let pair = STANDARD.decode(text.trim()).ok().map(Zeroizing::new);
    let pair = pair.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let (id, secret) =
        pair.and_then(|pair| pair.split_once(':')).ok_or_else(ApiError::client_unproven)?;
    Ok(Some((decoded(id), Zeroizing::new(decoded(secret)))))
}

fn decoded(text: &str) -> String {
    // One name without a value.
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
