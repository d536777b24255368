//! Accounts: made by anyone where the operator lets them, renamed, given another password, ended.

use pintle_cloud::DeviceId;
use serde_json::json;

use super::harness::{ALPHA, Cloud, assert_error};

const GOOD: &str = "anything but easy to guess";

fn form(name: &str, password: &str) -> String {
    let password = password.replace(' ', "+");
    format!("username={name}&password={password}&grant_type=password&client_id=particle-cli")
}

#[tokio::test]
async fn nobody_registers_unless_the_operator_lets_them() {
    let cloud = Cloud::new().await;
    let body = json!({ "username": "grace", "password": GOOD }).to_string();
    let answer = cloud.json("POST", "/v1/users", None, &body).await;
    assert_error(&answer, 403, "ask the server's operator");

    let cloud = Cloud::shaped(|state| state.with_registration(true)).await;
    let (status, answer) = cloud.json("POST", "/v1/users", None, &body).await;
    assert_eq!((status.as_u16(), answer), (200, json!({ "ok": true })));
    assert_eq!(cloud.form("POST", "/oauth/token", None, &form("Grace", GOOD)).await.0, 200);
    assert_error(&cloud.json("POST", "/v1/users", None, &body).await, 409, "of that name already");
}

#[tokio::test]
async fn p9_a_registration_with_a_password_that_guessers_try_is_refused() {
    let cloud = Cloud::shaped(|state| state.with_registration(true)).await;
    for bad in ["password1", "grace.hopper", "short", &"long ".repeat(52)] {
        let body = json!({ "username": "grace.hopper@example.com", "password": bad }).to_string();
        assert_error(&cloud.json("POST", "/v1/users", None, &body).await, 400, "assword");
    }
    let handle = json!({ "username": "0123456789abcdef01234567", "password": GOOD }).to_string();
    assert_error(&cloud.json("POST", "/v1/users", None, &handle).await, 400, "24 hex digits");
}

#[tokio::test]
async fn a_handle_logs_in_and_so_does_a_name_typed_otherwise() {
    let cloud = Cloud::new().await;
    for name in
        [cloud.ada.handle(), cloud.ada.handle().to_uppercase(), "%20ADA%40Example.COM".into()]
    {
        let (status, body) =
            cloud.form("POST", "/oauth/token", None, &form(&name, "correct horse")).await;
        assert_eq!(status, 200, "{name}: {body}");
        let (_, user) = cloud.get("/v1/user", body["access_token"].as_str().unwrap()).await;
        assert_eq!(user["id"], cloud.ada.handle().as_str());
    }
    let none = form(&"0".repeat(24), "correct horse");
    let none = cloud.form("POST", "/oauth/token", None, &none).await;
    assert_error(&none, 400, "User credentials are invalid");
}

#[tokio::test]
async fn a_person_changes_name_and_password_with_the_old_password() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    let change = async |body: serde_json::Value| {
        cloud.json("PUT", "/v1/user", Some(&token), &body.to_string()).await
    };
    assert_error(&change(json!({ "password": GOOD })).await, 400, "current_password");
    let wrong = json!({ "password": GOOD, "current_password": "wrong" });
    assert_error(&change(wrong).await, 400, "credentials are invalid");
    let taken = json!({ "username": "ADA@example.com", "current_password": "correct horse" });
    assert_error(&change(taken).await, 409, "of that name already");
    let weak = json!({ "password": "password1", "current_password": "correct horse" });
    assert_error(&change(weak).await, 400, "guessed too easily");
    let (status, body) = change(json!({ "account_info": { "first_name": "B" } })).await;
    assert_eq!(
        (status.as_u16(), body["message"].as_str().unwrap().contains("not stored")),
        (200, true)
    );

    let both = json!({ "username": "Robert", "password": GOOD, "current_password": "correct horse",
        "invalidate_tokens": true });
    assert_eq!(change(both).await.0, 200);
    assert_eq!(cloud.get("/v1/user", &token).await.0, 401);
    assert_eq!(cloud.form("POST", "/oauth/token", None, &form("bob", GOOD)).await.0, 400);
    assert_eq!(cloud.form("POST", "/oauth/token", None, &form("robert", GOOD)).await.0, 200);
}

#[tokio::test]
async fn an_account_that_ends_leaves_nothing_but_devices_that_are_nobodys() {
    let (cloud, token) = Cloud::with_alpha().await;
    let body = json!({ "password": "correct horse" }).to_string();
    assert_eq!(cloud.json("DELETE", "/v1/user", Some(&token), &body).await.0, 200);
    assert_eq!(cloud.get("/v1/user", &token).await.0, 401);
    assert_eq!(
        cloud.form("POST", "/oauth/token", None, &form("ada@example.com", "correct horse")).await.0,
        400
    );
    let id: DeviceId = ALPHA.parse().unwrap();
    assert_eq!(cloud.store.devices().find(id).await.unwrap().unwrap().owner, None);
    assert!(cloud.script.told.lock().unwrap().contains(&format!("owner {ALPHA}")));
}

#[tokio::test]
async fn an_account_that_owns_a_product_does_not_end() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    let product = json!({ "product": { "name": "Greenhouse", "platform_id": 13 } }).to_string();
    let (status, body) = cloud.json("POST", "/v1/products", Some(&token), &product).await;
    assert!(status.is_success(), "{body}");
    let body = json!({ "password": "correct horse" }).to_string();
    assert_error(
        &cloud.json("DELETE", "/v1/user", Some(&token), &body).await,
        409,
        "owns products",
    );
    assert_eq!(cloud.get("/v1/user", &token).await.0, 200);
}

#[tokio::test]
async fn p6_a_forgotten_password_tells_nobody_who_has_an_account() {
    let cloud = Cloud::new().await;
    let ask = async |name: &str| {
        let body = json!({ "username": name }).to_string();
        cloud.json("POST", "/v1/user/password-reset", None, &body).await
    };
    assert_eq!(ask("bob").await, ask("nobody at all").await);
}
