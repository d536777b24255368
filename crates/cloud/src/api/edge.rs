//! What holds for every request and answer: doubled slashes, CORS for browsers, headers that keep browsers safe.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;

use super::oauth;

/// Puts the edge around the routes.
pub(super) fn wrap(routes: Router) -> Router {
    // The path is made whole before any route is looked up, so the routes stand behind a fallback.
    let whole = routes.map_request(|mut request: Request| {
        if let Some(uri) = single_slashed(request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    });
    Router::new().fallback_service(whole).layer(middleware::from_fn(answer))
}

/// A base URL with a slash at its end makes clients ask for `//v1/...`.
fn single_slashed(uri: &Uri) -> Option<Uri> {
    let all = uri.path_and_query()?.as_str();
    let rest = all.strip_prefix("//")?.trim_start_matches('/');
    format!("/{rest}").parse().ok()
}

async fn answer(request: Request, next: Next) -> Response {
    // Browsers ask before they send; every path may be asked about, and none is worked for it.
    let preflight = request.method() == Method::OPTIONS;
    // RFC 9700 2.6: what a person logs in on is read by no other page.
    let is_page = oauth::PAGES.contains(&request.uri().path().trim_end_matches('/'));
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if preflight {
        set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE, HEAD");
        set(
            headers,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, X-Particle-Tool, X-Particle-Project",
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
