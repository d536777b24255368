//! What holds for every answer: its shape, its headers, its refusals.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use http_body::Frame;
use tower::ServiceExt as _;

use super::harness::{Cloud, assert_error};

/// A body of which nothing ever comes.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn without_a_valid_token_every_route_says_so_with_401() {
    let cloud = Cloud::new().await;
    let wrong = "0".repeat(64);
    for (method, path) in [
        ("GET", "/v1/user"),
        ("GET", "/v1/devices"),
        ("POST", "/v1/devices"),
        ("GET", "/v1/devices/x"),
        ("PUT", "/v1/devices/x"),
        ("DELETE", "/v1/devices/x"),
        ("PUT", "/v1/devices/x/ping"),
        ("POST", "/v1/devices/x/fn"),
        ("GET", "/v1/devices/x/var"),
        ("GET", "/v1/devices/events"),
        ("POST", "/v1/devices/events"),
        ("GET", "/v1/devices/x/events"),
        ("GET", "/v1/events/x"),
        ("POST", "/v1/provisioning/x"),
        ("GET", "/v1/access_tokens/current"),
        ("DELETE", "/v1/access_tokens/current"),
        ("DELETE", "/v1/access_tokens"),
        ("GET", "/v1/products"),
        ("GET", "/v1/products/12345"),
        ("GET", "/v1/orgs"),
    ] {
        for token in [None, Some("null"), Some(wrong.as_str())] {
            assert_error(
                &cloud.json(method, path, token, "{}").await,
                401,
                "The access token provided is invalid",
            );
        }
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_not_taken() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    let answer = cloud.json("GET", &format!("/v1/user?access_token={token}"), None, "").await;
    assert_eq!(answer.0, 401);
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_answer_in_json() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    assert_error(&cloud.get("/v2/nothing", &token).await, 404, "nothing at this path");
    assert_error(&cloud.json("PATCH", "/v1/user", Some(&token), "{}").await, 405, "method");
    assert_error(&cloud.get("/v1/devices/%ff/x", &token).await, 400, "not UTF-8");
}

#[tokio::test]
async fn broken_bodies_and_files_are_refused_in_json() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    assert_error(
        &cloud.json("POST", "/v1/devices", Some(&token), "{\"id\":").await,
        400,
        "not valid JSON",
    );
    assert_error(&cloud.json("POST", "/v1/devices", Some(&token), "[1]").await, 400, "JSON object");
}

#[tokio::test]
async fn a_name_in_a_request_does_not_make_an_error_read_as_logged_out() {
    let (cloud, token) = Cloud::with_alpha().await;
    for name in ["access%20token", "invalid_token", "Access%20Token"] {
        assert_error(
            &cloud.get(&format!("/v1/devices/alpha/{name}"), &token).await,
            404,
            "not here",
        );
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let cloud = Cloud::new().await;
    let request = Request::post("/oauth/token").header(header::CONTENT_LENGTH, "60000");
    let body = Body::new(Endless);
    tokio::time::pause();
    let response = cloud.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), 408);
}

#[tokio::test]
async fn who_has_no_products_gets_an_empty_list_and_is_denied_the_rest() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    for path in ["/v1/products", "/v1/user/products"] {
        assert_eq!(cloud.get(path, &token).await.1["products"], serde_json::json!([]));
    }
    assert_eq!(cloud.get("/v1/orgs", &token).await.1["organizations"], serde_json::json!([]));
    assert_error(
        &cloud.get("/v1/products/12345/devices?page=1", &token).await,
        404,
        "Permission denied",
    );
}

#[tokio::test]
async fn doubled_slashes_at_the_front_are_one() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    assert_eq!(cloud.get("//v1/user", &token).await.0, 200);
    assert_eq!(cloud.get("///v1/devices?x=//y", &token).await.0, 200);
}

#[tokio::test]
async fn a_browser_may_ask_and_is_told_what_it_may_send() {
    let cloud = Cloud::new().await;
    let response = cloud.send("OPTIONS", "/v1/devices/x", None, "text/plain", String::new()).await;
    assert_eq!(response.status(), 204);
    let headers = response.headers();
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(headers[header::ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap().contains("PUT"));
    assert!(
        headers[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap().contains("X-Particle-Tool")
    );
    let response = cloud.send("GET", "/v1/user", None, "text/plain", String::new()).await;
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "errors too");
    assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn health_and_the_security_contact_need_no_login() {
    let cloud = Cloud::new().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(cloud.json("GET", path, None, "").await.0, 200);
    }
    let response =
        cloud.send("GET", "/.well-known/security.txt", None, "text/plain", String::new()).await;
    let text = axum::body::to_bytes(response.into_body(), 4_096).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.starts_with("Contact: mailto:security@example.com\nExpires: 2027-"), "{text}");
}
