//! What holds for every request and answer: quotas, short heads, doubled slashes, CORS for browsers, headers that keep browsers safe.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use super::caller::bearer;
use super::error::ApiError;
use super::{Clock, oauth, source};
use crate::guard::{Group, Guard, Reason};
use crate::metrics::Traffic;
use crate::weakened::{self, Weakness};

/// The most bytes of path and query.
const MAX_URI: usize = 8 * 1024;
/// The most bytes of headers.
const MAX_HEADERS: usize = 16 * 1024;

/// Who stands at the door.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) guard: Guard,
    pub(super) traffic: Arc<Traffic>,
    pub(super) clock: Clock,
}

/// Puts the edge around the routes.
pub(super) fn wrap(routes: Router, door: Door) -> Router {
    // The path is made whole before any route is looked up, so the routes stand behind a fallback.
    let whole = routes.map_request(|mut request: Request| {
        if let Some(uri) = single_slashed(request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    });
    Router::new().fallback_service(whole).layer(middleware::from_fn_with_state(door, answer))
}

/// A base URL with a slash at its end makes clients ask for `//v1/...`.
fn single_slashed(uri: &Uri) -> Option<Uri> {
    let all = uri.path_and_query()?.as_str();
    let rest = all.strip_prefix("//")?.trim_start_matches('/');
    format!("/{rest}").parse().ok()
}

impl Door {
    /// Before anything else is done for it, and before the store hears of it.
    fn admit(&self, request: &Request, group: Group, now: Duration) -> Result<(), ApiError> {
        head_is_small(request).inspect_err(|_| self.guard.tally().refused(Reason::Head))?;
        let token = bearer(request.headers()).map(str::as_bytes);
        let origin = source::of(request.extensions());
        let admitted = self.guard.admit(origin, group, token, now);
        admitted.map_err(ApiError::too_many_requests)
    }

    async fn through(&self, request: Request, next: Next) -> Response {
        let token = bearer(request.headers()).map(|token| Zeroizing::new(token.to_owned()));
        let response = next.run(request).await;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(token) = token
        {
            self.guard.belongs_to_nobody(token.as_bytes());
        }
        response
    }
}

/// Clients need little; what is longer is told so in the one shape, as far as the listener let it in.
fn head_is_small(request: &Request) -> Result<(), ApiError> {
    if weakened::is(Weakness::HeadsUnbounded) {
        return Ok(());
    }
    let uri = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    if uri > MAX_URI {
        let text = format!("The address is too long: this server takes at most {MAX_URI} bytes.");
        return Err(ApiError::new(StatusCode::URI_TOO_LONG, text));
    }
    let headers = request.headers().iter();
    let headers: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        let text =
            format!("The headers are too long: this server takes at most {MAX_HEADERS} bytes.");
        return Err(ApiError::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text));
    }
    Ok(())
}

async fn answer(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    if weakened::is(Weakness::MethodsOverridden)
        && let Some(other) = request.headers().get("x-http-method-override")
        && let Ok(method) = Method::from_bytes(other.as_bytes())
    {
        *request.method_mut() = method;
    }
    // Browsers ask before they send; every path may be asked about, and none is worked for it.
    let preflight = request.method() == Method::OPTIONS;
    // RFC 9700 2.6: what a person logs in on is read by no other page.
    let is_page = oauth::PAGES.contains(&request.uri().path().trim_end_matches('/'));
    let group = Group::of(request.method(), request.uri().path());
    let began = door.clock.now().since_start;
    let mut response = match door.admit(&request, group, began) {
        Err(refused) => refused.into_response(),
        Ok(()) if preflight => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => door.through(request, next).await,
    };
    let took = door.clock.now().since_start.saturating_sub(began);
    door.traffic.answered(group, response.status().as_u16(), took);
    let headers = response.headers_mut();
    if preflight {
        set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE, HEAD");
        set(
            headers,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, X-Particle-Tool, X-Particle-Project, X-Reason",
        );
        set(headers, header::ACCESS_CONTROL_MAX_AGE, "86400");
    }
    if !is_page {
        // Any origin: a page has no cookie here to misuse, only a token it was given.
        set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
    set(headers, header::CACHE_CONTROL, "no-store");
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        set(headers, header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    }
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
