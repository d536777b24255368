//! `POST /oauth/revoke` (RFC 7009): a client ends one of its tokens, and with it all that came of the same login. The
//! answer is the same whether there was such a token or not.

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

pub(super) async fn revoke<F: Fleet>(
    State(state): State<ApiState<F>>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let asker = Asker::read(&state, &headers, &fields).await?;
    let token = fields.text(&["token"]).map(Zeroizing::new).ok_or_else(|| missing("token"))?;
    state.accounts.revoke_for(&token, &asker.id, state.clock.now().wall_ms).await?;
    Ok(Json(json!({ "ok": true })))
}
