//! What routes answer with, good and bad.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::api::route::{Entry, Gives};

/// The one shape of an error.
pub(super) fn error() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong: a code for programs, and a sentence for people.",
        "required": ["ok", "error", "error_description"],
        "properties": {
            "ok": { "const": false },
            "code": { "type": "integer", "description": "The status once more." },
            "error": { "type": "string" },
            "error_description": { "type": "string" },
            "errors": { "type": "array", "items": { "type": "string" } },
        },
    })
}

/// Every error that any route may answer with, by its status.
pub(super) fn errors(entries: &[Entry]) -> Value {
    let statuses: BTreeSet<u16> = entries.iter().flat_map(Entry::failures).collect();
    let one = |status: u16| (status.to_string(), of_status(status));
    Value::Object(statuses.into_iter().map(one).collect())
}

fn of_status(status: u16) -> Value {
    let mut response = json!({
        "description": words(status),
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    });
    if matches!(status, 429 | 503 | 507)
        && let Some(fields) = response.as_object_mut()
    {
        let seconds = json!({ "type": "integer", "minimum": 0 });
        let header = json!({ "description": "Seconds to wait.", "schema": seconds });
        fields.insert("headers".to_owned(), json!({ "Retry-After": header }));
    }
    response
}

/// What a status stands for in this API.
fn words(status: u16) -> &'static str {
    match status {
        303 => "The browser is sent on.",
        400 => "Something in the request is missing or not what it must be.",
        401 => "No token, or one that is not valid. Nothing else is answered like this.",
        403 => "The token, the role or the state of things does not allow it.",
        404 => "There is no such thing, or none that the caller may see.",
        408 => "The device did not answer in time, or the request did not come whole in time.",
        409 => "Something is in the way.",
        410 => "It was there, and is gone.",
        413 => "The request is too large.",
        415 => "The body is of a type that is not taken here.",
        429 => "Too many requests: wait, then try again.",
        500 => "The server failed. Its log says why.",
        503 => "The server cannot do this just now.",
        507 => "The server's disk is full: nothing was changed.",
        status => {
            let known =
                StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
            known.unwrap_or("An error.")
        }
    }
}

/// All that a route may answer with.
pub(super) fn of(entry: &Entry) -> Value {
    let mut all: Map<String, Value> = Map::new();
    all.insert(entry.success.to_string(), good(entry.gives));
    for status in entry.failures() {
        all.insert(status.to_string(), bad(status, entry.gives));
    }
    Value::Object(all)
}

/// A route with pages for a browser says on a page what is wrong, too; what stands before it does not.
fn bad(status: u16, gives: Gives) -> Value {
    if gives != Gives::Html {
        let reference = format!("#/components/responses/{status}");
        return json!({ "$ref": reference });
    }
    let error = json!({ "schema": { "$ref": "#/components/schemas/Error" } });
    let kinds = json!({ "text/html": {}, "application/json": error });
    json!({ "description": words(status), "content": kinds })
}

fn good(gives: Gives) -> Value {
    let (words, kind) = match gives {
        Gives::Nothing => return json!({ "description": "Done." }),
        Gives::Json => ("Done; what there is to say.", "application/json"),
        Gives::Text => ("Plain text.", "text/plain"),
        Gives::Html => ("A page for a browser.", "text/html"),
        Gives::Bytes => ("The bytes of a file.", "application/octet-stream"),
        Gives::Events => {
            ("Events, one after the other, until either side ends it.", "text/event-stream")
        }
    };
    json!({ "description": words, "content": { kind: {} } })
}
