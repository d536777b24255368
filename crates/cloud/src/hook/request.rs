//! The request that a webhook makes of an event: templates filled in, before anything is resolved or dialled.

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::PathAndQuery;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::occasion::Occasion;
use super::settings::{Content, Method, Settings};
use super::signature::SigningKey;
use super::target::{Target, UrlError};
use super::template::{Escape, Template, TemplateError};
use super::variables;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("pintle/", env!("CARGO_PKG_VERSION")));
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// A request that is ready to go, but for its signature.
pub struct Outgoing {
    /// Where to.
    pub target: Target,
    /// How.
    pub method: Method,
    /// Path and query.
    pub path: PathAndQuery,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Outgoing {
    /// Adds what the receiver knows it by (see [`super::signature`]).
    pub fn sign(&mut self, key: &SigningKey, id: &str, timestamp_s: i64) {
        let signature = key.sign(id, timestamp_s, &self.body);
        let said = [("webhook-id", id), ("webhook-signature", &signature)];
        for (name, value) in said {
            if let Ok(value) = HeaderValue::from_str(value) {
                self.headers.insert(HeaderName::from_static(name), value);
            }
        }
        let timestamp = HeaderValue::from(timestamp_s);
        self.headers.insert(HeaderName::from_static("webhook-timestamp"), timestamp);
    }
}

/// Why no request comes of an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The address.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The path.
    #[error("the path that the templates make of this event cannot be requested")]
    Path,
    /// A header.
    #[error("the header {0} that the template makes of this event cannot be sent")]
    Header(String),
}

/// The request of this webhook for this occasion.
///
/// # Errors
/// [`RequestError`].
pub fn outgoing(settings: &Settings, occasion: &Occasion<'_>) -> Result<Outgoing, RequestError> {
    let values = variables::of_event(occasion);
    let defaults =
        if settings.no_defaults { Vec::new() } else { variables::defaults(occasion).to_vec() };
    let (kind, body, spare) = body(settings, &values, defaults)?;
    let (target, template) = settings.target()?;
    let path = path(settings, template, &values, spare)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, AGENT);
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(basic) = authorization(settings) {
        headers.insert(header::AUTHORIZATION, basic);
    }
    for (name, value) in &settings.headers {
        let wrong = || RequestError::Header(name.clone());
        let value = Zeroizing::new(render(value.reveal(), &values, Escape::Never)?);
        let known: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(known, value);
    }
    Ok(Outgoing { target, method: settings.method, path, headers, body })
}

type Defaults = Vec<(&'static str, String)>;

/// The kind of the body, the body, and what of the defaults is for the query instead.
fn body(
    settings: &Settings,
    values: &Value,
    defaults: Defaults,
) -> Result<(Option<&'static str>, Bytes, Defaults), RequestError> {
    let nothing = (None, Bytes::new());
    let (defaults, spare) = if settings.method == Method::Get {
        (Vec::new(), defaults)
    } else {
        (defaults, Vec::new())
    };
    let (kind, body) = match &settings.content {
        Content::Event if defaults.is_empty() => nothing,
        Content::Event => (Some(FORM), form(defaults.into_iter())),
        Content::Text(template) => (Some(TEXT), render(template, values, Escape::Html)?.into()),
        Content::Json(Value::String(template)) => {
            (Some(JSON), render(template, values, Escape::Html)?.into())
        }
        Content::Json(template) => {
            let mut filled = fill_in(template, values)?;
            if let Value::Object(fields) = &mut filled {
                let missing = defaults.into_iter().map(|(name, value)| (name.into(), value.into()));
                let mut all: Map<String, Value> = missing.collect();
                all.append(fields);
                *fields = all;
            }
            (Some(JSON), filled.to_string().into())
        }
        Content::Form(fields) => {
            let mut all: Vec<(&str, String)> = defaults;
            for (name, template) in fields {
                all.push((name, render(template, values, Escape::Never)?));
            }
            (Some(FORM), form(all.into_iter()))
        }
    };
    Ok((kind, body, spare))
}

fn path(
    settings: &Settings,
    template: &str,
    values: &Value,
    spare: Defaults,
) -> Result<PathAndQuery, RequestError> {
    let mut path = render(template, values, Escape::Address)?;
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    let mut query = Vec::new();
    for (name, value) in &settings.query {
        query.push((name.as_str(), render(value.reveal(), values, Escape::Never)?));
    }
    let given: Vec<&str> = settings.query.iter().map(|(name, _)| name.as_str()).collect();
    query.extend(spare.into_iter().filter(|(name, _)| !given.contains(name)));
    if !query.is_empty() {
        path.push(if path.contains('?') { '&' } else { '?' });
        let all = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        path.push_str(&all);
    }
    path.parse().map_err(|_| RequestError::Path)
}

fn form<'a>(fields: impl Iterator<Item = (&'a str, String)>) -> Bytes {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into()
}

/// JSON with every text in it filled in.
fn fill_in(template: &Value, values: &Value) -> Result<Value, RequestError> {
    Ok(match template {
        Value::String(text) => Value::String(render(text, values, Escape::Html)?),
        Value::Array(items) => {
            items.iter().map(|item| fill_in(item, values)).collect::<Result<_, _>>()?
        }
        Value::Object(fields) => {
            let one = |(name, item): (&String, &Value)| Ok((name.clone(), fill_in(item, values)?));
            Value::Object(fields.iter().map(one).collect::<Result<_, RequestError>>()?)
        }
        other => other.clone(),
    })
}

fn authorization(settings: &Settings) -> Option<HeaderValue> {
    let auth = settings.auth.as_ref()?;
    let both = Zeroizing::new(format!("{}:{}", auth.username, auth.password.reveal()));
    let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(both.as_bytes())));
    let mut value = HeaderValue::from_str(&basic).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn render(template: &str, values: &Value, escape: Escape) -> Result<String, TemplateError> {
    Template::parse(template)?.render(values, escape)
}
