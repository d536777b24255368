//! `POST /oauth/introspect` (RFC 7662): what a token is good for, told to the client it was given to or to a client of
//! the product it is bound to. To everyone else no token is active, so none can be tried out.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::body::Fields;
use super::super::error::ApiError;
use super::super::{ApiState, Fleet};
use super::asker::Asker;
use super::token::missing;
use crate::account::{Caller, Holder};
use crate::store::client::ClientRow;
use crate::weakened::{self, Weakness};

pub(super) async fn introspect<F: Fleet>(
    State(state): State<ApiState<F>>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let client = Asker::read(&state, &headers, &fields).await?.proven()?;
    let token = fields.text(&["token"]).map(Zeroizing::new).ok_or_else(|| missing("token"))?;
    let caller = state.accounts.caller(&token, state.clock.now().wall_ms).await?;
    let caller = caller.filter(|caller| may_know(&client, caller));
    Ok(Json(caller.map_or_else(|| json!({ "active": false }), |caller| shown(&caller))))
}

fn may_know(client: &ClientRow, caller: &Caller) -> bool {
    let of_product = client.product.is_some() && client.product == caller.product;
    caller.client == client.id || of_product || weakened::is(Weakness::TokensTold)
}

fn shown(caller: &Caller) -> Value {
    let seconds = |ms: i64| ms.div_euclid(1_000);
    let mut shown = json!({
        "active": true,
        "scope": caller.scopes.to_string(),
        "client_id": caller.client,
        "token_type": "bearer",
        "iat": seconds(caller.created_at_ms),
    });
    if let Some(fields) = shown.as_object_mut() {
        if caller.expires_at_ms != i64::MAX {
            fields.insert("exp".to_owned(), json!(seconds(caller.expires_at_ms)));
        }
        if caller.holder != Holder::Client {
            fields.insert("sub".to_owned(), json!(caller.account.handle()));
        }
    }
    shown
}
