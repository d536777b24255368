//! The second factor: set up, asked for at login, proven again, taken away; and what it keeps a thief of a password from.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::harness::{Cloud, assert_error};
use super::totp::code;

const ADA: &str = "ada@example.com";

/// Ada with a second factor; her token, the seed in Base32 and her recovery codes.
pub async fn enrolled(cloud: &Cloud) -> (String, String, Vec<String>) {
    let token = cloud.login(ADA).await;
    let (status, offer) = cloud.get("/v1/user/mfa-enable", &token).await;
    assert_eq!(status, 200, "{offer}");
    let secret = offer["secret"].as_str().unwrap().to_owned();
    assert!(offer["qr_url"].as_str().unwrap().contains(&secret));
    let body = json!({ "mfa_token": offer["mfa_token"], "otp": now_code(cloud, &secret) });
    let (status, body) = post(cloud, "/v1/user/mfa-enable", &token, &body).await;
    assert_eq!((status.as_u16(), &body["enrolled"]), (200, &Value::Bool(true)), "{body}");
    let codes = body["recovery_codes"].as_array().unwrap();
    let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    // The code is used up; the next one comes in half a minute.
    cloud.advance(Duration::from_secs(30));
    (token, secret, codes)
}

pub fn now_code(cloud: &Cloud, secret: &str) -> String {
    code(secret, cloud.now_ms())
}

async fn post(cloud: &Cloud, path: &str, token: &str, body: &Value) -> (StatusCode, Value) {
    cloud.json("POST", path, Some(token), &body.to_string()).await
}

async fn password(cloud: &Cloud) -> String {
    let form = format!(
        "grant_type=password&username={ADA}&password=correct+horse&client_id=particle-cli&expires_in=3600"
    );
    let answer = cloud.form("POST", "/oauth/token", None, &form).await;
    assert_error(&answer, 403, "second factor");
    assert_eq!(answer.1["error"], "mfa_required");
    assert!(answer.1.get("access_token").is_none());
    answer.1["mfa_token"].as_str().unwrap().to_owned()
}

async fn otp(cloud: &Cloud, mfa_token: &str, otp: &str, client: &str) -> (StatusCode, Value) {
    let form = format!(
        "grant_type=urn%3Acustom%3Amfa-otp&mfa_token={mfa_token}&otp={otp}&client_id={client}&client_secret=x"
    );
    cloud.form("POST", "/oauth/token", None, &form).await
}

async fn release(cloud: &Cloud, token: &str) -> (StatusCode, Value) {
    post(cloud, "/v1/user/recovery-codes", token, &json!({})).await
}

#[tokio::test]
async fn p9_with_a_second_factor_a_password_alone_gives_no_token_and_a_code_does_once() {
    let cloud = Cloud::new().await;
    let (_, secret, _) = enrolled(&cloud).await;
    let mfa_token = password(&cloud).await;
    assert_error(&otp(&cloud, &mfa_token, "000000", "particle-cli").await, 400, "code is wrong");
    let typed = now_code(&cloud, &secret);
    assert_error(&otp(&cloud, &mfa_token, &typed, "particle-api").await, 400, "begin again");
    let (status, body) = otp(&cloud, &mfa_token, &typed, "particle-cli").await;
    assert_eq!((status.as_u16(), &body["expires_in"]), (200, &json!(3600)), "{body}");
    let token = body["access_token"].as_str().unwrap();
    let (_, user) = cloud.get("/v1/user", token).await;
    assert_eq!((&user["username"], &user["mfa"]["enabled"]), (&json!(ADA), &json!(true)));

    assert_error(&otp(&cloud, &mfa_token, &typed, "particle-cli").await, 400, "used already");
    let again = password(&cloud).await;
    assert_error(&otp(&cloud, &again, &typed, "particle-cli").await, 400, "used already");
}

#[tokio::test]
async fn p9_a_login_with_a_second_factor_is_fresh_for_ten_minutes_and_a_step_up_renews_it() {
    let cloud = Cloud::new().await;
    let bob = cloud.login("bob").await;
    let refused = release(&cloud, &bob).await;
    assert_error(&refused, 403, "/v1/user/mfa-enable");
    assert_eq!(refused.1["error"], "second_factor_required");

    let (old, secret, _) = enrolled(&cloud).await;
    assert_eq!(release(&cloud, &old).await.0, 200, "it was proven when it was set up");
    let mfa_token = password(&cloud).await;
    let (_, body) = otp(&cloud, &mfa_token, &now_code(&cloud, &secret), "particle-cli").await;
    let token = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(release(&cloud, &token).await.0, 200);
    cloud.advance(Duration::from_secs(600));
    let stale = release(&cloud, &token).await;
    assert_error(&stale, 403, "/v1/user/step-up");
    assert_eq!(stale.1["error"], "second_factor_stale");

    let wrong = post(&cloud, "/v1/user/step-up", &token, &json!({ "otp": "123456" })).await;
    assert_error(&wrong, 400, "code is wrong");
    let body = json!({ "otp": now_code(&cloud, &secret) });
    assert_eq!(post(&cloud, "/v1/user/step-up", &token, &body).await.0, 200);
    assert_eq!(release(&cloud, &token).await.0, 200);
    assert_error(&release(&cloud, &old).await, 403, "step-up");
}

