//! The answer with tokens in it (RFC 6749 5.1), with what clients of device clouds read beyond it.

use serde_json::{Value, json};

use crate::account::IssuedToken;
use crate::clock::iso8601;

/// When a token ends, as answers say it: null is never.
pub(in crate::api) fn end_of(expires_at_ms: i64) -> Option<String> {
    (expires_at_ms != i64::MAX).then(|| iso8601(expires_at_ms))
}

/// Its last act is to show the tokens.
pub(in crate::api) fn answer(issued: &IssuedToken) -> Value {
    let mut answer = json!({
        "access_token": issued.token.reveal().as_str(),
        "token_type": "bearer",
        "expires_in": issued.lifetime.seconds(),
        "expires_at": end_of(issued.expires_at_ms),
        "scope": issued.scopes.to_string(),
    });
    if let (Some(refresh), Some(fields)) = (&issued.refresh, answer.as_object_mut()) {
        fields.insert("refresh_token".to_owned(), json!(refresh.reveal().as_str()));
    }
    answer
}
