//! The grants of OAuth, each as it is asked for at `POST /oauth/token`.

use zeroize::Zeroizing;

use super::super::body::Fields;
use super::super::error::{ApiError, sentence};
use super::super::{ApiState, Fleet, login};
use super::asker::{Asker, scopes};
use super::signing_in;
use super::token::{lifetime, missing};
use crate::account::{
    CodeError, Grant, Holder, IssuedToken, Lifetime, Pending, Refresh, RefreshError, SHORT, Scope,
    TakenIn,
};
use crate::guard::Origin;
use crate::product::ProductId;
use crate::store::client::ClientRow;

/// The grant of RFC 8628.
pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Public clients send a person's password; the clients of a product a customer's.
pub(super) async fn password<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    asker: Asker,
    fields: &Fields,
) -> Result<IssuedToken, ApiError> {
    match &asker.row {
        Some(row) => {
            let product = row.product.ok_or_else(not_for_it)?;
            customer_password(state, origin, row, product, fields).await
        }
        None if state.oauth.settings.password_grant => {
            let scopes = asker.asked_scopes(fields)?;
            let mut right = login::password(state, origin, fields).await?;
            right.shape().scopes = scopes;
            let grant = right.settle(state).await?;
            Ok(state.accounts.issue(&grant, state.clock.now().wall_ms).await?)
        }
        None => {
            let text =
                "This server takes no passwords here: log in with a browser (`pintle login`).";
            Err(ApiError::oauth("unsupported_grant_type", text))
        }
    }
}

/// The second step of the password grant, which knows by itself for which client the first was.
pub(super) async fn second_factor<F: Fleet>(
    state: &ApiState<F>,
    fields: &Fields,
) -> Result<IssuedToken, ApiError> {
    let grant = login::second_factor(state, fields).await?;
    Ok(state.accounts.issue(&grant, state.clock.now().wall_ms).await?)
}

async fn customer_password<F: Fleet>(
    state: &ApiState<F>,
    origin: Origin,
    client: &ClientRow,
    product: ProductId,
    fields: &Fields,
) -> Result<IssuedToken, ApiError> {
    let name = fields.text(&["username", "email"]).ok_or_else(|| missing("username"))?;
    let password = fields.text(&["password"]).ok_or_else(|| missing("password"))?;
    let password = Zeroizing::new(password);
    let account = signing_in::customer(state, origin, product, &name, password).await?;
    let grant = Grant::for_customer(account, &name, &client.id, product);
    let lifetime = lifetime(fields)?.unwrap_or(grant.lifetime);
    let grant = Grant { lifetime, ..grant };
    Ok(state.accounts.issue(&grant, state.clock.now().wall_ms).await?)
}

/// A client for itself, within what its maker may do; or, for a product, one of its customers.
pub(super) async fn client_credentials<F: Fleet>(
    state: &ApiState<F>,
    asker: Asker,
    fields: &Fields,
) -> Result<IssuedToken, ApiError> {
    let client = asker.proven()?;
    let asked = fields.text(&["scope"]).unwrap_or_default();
    let lifetime = lifetime(fields)?;
    let now_ms = state.clock.now().wall_ms;
    if let Some(name) = asked.trim().strip_prefix("customer=") {
        let grant = for_customer(state, &client, name).await?;
        let lifetime = lifetime.unwrap_or(grant.lifetime);
        return Ok(state.accounts.issue(&Grant { lifetime, ..grant }, now_ms).await?);
    }
    let scopes =
        if asked.trim().is_empty() { client.scopes } else { scopes(&asked, client.scopes)? };
    let grant = Grant {
        holder: Holder::Client,
        product: client.product,
        scopes,
        lifetime: lifetime.unwrap_or(Lifetime::asked(None)),
        ..Grant::new(client.account, "", &client.id)
    };
    Ok(state.accounts.issue(&grant, now_ms).await?)
}

async fn for_customer<F: Fleet>(
    state: &ApiState<F>,
    client: &ClientRow,
    name: &str,
) -> Result<Grant, ApiError> {
    let product = client.product.ok_or_else(not_for_it)?;
    if !client.scopes.contains(Scope::CustomersCreate) {
        return Err(not_for_it());
    }
    let account = state.accounts.find_customer(product, name).await?;
    let account = account.ok_or_else(|| {
        ApiError::oauth("invalid_scope", "The product has no customer of that name.")
    })?;
    Ok(Grant::for_customer(account, name, &client.id, product))
}

pub(super) async fn refresh<F: Fleet>(
    state: &ApiState<F>,
    asker: Asker,
    fields: &Fields,
) -> Result<IssuedToken, ApiError> {
    let presented = fields.text(&["refresh_token"]).map(Zeroizing::new);
    let presented = presented.ok_or_else(|| missing("refresh_token"))?;
    let asked = fields.text(&["scope"]).filter(|text| !text.trim().is_empty());
    let scopes = asked.map(|text| scopes(&text, asker.scopes())).transpose()?;
    let refresh = Refresh {
        presented: &presented,
        client: &asker.id,
        scopes,
        lifetime: lifetime(fields)?.unwrap_or(SHORT),
    };
    let refreshed = state.accounts.refresh(&refresh, state.clock.now().wall_ms).await;
    refreshed.map_err(|error| match error {
        RefreshError::Account(error) => error.into(),
        RefreshError::MoreScopes => ApiError::oauth("invalid_scope", sentence(&error)),
        error => ApiError::oauth("invalid_grant", sentence(&error)),
    })
}

pub(super) async fn code<F: Fleet>(
    state: &ApiState<F>,
    asker: Asker,
    fields: &Fields,
) -> Result<IssuedToken, ApiError> {
    let field = |name: &str| fields.text(&[name]).map(Zeroizing::new).ok_or_else(|| missing(name));
    let (presented, redirect_uri, verifier) =
        (field("code")?, field("redirect_uri")?, field("code_verifier")?);
    let taken = TakenIn {
        presented: &presented,
        client: &asker.id,
        redirect_uri: &redirect_uri,
        verifier: &verifier,
    };
    let now = state.clock.now();
    let issued = state.accounts.take_code(&taken, now.since_start, now.wall_ms).await;
    issued.map_err(|error| match error {
        CodeError::Account(error) => error.into(),
        error => ApiError::oauth("invalid_grant", sentence(&error)),
    })
}

pub(super) async fn device_code<F: Fleet>(
    state: &ApiState<F>,
    asker: Asker,
    fields: &Fields,
) -> Result<IssuedToken, ApiError> {
    let presented = fields.text(&["device_code"]).map(Zeroizing::new);
    let presented = presented.ok_or_else(|| missing("device_code"))?;
    let now = state.clock.now();
    let asked = state.oauth.devices.poll(&state.accounts, &presented, &asker.id, now.since_start);
    let grant = asked.map_err(not_yet)?;
    Ok(state.accounts.issue(&grant, now.wall_ms).await?)
}

fn not_yet(pending: Pending) -> ApiError {
    let text = match pending {
        Pending::Awaited => "The person has not answered yet.",
        Pending::SlowDown => "Asked too often: leave five seconds more from now on.",
        Pending::Denied => "The person said no.",
        _ => "This login is over: begin again.",
    };
    ApiError::oauth(&pending.to_string(), text)
}

fn not_for_it() -> ApiError {
    ApiError::oauth("unauthorized_client", "This client may not use this grant.")
}
