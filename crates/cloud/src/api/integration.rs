//! `/v1/integrations` and `/v1/webhooks`, of the caller or of a product: the webhooks there are (see [`crate::hook`]).
//!
//! Older clients know the one path, newer ones the other; behind both are the same webhooks. What opens something
//! elsewhere (passwords, the values of headers and of query parts) is never shown again: it comes as `********`, and who
//! sends that back leaves it as it is. The key that requests are signed with is shown once, when the webhook is made or
//! asks for another key.

mod fields;
mod shown;
mod whose;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::address::Path;
use super::body::Fields;
use super::error::{ApiError, sentence};
use super::locate;
use super::route::{Gives, Kind, Needs, Route, Unseen, delete, get, post, put};
use super::{ApiState, Fleet};
use crate::account::{Caller, Scope};
use crate::event::{DEFAULT_TTL, Event, MAX_DATA, Source};
use crate::hook::{By, Hook, HookId, Hooks, HooksError};
use shown::{logged, one_line, whole};
use whose::Whose;

/// The part of a path that names a webhook.
type Named = Path<BTreeMap<String, String>>;

/// The paths of all webhooks in a place, of one, and of its trial.
type Paths = [&'static str; 3];

/// Makes a need of a scope.
type NeedsOf = fn(Scope) -> Needs;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    let places: [(&Paths, NeedsOf); 4] = [
        (
            &[
                "/v1/integrations",
                "/v1/integrations/{integration}",
                "/v1/integrations/{integration}/test",
            ],
            Needs::Own,
        ),
        (
            &["/v1/webhooks", "/v1/webhooks/{integration}", "/v1/webhooks/{integration}/test"],
            Needs::Own,
        ),
        (
            &[
                "/v1/products/{product}/integrations",
                "/v1/products/{product}/integrations/{integration}",
                "/v1/products/{product}/integrations/{integration}/test",
            ],
            Needs::Product,
        ),
        (
            &[
                "/v1/products/{product}/webhooks",
                "/v1/products/{product}/webhooks/{integration}",
                "/v1/products/{product}/webhooks/{integration}/test",
            ],
            Needs::Product,
        ),
    ];
    places.into_iter().flat_map(|(paths, needs)| at(paths, needs)).collect()
}

fn at<F: Fleet>([all, one, test]: &Paths, needs: NeedsOf) -> Vec<Route<F>> {
    vec![
        get(all, needs(Scope::IntegrationsList), list::<F>).says("Lists webhooks."),
        told(post(all, needs(Scope::IntegrationsCreate), create::<F>))
            .says("Makes a webhook, and shows the key that its requests are signed with.")
            .gives(201, Gives::Json)
            .fails(&[404, 409]),
        get(one, needs(Scope::IntegrationsGet), show::<F>)
            .says("Shows a webhook and its last deliveries.")
            .fails(&[404]),
        told(put(one, needs(Scope::IntegrationsUpdate), replace::<F>))
            .says("Tells a webhook something else.")
            .takes("rotate_secret", Kind::Flag)
            .fails(&[404]),
        delete(one, needs(Scope::IntegrationsRemove), remove::<F>)
            .says("Removes a webhook. What waits for it is not delivered.")
            .gives(204, Gives::Nothing)
            .fails(&[404]),
        post(test, needs(Scope::IntegrationsTest), try_out::<F>)
            .says("Sends an event with a webhook now, and shows what was answered.")
            .takes("data", Kind::Text)
            .takes("device_id", Kind::Text)
            .fails(&[404]),
    ]
}

fn told<F: Fleet>(route: Route<F>) -> Route<F> {
    route
        .asks("event", Kind::Text)
        .asks("url", Kind::Text)
        .takes("integration_type", Kind::Text)
        .takes("requestType", Kind::Text)
        .takes("name", Kind::Text)
        .takes("deviceID", Kind::Text)
        .takes("body", Kind::Text)
        .takes("json", Kind::Object)
        .takes("form", Kind::Object)
        .takes("query", Kind::Object)
        .takes("headers", Kind::Object)
        .takes("auth", Kind::Object)
        .takes("responseTopic", Kind::Text)
        .takes("errorResponseTopic", Kind::Text)
        .takes("responseTemplate", Kind::Text)
        .takes("noDefaults", Kind::Flag)
        .takes("disabled", Kind::Flag)
        .takes("rejectUnauthorized", Kind::Flag)
}

async fn list<F: Fleet>(
    State(state): State<ApiState<F>>,
    whose: Whose,
) -> Result<Json<Value>, ApiError> {
    let all = hooks(&state)?.list(whose.owner, whose.product_id());
    Ok(Json(all.iter().map(|hook| one_line(hook)).collect()))
}

