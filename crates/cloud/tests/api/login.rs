//! Tokens: how they are got, what they say, how they end, and how guessing them ends.

use std::time::Duration;

use super::harness::{Cloud, assert_error};

fn form(name: &str, password: &str) -> String {
    format!(
        "username={name}&password={password}&grant_type=password&client_id=particle-cli&client_secret=x"
    )
}

#[tokio::test]
async fn a_login_gives_an_opaque_token_that_says_who_it_is() {
    let cloud = Cloud::new().await;
    let (status, body) = cloud
        .form("POST", "/oauth/token", Some("null"), &form("ada%40example.com", "correct+horse"))
        .await;
    assert_eq!(status, 200, "a stale bearer header is ignored here: {body}");
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 7_776_000);
    assert!(body.get("refresh_token").is_none(), "not promised before it works");
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(token.len(), 64);
    let (_, user) = cloud.get("/v1/user", token).await;
    assert_eq!(user["username"], "ada@example.com");
    assert_eq!(user["mfa"]["enabled"], false);
    let (_, current) = cloud.get("/v1/access_tokens/current", token).await;
    assert_eq!(current["client"], "particle-cli");
    assert!(current["expires_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let cloud = Cloud::new().await;
    for name in ["ada%40example.com", "nobody"] {
        let answer = cloud.form("POST", "/oauth/token", None, &form(name, "wrong")).await;
        assert_error(&answer, 400, "User credentials are invalid");
        assert_eq!(answer.1["error"], "invalid_grant");
    }
}

#[tokio::test]
async fn a_grant_this_server_does_not_have_is_named() {
    let cloud = Cloud::new().await;
    let answer =
        cloud.form("POST", "/oauth/token", None, "client_id=pintle&grant_type=magic").await;
    assert_error(&answer, 400, "magic");
    assert_eq!(answer.1["error"], "unsupported_grant_type");
    let form = "client_id=pintle&grant_type=password&username=ada";
    let answer = cloud.form("POST", "/oauth/token", None, form).await;
    assert_error(&answer, 400, "password");
}

#[tokio::test]
async fn a_token_that_never_expires_expires_in_a_year() {
    let cloud = Cloud::new().await;
    let body = form("bob", "correct+horse") + "&expires_in=0";
    let (_, body) = cloud.form("POST", "/oauth/token", None, &body).await;
    assert_eq!(body["expires_in"], 365 * 24 * 3_600);
    assert!(body["expires_at"].is_string());
}

#[tokio::test]
async fn a_token_ends_when_it_said_it_would() {
    let cloud = Cloud::new().await;
    let body = form("bob", "correct+horse") + "&expires_in=60";
    let (_, body) = cloud.form("POST", "/oauth/token", None, &body).await;
    let token = body["access_token"].as_str().unwrap();
    cloud.advance(Duration::from_secs(59));
    assert_eq!(cloud.get("/v1/user", token).await.0, 200);
    cloud.advance(Duration::from_secs(1));
    assert_error(&cloud.get("/v1/user", token).await, 401, "The access token provided is invalid");
}

#[tokio::test]
async fn a_token_is_revoked_by_holding_it_and_only_once() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    let path = format!("/v1/access_tokens/{token}");
    assert_eq!(cloud.json("DELETE", &path, None, "").await.0, 200);
    assert_error(&cloud.json("DELETE", &path, None, "").await, 404, "no such token");
    assert_eq!(cloud.get("/v1/user", &token).await.0, 401);
}

#[tokio::test]
async fn logout_ends_one_token_and_all_ends_all_of_one_account() {
    let cloud = Cloud::new().await;
    let (one, two, other) =
        (cloud.login("bob").await, cloud.login("bob").await, cloud.login("ada@example.com").await);
    assert_eq!(cloud.json("DELETE", "/v1/access_tokens/current", Some(&one), "").await.0, 200);
    assert_eq!(cloud.get("/v1/user", &one).await.0, 401);
    assert_eq!(cloud.get("/v1/user", &two).await.0, 200);
    assert_eq!(cloud.json("DELETE", "/v1/access_tokens", Some(&two), "").await.0, 200);
    assert_eq!(cloud.get("/v1/user", &two).await.0, 401);
    assert_eq!(cloud.get("/v1/user", &other).await.0, 200);
}
