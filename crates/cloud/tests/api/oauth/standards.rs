//! Introspection, revocation, metadata, and how a client proves itself.

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::super::harness::Cloud;
use super::{Client, ask, refused, send, text};

const ITSELF: &str = "grant_type=client_credentials";

async fn by_header(
    cloud: &Cloud,
    path: &str,
    id: &str,
    secret: &str,
    form: &str,
) -> (axum::http::StatusCode, serde_json::Value) {
    let basic = STANDARD.encode(format!("{id}:{secret}"));
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Basic {basic}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    send(cloud, request.body(Body::from(form.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_client_proves_itself_in_a_header_or_in_the_body_and_not_in_both() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let token = "/oauth/token";
    assert_eq!(by_header(&cloud, token, &client.id, &client.secret, ITSELF).await.0, 200);
    let wrong = by_header(&cloud, token, &client.id, &"0".repeat(64), ITSELF).await;
    assert_eq!(refused(&wrong), (401, "invalid_client".into()));
    let both = format!("{ITSELF}&client_secret={}", client.secret);
    let both = by_header(&cloud, token, &client.id, &client.secret, &both).await;
    assert_eq!(refused(&both), (400, "invalid_request".into()));
    let public = format!("client_id={}&{ITSELF}", client.id);
    let public = cloud.form("POST", token, None, &public).await;
    assert_eq!(refused(&public), (400, "invalid_client".into()), "for itself it needs its secret");
    let other = ask(&cloud, "grant_type=implicit").await;
    assert_eq!(refused(&other), (400, "unsupported_grant_type".into()));
}

#[tokio::test]
async fn p9_a_client_learns_about_its_own_tokens_alone() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let own = text(&client.ask(&cloud, ITSELF).await.1, "access_token");
    let person = cloud.login("ada@example.com").await;
    let about = |token: String| {
        let (cloud, client) = (&cloud, &client);
        async move {
            let form = format!("token={token}");
            by_header(cloud, "/oauth/introspect", &client.id, &client.secret, &form).await.1
        }
    };
    let known = about(own).await;
    assert_eq!((&known["active"], &known["client_id"]), (&true.into(), &json!(client.id)));
    assert_eq!(known["exp"].as_i64().unwrap() - known["iat"].as_i64().unwrap(), 7_776_000);
    for unknown in [person, "0".repeat(64), "x".to_owned()] {
        assert_eq!(about(unknown).await, json!({ "active": false }));
    }
    let nobody = cloud.form("POST", "/oauth/introspect", None, "client_id=pintle&token=x").await;
    assert_eq!(refused(&nobody), (400, "invalid_client".into()));
}

#[tokio::test]
async fn p9_a_client_ends_its_own_tokens_alone_and_hears_the_same_either_way() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    let own = text(&client.ask(&cloud, ITSELF).await.1, "access_token");
    let person = cloud.login("ada@example.com").await;
    for token in [&own, &person, &own, &"x".to_owned()] {
        let form = format!("token={token}");
        let answer = by_header(&cloud, "/oauth/revoke", &client.id, &client.secret, &form).await;
        assert_eq!((answer.0.as_u16(), answer.1), (200, json!({ "ok": true })));
    }
    assert_eq!(cloud.get("/v1/devices", &own).await.0, 401);
    assert_eq!(cloud.get("/v1/devices", &person).await.0, 200);
    let form = format!("client_id=particle-cli&token={person}");
    assert_eq!(cloud.form("POST", "/oauth/revoke", None, &form).await.0, 200);
    assert_eq!(cloud.get("/v1/devices", &person).await.0, 401, "its own client may");
}

#[tokio::test]
async fn the_metadata_say_what_there_is_under_the_name_the_server_was_called_by() {
    let cloud = Cloud::new().await;
    let request = Request::get("/.well-known/oauth-authorization-server")
        .header(header::HOST, "cloud.example.com:8443");
    let (status, body) = send(&cloud, request.body(Body::empty()).unwrap()).await;
    assert_eq!((status.as_u16(), &body["issuer"]), (200, &"https://cloud.example.com:8443".into()));
    assert_eq!(body["token_endpoint"], "https://cloud.example.com:8443/oauth/token");
    assert_eq!(body["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(body["response_types_supported"], json!(["code"]));
}
