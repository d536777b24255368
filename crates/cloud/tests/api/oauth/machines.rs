//! The login of a machine without a browser.

use std::time::Duration;

use serde_json::Value;

use super::super::harness::Cloud;
use super::{ask, page, refused, text};

const FORM: &str = "application/x-www-form-urlencoded";

struct Begun {
    device: String,
    user: String,
}

async fn begin(cloud: &Cloud) -> Begun {
    let path = "/oauth/device_authorization";
    let (status, body) =
        cloud.form("POST", path, None, "client_id=pintle&scope=devices:get+account:get").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!((&body["interval"], &body["expires_in"]), (&Value::from(2), &Value::from(600)));
    assert_eq!(body["verification_uri"], "https://localhost/oauth/device");
    Begun { device: text(&body, "device_code"), user: text(&body, "user_code") }
}

async fn poll(cloud: &Cloud, begun: &Begun) -> (axum::http::StatusCode, Value) {
    let grant = "grant_type=urn:ietf:params:oauth:grant-type:device_code";
    ask(cloud, &format!("{grant}&device_code={}", begun.device)).await
}

/// What the page says when somebody typed this.
async fn typed(cloud: &Cloud, begun: &Begun, typed: &str) -> (u16, String) {
    let form = format!("user_code={}&{typed}", begun.user);
    let (status, html) = page(cloud.send("POST", "/oauth/device", None, FORM, form).await).await;
    (status.as_u16(), html)
}

const ALLOW: &str = "username=bob&password=correct+horse&decision=allow";

#[tokio::test]
async fn a_person_types_the_code_elsewhere_and_the_machine_gets_its_tokens_once() {
    let cloud = Cloud::new().await;
    let begun = begin(&cloud).await;
    assert_eq!(refused(&poll(&cloud, &begun).await), (400, "authorization_pending".into()));
    let lower = begun.user.to_lowercase().replace('-', "%20");
    let path = format!("/oauth/device?user_code={lower}");
    let (_, html) = page(cloud.send("GET", &path, None, FORM, String::new()).await).await;
    assert!(html.contains(&begun.user) && html.contains("“pintle”"), "{html}");
    assert!(typed(&cloud, &begun, ALLOW).await.1.contains("is logged in"));

    cloud.advance(Duration::from_secs(5));
    let (status, body) = poll(&cloud, &begun).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["scope"], "account:get devices:get");
    let (_, user) = cloud.get("/v1/user", &text(&body, "access_token")).await;
    assert_eq!(user["username"], "bob");
    let again = format!("grant_type=refresh_token&refresh_token={}", text(&body, "refresh_token"));
    assert_eq!(ask(&cloud, &again).await.0, 200, "a public client refreshes without a secret");
    cloud.advance(Duration::from_secs(5));
    assert_eq!(refused(&poll(&cloud, &begun).await), (400, "expired_token".into()));
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_slow_down_and_who_was_denied_that() {
    let cloud = Cloud::new().await;
    let begun = begin(&cloud).await;
    assert_eq!(refused(&poll(&cloud, &begun).await).1, "authorization_pending");
    assert_eq!(refused(&poll(&cloud, &begun).await).1, "slow_down");
    cloud.advance(Duration::from_secs(6));
    assert_eq!(refused(&poll(&cloud, &begun).await).1, "slow_down", "seven seconds now");
    assert!(typed(&cloud, &begun, "decision=deny").await.1.contains("not logged in"));
    cloud.advance(Duration::from_secs(15));
    assert_eq!(refused(&poll(&cloud, &begun).await).1, "access_denied");
}

#[tokio::test]
async fn p9_a_login_of_a_machine_is_over_after_ten_minutes_and_for_other_clients() {
    let cloud = Cloud::new().await;
    let begun = begin(&cloud).await;
    let other = format!(
        "client_id=particle&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={}",
        begun.device
    );
    let other = cloud.form("POST", "/oauth/token", None, &other).await;
    assert_eq!(refused(&other).1, "expired_token");
    cloud.advance(Duration::from_secs(600));
    let (status, html) = typed(&cloud, &begun, ALLOW).await;
    assert!(status == 400 && html.contains("No login waits"), "{html}");
    assert_eq!(refused(&poll(&cloud, &begun).await).1, "expired_token");
}

#[tokio::test]
async fn p9_one_source_has_sixteen_logins_under_way_at_most() {
    let cloud = Cloud::new().await;
    for _ in 0..16 {
        begin(&cloud).await;
    }
    let path = "/oauth/device_authorization";
    assert_eq!(cloud.form("POST", path, None, "client_id=pintle").await.0, 429);
    cloud.advance(Duration::from_secs(600));
    begin(&cloud).await;
}