async fn create<F: Fleet>(
    State(state): State<ApiState<F>>,
    whose: Whose,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let settings = fields::settings(&state.store, &whose, &fields, None).await?;
    let by = by(&state, &whose.caller);
    let made = hooks(&state)?.create(whose.owner, whose.product_id(), settings, by).await?;
    let mut answer = one_line(&made);
    if let Value::Object(answer) = &mut answer {
        answer.insert("ok".into(), true.into());
        answer.insert("hookUrl".into(), format!("/v1/webhooks/{}", made.id).into());
        answer.insert("signing_secret".into(), made.settings.signing_key.reveal().into());
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn show<F: Fleet>(
    State(state): State<ApiState<F>>,
    whose: Whose,
    named: Named,
) -> Result<Json<Value>, ApiError> {
    let found = find(&state, &whose, &named)?;
    let logs = hooks(&state)?.logged(found.id);
    let mut answer = whole(&found);
    if let Value::Object(answer) = &mut answer {
        answer.insert("logs".into(), logs.iter().map(logged).collect());
    }
    Ok(Json(json!({ "integration": answer })))
}

async fn replace<F: Fleet>(
    State(state): State<ApiState<F>>,
    whose: Whose,
    named: Named,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let before = find(&state, &whose, &named)?;
    let settings = fields::settings(&state.store, &whose, &fields, Some(&before.settings)).await?;
    let by = by(&state, &whose.caller);
    let after = hooks(&state)?.replace(before.id, settings, by).await?;
    let mut answer = json!({ "ok": true, "integration": whole(&after) });
    if let (Value::Object(answer), true) = (&mut answer, fields::rotates(&fields)) {
        answer.insert("signing_secret".into(), after.settings.signing_key.reveal().into());
    }
    Ok(Json(answer))
}

async fn remove<F: Fleet>(
    State(state): State<ApiState<F>>,
    whose: Whose,
    named: Named,
) -> Result<StatusCode, ApiError> {
    let found = find(&state, &whose, &named)?;
    hooks(&state)?.remove(found.id, by(&state, &whose.caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn try_out<F: Fleet>(
    State(state): State<ApiState<F>>,
    whose: Whose,
    named: Named,
    fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let found = find(&state, &whose, &named)?;
    let data = fields.text(&["data"]).unwrap_or_else(|| "test-event".into()).into_bytes();
    if data.len() > MAX_DATA {
        let text = format!("The data is too long: an event carries at most {MAX_DATA} bytes.");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    let device = match fields.text(&["device_id", "deviceID"]) {
        Some(device) => Some(whose.device(&state.store, &device).await?),
        None => found.settings.device(),
    };
    let now_ms = state.clock.now().wall_ms;
    let event = Event {
        name: found.settings.event.clone(),
        data,
        content_format: 0,
        ttl: DEFAULT_TTL,
        published_at_ms: now_ms,
        source: device.map_or(Source::Api, Source::Device),
        owner: Some(whose.owner),
    };
    let trial = hooks(&state)?.try_out(&found, &event, now_ms).await;
    let trial = trial.ok_or_else(|| ApiError::busy("Too many webhooks are tried out just now."))?;
    Ok(Json(json!({
        "pass": trial.error.is_none(),
        "status": trial.status,
        "data": String::from_utf8_lossy(&trial.body),
        "error": trial.error,
    })))
}

fn hooks<F: Fleet>(state: &ApiState<F>) -> Result<&Hooks, ApiError> {
    let text = "This server sends no webhooks.";
    state.hooks.as_ref().ok_or_else(|| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text))
}

fn find<F: Fleet>(
    state: &ApiState<F>,
    whose: &Whose,
    Path(named): &Named,
) -> Result<std::sync::Arc<Hook>, ApiError> {
    let id = named.get("integration").and_then(|id| id.parse::<HookId>().ok());
    let found = id.and_then(|id| state.hooks.as_ref()?.find(id, whose.owner, whose.product_id()));
    found.ok_or_else(|| HooksError::Unknown.into())
}

fn by<F: Fleet>(state: &ApiState<F>, caller: &Caller) -> By {
    By { who: caller.who(), token: Some(caller.mark()), at_ms: state.clock.now().wall_ms }
}

impl From<HooksError> for ApiError {
    fn from(error: HooksError) -> Self {
        match error {
            HooksError::Store(error) => error.into(),
            HooksError::Crypto => {
                tracing::error!(%error, "a request failed at the webhooks");
                Self::internal()
            }
            HooksError::Unknown => Self::not_found(sentence(&error)),
            HooksError::TooMany => Self::new(StatusCode::CONFLICT, sentence(&error)),
            error => Self::bad_request(sentence(&error)),
        }
    }
}

impl Whose {
    /// The device of this id or name, of the caller or of the product.
    async fn device(
        &self,
        store: &crate::store::Store,
        device: &str,
    ) -> Result<crate::DeviceId, ApiError> {
        let row = match &self.product {
            Some(product) => locate::member(store, product, device).await?,
            None => {
                let found = locate::own_device(store, self.caller.account, device).await?;
                found.ok_or_else(|| locate::no_such_device(Unseen::Missing))?
            }
        };
        Ok(row.id)
    }
}
