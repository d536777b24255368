//! OAuth 2.0 as its clients meet it. One file a grant; what they all need is here.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use tower::ServiceExt as _;

use super::harness::{Cloud, read};

mod clients;
mod codes;
mod customers;
mod machines;
mod passwords;
mod refreshes;
mod standards;

/// A registered client.
struct Client {
    id: String,
    secret: String,
}

impl Client {
    /// Registers one, with these fields in JSON beside its name.
    async fn register(cloud: &Cloud, token: &str, path: &str, fields: &str) -> Self {
        let body = format!("{{\"name\":\"Green <House>\",{fields}}}");
        let (status, body) = cloud.json("POST", path, Some(token), &body).await;
        assert_eq!(status, 200, "{body}");
        let text = |name: &str| body["client"][name].as_str().unwrap().to_owned();
        Self { id: text("id"), secret: text("secret") }
    }

    /// One of ada's own, with a redirect address.
    async fn of_ada(cloud: &Cloud) -> Self {
        let ada = cloud.login("ada@example.com").await;
        let fields = r#""type":"installed","redirect_uri":"http://127.0.0.1/back""#;
        Self::register(cloud, &ada, "/v1/clients", fields).await
    }

    /// One of product 12345, which ada has.
    async fn of_product(cloud: &Cloud) -> Self {
        let ada = cloud.login("ada@example.com").await;
        make_product(cloud, &ada).await;
        let path = "/v1/products/12345/clients";
        Self::register(cloud, &ada, path, r#""type":"web","scope":"customers:create devices:get""#)
            .await
    }

    /// Asks for tokens, with the secret in the body.
    async fn ask(&self, cloud: &Cloud, fields: &str) -> (StatusCode, Value) {
        let form = format!("client_id={}&client_secret={}&{fields}", self.id, self.secret);
        cloud.form("POST", "/oauth/token", None, &form).await
    }
}

async fn make_product(cloud: &Cloud, token: &str) {
    let body = r#"{"name":"Green House","slug":"green-house","id":12345,"platform_id":13}"#;
    let (status, body) = cloud.json("POST", "/v1/products", Some(token), body).await;
    assert!(status.is_success(), "{body}");
}

/// Asks for tokens as a public client.
async fn ask(cloud: &Cloud, fields: &str) -> (StatusCode, Value) {
    cloud.form("POST", "/oauth/token", None, &format!("client_id=pintle&{fields}")).await
}

/// The text of a field.
fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned()
}

/// The code of an error of OAuth, with its status.
fn refused(answer: &(StatusCode, Value)) -> (u16, String) {
    assert_eq!(answer.1["ok"], false, "{}", answer.1);
    (answer.0.as_u16(), text(&answer.1, "error"))
}

/// What a page says, with its status; a page is safe to look at.
async fn page(response: Response) -> (StatusCode, String) {
    let headers = response.headers().clone();
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
    assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "no other page reads it");
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
    let html = String::from_utf8(body.to_vec()).unwrap();
    assert!(!html.contains("<script") && !html.contains("Green <House>"), "{html}");
    (status, html)
}

/// A request with any headers.
async fn send(cloud: &Cloud, request: Request<Body>) -> (StatusCode, Value) {
    read(cloud.router.clone().oneshot(request).await.unwrap()).await
}