#[tokio::test]
async fn p9_a_recovery_code_is_good_once_and_always_looked_at() {
    let cloud = Cloud::new().await;
    let (token, secret, codes) = enrolled(&cloud).await;
    let mfa_token = password(&cloud).await;
    for _ in 0..5 {
        assert_eq!(otp(&cloud, &mfa_token, "000000", "particle-cli").await.0, 400);
    }
    let typed = now_code(&cloud, &secret);
    let slowed = otp(&cloud, &mfa_token, &typed, "particle-cli").await;
    assert_error(&slowed, 429, "or use a recovery code");
    assert_eq!(otp(&cloud, &mfa_token, &codes[3], "particle-cli").await.0, 200);
    assert_error(&otp(&cloud, &mfa_token, &codes[3], "particle-cli").await, 400, "code is wrong");
    let (_, user) = cloud.get("/v1/user", &token).await;
    assert_eq!(user["mfa"]["recovery_codes_left"], 9);

    let (_, body) = release(&cloud, &token).await;
    assert_eq!(body["recovery_codes"].as_array().unwrap().len(), 10);
    assert_error(&otp(&cloud, &mfa_token, &codes[4], "particle-cli").await, 400, "code is wrong");
}

#[tokio::test]
async fn p9_who_has_token_and_password_does_not_get_rid_of_the_second_factor() {
    let cloud = Cloud::new().await;
    let (token, secret, _) = enrolled(&cloud).await;
    cloud.advance(Duration::from_secs(600));
    let disable = async |body: Value| {
        cloud.json("PUT", "/v1/user/mfa-disable", Some(&token), &body.to_string()).await
    };
    assert_error(
        &disable(json!({ "current_password": "wrong" })).await,
        400,
        "credentials are invalid",
    );
    assert_error(&disable(json!({ "current_password": "correct horse" })).await, 403, "step-up");
    let change =
        json!({ "password": "anything but easy to guess", "current_password": "correct horse" });
    let changed = cloud.json("PUT", "/v1/user", Some(&token), &change.to_string()).await;
    assert_error(&changed, 403, "step-up");
    let gone = json!({ "password": "correct horse" });
    assert_error(
        &cloud.json("DELETE", "/v1/user", Some(&token), &gone.to_string()).await,
        403,
        "step-up",
    );
    assert_error(&cloud.get("/v1/user/mfa-enable", &token).await, 409, "second factor already");

    let otp = now_code(&cloud, &secret);
    let body = json!({ "current_password": "correct horse", "otp": otp });
    assert_eq!(disable(body).await.0, 200);
    cloud.login(ADA).await;
}

#[tokio::test]
async fn p9_an_offered_seed_is_for_one_account_and_a_short_while() {
    let cloud = Cloud::new().await;
    let (ada, bob) = (cloud.login(ADA).await, cloud.login("bob").await);
    let (_, offer) = cloud.get("/v1/user/mfa-enable", &ada).await;
    let secret = offer["secret"].as_str().unwrap();
    let body =
        |cloud: &Cloud| json!({ "mfa_token": offer["mfa_token"], "otp": now_code(cloud, secret) });
    let stranger = post(&cloud, "/v1/user/mfa-enable", &bob, &body(&cloud)).await;
    assert_error(&stranger, 400, "begin again");
    cloud.advance(Duration::from_secs(15 * 60));
    let late = post(&cloud, "/v1/user/mfa-enable", &ada, &body(&cloud)).await;
    assert_error(&late, 400, "begin again");
    assert_eq!(cloud.get("/v1/user", &ada).await.1["mfa"]["enabled"], false);
}

#[tokio::test]
async fn a_second_factor_can_end_every_login_from_before_it() {
    let cloud = Cloud::new().await;
    let (token, other) = (cloud.login(ADA).await, cloud.login(ADA).await);
    let (_, offer) = cloud.get("/v1/user/mfa-enable", &token).await;
    let otp = now_code(&cloud, offer["secret"].as_str().unwrap());
    let body = json!({ "mfa_token": offer["mfa_token"], "otp": otp, "invalidate_tokens": true });
    assert_eq!(post(&cloud, "/v1/user/mfa-enable", &token, &body).await.0, 200);
    for token in [token, other] {
        assert_eq!(cloud.get("/v1/user", &token).await.0, 401);
    }
}
