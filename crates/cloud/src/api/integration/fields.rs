//! What a request tells a webhook, in all the spellings that clients have for it.

use serde_json::{Map, Value};

use super::whose::Whose;
use crate::api::body::Fields;
use crate::api::error::ApiError;
use crate::hook::HooksError;
use crate::hook::secret::Secret;
use crate::hook::settings::{Auth, Content, Method, Settings};
use crate::hook::signature::SigningKey;
use crate::store::Store;

/// What stands for what is not shown; who sends it leaves what there was.
pub(super) const HIDDEN: &str = "********";

/// Whether another key to sign with is asked for.
pub(super) fn rotates(fields: &Fields) -> bool {
    fields.flag(&["rotate_secret"]) == Some(true)
}

/// The settings that these fields are. `before` has what they leave as it was.
pub(super) async fn settings(
    store: &Store,
    whose: &Whose,
    fields: &Fields,
    before: Option<&Settings>,
) -> Result<Settings, ApiError> {
    let kind = fields.text(&["integration_type"]).unwrap_or_else(|| "Webhook".into());
    if kind != "Webhook" {
        return Err(ApiError::bad_request(
            "This server's integrations are webhooks: integration_type must be Webhook.",
        ));
    }
    if fields.flag(&["rejectUnauthorized"]) == Some(false) {
        let text = "Certificates are always verified: an authority of your own goes into [webhooks] ca_file of config.toml.";
        return Err(ApiError::bad_request(text));
    }
    let device =
        match fields.text(&["deviceID", "deviceid", "deviceId"]).filter(|id| !id.is_empty()) {
            Some(device) => Some(whose.device(store, &device).await?.to_string()),
            None => None,
        };
    let kept_key = before.filter(|_| !rotates(fields)).map(|before| before.signing_key.clone());
    let signing_key = match kept_key {
        Some(key) => key,
        None => SigningKey::generate().map_err(HooksError::from)?,
    };
    Ok(Settings {
        event: required(fields, "event")?,
        url: Secret::new(required(fields, "url")?),
        method: method(fields)?,
        name: fields.text(&["name"]),
        device,
        content: content(fields)?,
        query: secrets(fields, "query", before.map(|before| before.query.as_slice()))?,
        headers: secrets(fields, "headers", before.map(|before| before.headers.as_slice()))?,
        auth: auth(fields, before)?,
        response_topic: fields.text(&["responseTopic"]),
        error_response_topic: fields.text(&["errorResponseTopic"]),
        response_template: fields.text(&["responseTemplate"]),
        no_defaults: fields.flag(&["noDefaults"]) == Some(true),
        disabled: fields.flag(&["disabled"]) == Some(true),
        signing_key,
    })
}

fn required(fields: &Fields, name: &str) -> Result<String, ApiError> {
    let missing = || ApiError::bad_request(format!("The field {name} is missing."));
    fields.text(&[name]).filter(|value| !value.is_empty()).ok_or_else(missing)
}

fn method(fields: &Fields) -> Result<Method, ApiError> {
    let Some(name) = fields.text(&["requestType", "request_type"]) else { return Ok(Method::Post) };
    let text = "The field requestType is GET, POST, PUT, PATCH or DELETE.";
    Method::parse(&name).ok_or_else(|| ApiError::bad_request(text))
}

fn content(fields: &Fields) -> Result<Content, ApiError> {
    let json = fields.get(&["json"]).cloned().map(Content::Json);
    let body = fields.text(&["body"]).map(Content::Text);
    let form = object(fields, "form")?.map(|form| {
        Content::Form(form.into_iter().map(|(name, value)| (name, written(value))).collect())
    });
    let mut given = [body, json, form].into_iter().flatten();
    let content = given.next().unwrap_or_default();
    if given.next().is_some() {
        return Err(ApiError::bad_request(
            "Of the fields body, json and form, only one may be there.",
        ));
    }
    Ok(content)
}

fn secrets(
    fields: &Fields,
    name: &str,
    before: Option<&[(String, Secret)]>,
) -> Result<Vec<(String, Secret)>, ApiError> {
    let one = |(name, value): (String, Value)| {
        let value = written(value);
        let kept = before.into_iter().flatten().find(|(known, _)| *known == name);
        let kept = kept.filter(|_| value == HIDDEN).map(|(_, kept)| kept.clone());
        (name, kept.unwrap_or_else(|| Secret::new(value)))
    };
    Ok(object(fields, name)?.unwrap_or_default().into_iter().map(one).collect())
}

fn auth(fields: &Fields, before: Option<&Settings>) -> Result<Option<Auth>, ApiError> {
    let Some(auth) = object(fields, "auth")?.filter(|auth| !auth.is_empty()) else {
        return Ok(None);
    };
    let text = |name: &str| auth.get(name).and_then(Value::as_str);
    let (Some(username), Some(password)) = (text("username"), text("password")) else {
        return Err(ApiError::bad_request("The field auth needs a username and a password."));
    };
    if username.contains(':')
        || [username, password].iter().any(|text| text.contains(char::is_control))
    {
        return Err(ApiError::bad_request(
            "A username holds no colon, and neither it nor the password control characters.",
        ));
    }
    let kept = before.and_then(|before| before.auth.as_ref()).filter(|_| password == HIDDEN);
    let password = kept.map_or_else(|| Secret::new(password.into()), |auth| auth.password.clone());
    Ok(Some(Auth { username: username.into(), password }))
}

/// An object; in a form it is JSON in a text.
fn object(fields: &Fields, name: &str) -> Result<Option<Map<String, Value>>, ApiError> {
    let read = match fields.get(&[name]) {
        None => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(value) => Some(value.clone()),
    };
    match read {
        Some(Value::Object(object)) => Ok(Some(object)),
        _ => Err(ApiError::bad_request(format!("The field {name} must be an object."))),
    }
}

fn written(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
