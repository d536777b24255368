//! What a webhook is told to do, as its maker said it. All of it is sealed in the store: addresses, headers and bodies
//! hold keys of other services.

use axum::http::header::{self, HeaderName};
use pintle_protocol::DeviceId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::secret::Secret;
use super::signature::SigningKey;
use super::target::{Target, UrlError};
use super::template::{Template, TemplateError};
use crate::event::{MAX_NAME, is_reserved};
use crate::weakened::{self, Weakness};

/// The most headers, query parts or form fields of a webhook.
pub const MAX_FIELDS: usize = 32;
/// The most bytes of all that a webhook is told.
pub const MAX_SETTINGS: usize = 32 * 1024;
/// The most bytes of its name.
const MAX_TITLE: usize = 128;

/// The method of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the name of each says it")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
    Patch,
}

impl Method {
    /// Reads it, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Delete, Self::Patch]
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(text))
    }

    /// As requests have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
        }
    }
}

/// What its requests carry.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// The event, as a form or as JSON; in the query where the method is GET.
    #[default]
    Event,
    /// A template, as it is.
    Text(String),
    /// JSON whose texts are templates, or a template that makes JSON.
    Json(Value),
    /// Form fields whose values are templates.
    Form(Vec<(String, String)>),
}

/// A name and password for HTTP's basic authentication.
#[derive(Clone, Serialize, Deserialize)]
pub struct Auth {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// All that a webhook is told. There is no way to print it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Settings {
    /// Events whose names begin so.
    pub event: String,
    /// Where to.
    pub url: Secret,
    /// How.
    pub method: Method,
    /// What its maker calls it.
    pub name: Option<String>,
    /// Only events of this device (24 hex digits).
    pub device: Option<String>,
    /// What it carries.
    pub content: Content,
    /// What is added to the query.
    pub query: Vec<(String, Secret)>,
    /// Headers.
    pub headers: Vec<(String, Secret)>,
    /// Name and password.
    pub auth: Option<Auth>,
    /// The event that tells the answer, a template; `hook-response/EVENT` where it is not given.
    pub response_topic: Option<String>,
    /// The event that tells an error, a template; `hook-error/EVENT` where it is not given.
    pub error_response_topic: Option<String>,
    /// What of the answer is told.
    pub response_template: Option<String>,
    /// Whether the event itself is left out of query, form and JSON.
    pub no_defaults: bool,
    /// Whether it rests.
    pub disabled: bool,
    /// What its requests are signed with.
    pub signing_key: SigningKey,
}

/// Why settings are not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The prefix.
    #[error(
        "the field event must hold 1 to {MAX_NAME} bytes, no control characters, and not begin with hook-"
    )]
    Event,
    /// The address.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A template.
    #[error("the field {0}: {1}")]
    Template(&'static str, TemplateError),
    /// A header.
    #[error("the header {0} cannot be set: it is no header, or this server sets it itself")]
    Header(String),
    /// Too much.
    #[error(
        "a webhook has at most {MAX_FIELDS} headers, query parts or form fields, a name of at most {MAX_TITLE} bytes, and all of it at most {MAX_SETTINGS} bytes"
    )]
    TooMuch,
    /// A topic that is not for people.
    #[error("the field {0} may not begin with spark/ or particle/: those are the server's own")]
    Topic(&'static str),
}

impl Settings {
    /// The device that it is for.
    #[must_use]
    pub fn device(&self) -> Option<DeviceId> {
        self.device.as_deref().and_then(|id| id.parse().ok())
    }

    /// Where its requests go.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn target(&self) -> Result<(Target, &str), UrlError> {
        Target::parse(self.url.reveal())
    }

    /// Looks through all of it, `plain` HTTP allowed or not.
    ///
    /// # Errors
    /// [`SettingsError`]: the first thing that is wrong.
    pub fn check(&self, plain: bool) -> Result<(), SettingsError> {
        let name = &self.event;
        let is_name = (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
        if !is_name || name.starts_with("hook-") {
            return Err(SettingsError::Event);
        }
        let (target, path) = self.target()?;
        if !target.tls && !plain {
            return Err(UrlError::Plain.into());
        }
        template("url", path)?;
        self.check_amounts()?;
        self.headers.iter().try_for_each(|(name, value)| {
            check_header(name)?;
            template("headers", value.reveal())
        })?;
        self.query.iter().try_for_each(|(_, value)| template("query", value.reveal()))?;
        check_topic("responseTopic", self.response_topic.as_deref())?;
        check_topic("errorResponseTopic", self.error_response_topic.as_deref())?;
        template("responseTemplate", self.response_template.as_deref().unwrap_or_default())?;
        self.content.check()
    }

    fn check_amounts(&self) -> Result<(), SettingsError> {
        let fields = match &self.content {
            Content::Form(fields) => fields.len(),
            _ => 0,
        };
        let most = self.headers.len().max(self.query.len()).max(fields);
        let title = self.name.as_ref().map_or(0, String::len);
        let all = serde_json::to_string(self).map_or(usize::MAX, |text| text.len());
        if most > MAX_FIELDS || title > MAX_TITLE || all > MAX_SETTINGS {
            return Err(SettingsError::TooMuch);
        }
        Ok(())
    }
}

impl Content {
    fn check(&self) -> Result<(), SettingsError> {
        match self {
            Self::Event => Ok(()),
            Self::Text(text) => template("body", text),
            Self::Json(value) => check_json(value),
            Self::Form(fields) => fields.iter().try_for_each(|(_, value)| template("form", value)),
        }
    }
}

fn check_json(value: &Value) -> Result<(), SettingsError> {
    match value {
        Value::String(text) => template("json", text),
        Value::Array(items) => items.iter().try_for_each(check_json),
        Value::Object(fields) => fields.values().try_for_each(check_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn template(field: &'static str, text: &str) -> Result<(), SettingsError> {
    Template::parse(text).map(drop).map_err(|error| SettingsError::Template(field, error))
}

fn check_topic(field: &'static str, topic: Option<&str>) -> Result<(), SettingsError> {
    let topic = topic.unwrap_or_default();
    if is_reserved(topic) {
        return Err(SettingsError::Topic(field));
    }
    template(field, topic)
}

/// Headers that frame a message, name where it goes or say who signed it are not for others to set.
fn check_header(name: &str) -> Result<(), SettingsError> {
    let refused = || SettingsError::Header(name.chars().take(64).collect());
    let known: HeaderName = name.parse().map_err(|_| refused())?;
    let own = [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::EXPECT,
        header::ACCEPT_ENCODING,
        header::PROXY_AUTHORIZATION,
    ];
    let ours = own.contains(&known) || known.as_str().starts_with("webhook-");
    let hops = known.as_str().starts_with("proxy-") || known.as_str() == "keep-alive";
    let is_free = weakened::is(Weakness::WebhookHeadersFree);
    if (ours || hops) && !is_free { Err(refused()) } else { Ok(()) }
}
