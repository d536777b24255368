//! Webhooks as people see them: without what opens something elsewhere.

use serde_json::{Map, Value, json};

use super::fields::HIDDEN;
use crate::clock::iso8601;
use crate::hook::settings::Content;
use crate::hook::{Hook, Logged};

/// A webhook in a list.
pub(super) fn one_line(hook: &Hook) -> Value {
    let settings = &hook.settings;
    let mut shown = json!({
        "id": hook.id.to_string(),
        "event": settings.event,
        "created_at": iso8601(hook.created_at_ms),
        "updated_at": iso8601(hook.updated_at_ms),
        "integration_type": "Webhook",
        "url": settings.url.reveal(),
        "requestType": settings.method.name(),
        "disabled": settings.disabled,
    });
    if let Value::Object(shown) = &mut shown {
        let mut put = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                shown.insert(name.into(), value.as_str().into());
            }
        };
        put("name", &settings.name);
        put("deviceID", &settings.device);
        put("product_id", &hook.product.map(|product| product.to_string()));
    }
    shown
}

/// All that is to be seen of one.
pub(super) fn whole(hook: &Hook) -> Value {
    let settings = &hook.settings;
    let mut shown = one_line(hook);
    let Value::Object(fields) = &mut shown else { return shown };
    let hidden = |names: &[(String, _)]| -> Value {
        names.iter().map(|(name, _)| (name.clone(), HIDDEN.into())).collect::<Map<_, _>>().into()
    };
    let content = match &settings.content {
        Content::Event => None,
        Content::Text(text) => Some(("body", Value::from(text.as_str()))),
        Content::Json(json) => Some(("json", json.clone())),
        Content::Form(form) => {
            let form = form.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
            Some(("form", Value::Object(form.collect())))
        }
    };
    fields.extend(content.map(|(name, value)| (name.to_owned(), value)));
    fields.insert("query".into(), hidden(&settings.query));
    fields.insert("headers".into(), hidden(&settings.headers));
    if let Some(auth) = &settings.auth {
        fields.insert("auth".into(), json!({ "username": auth.username, "password": HIDDEN }));
    }
    fields.insert("responseTopic".into(), json!(settings.response_topic));
    fields.insert("errorResponseTopic".into(), json!(settings.error_response_topic));
    fields.insert("responseTemplate".into(), json!(settings.response_template));
    fields.insert("noDefaults".into(), settings.no_defaults.into());
    fields.insert("rejectUnauthorized".into(), true.into());
    shown
}

/// One try.
pub(super) fn logged(logged: &Logged) -> Value {
    json!({
        "id": logged.id,
        "at": iso8601(logged.at_ms),
        "status": logged.status,
        "error": logged.error,
        "will_retry": logged.again,
    })
}
