//! `particle keys send`: a first pin, and no other.

use base64::Engine as _;
use pintle_dtls::PublicKey;

use super::harness::{ALPHA, BETA, Cloud, assert_error};

fn pem(n: u8) -> String {
    let mut point = [n; 65];
    point[0] = 4;
    let spki = PublicKey::from_point(&point).unwrap().to_spki();
    let body = base64::engine::general_purpose::STANDARD.encode(spki);
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n",
        &body[..64],
        &body[64..]
    )
}

async fn send(
    cloud: &Cloud,
    token: &str,
    id: &str,
    key: &str,
    algorithm: &str,
) -> (axum::http::StatusCode, serde_json::Value) {
    let body = serde_json::json!({
        "deviceID": id, "publicKey": key, "filename": "cli", "order": "manual_1", "algorithm": algorithm,
    });
    cloud.json("POST", &format!("/v1/provisioning/{id}"), Some(token), &body.to_string()).await
}

#[tokio::test]
async fn p1_a_first_key_pins_and_claims_and_a_second_needs_more_than_a_token() {
    let cloud = Cloud::new().await;
    let ada = cloud.login("ada@example.com").await;
    let (status, body) = send(&cloud, &ada, BETA, &pem(1), "ecc").await;
    assert_eq!((status.as_u16(), &body["ok"]), (200, &true.into()), "{body}");
    assert_eq!(cloud.get(&format!("/v1/devices/{BETA}"), &ada).await.0, 200, "claimed");
    assert_eq!(
        *cloud.script.told.lock().unwrap(),
        [format!("key {BETA}"), format!("owner {BETA}")]
    );
    assert_eq!(send(&cloud, &ada, BETA, &pem(1), "ecc").await.0, 200, "the same key again is fine");
    assert_error(&send(&cloud, &ada, BETA, &pem(2), "ecc").await, 403, "pintle pin set");
    let other_device = send(&cloud, &ada, "0c0c0c0c0c0c0c0c0c0c0c0c", &pem(1), "ecc").await;
    assert_error(&other_device, 403, "another device");
    assert!(!other_device.1.to_string().contains(BETA), "whose key it is stays unsaid");
    cloud.store.flush().await.unwrap();
    let history = cloud.store.pins().history(None).await.unwrap();
    let what: Vec<_> = history.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(what, ["pinned", "refused-key-in-use"]);
}

#[tokio::test]
async fn p1_nobody_pins_a_key_to_a_foreign_device() {
    let (cloud, _) = Cloud::with_alpha().await;
    let bob = cloud.login("bob").await;
    assert_error(&send(&cloud, &bob, ALPHA, &pem(1), "ecc").await, 403, "not your device");
}

#[tokio::test]
async fn keys_of_another_kind_are_refused_clearly() {
    let cloud = Cloud::new().await;
    let ada = cloud.login("ada@example.com").await;
    assert_error(&send(&cloud, &ada, BETA, &pem(1), "rsa").await, 400, "P-256");
    assert_error(&send(&cloud, &ada, BETA, "garbage", "ecc").await, 400, "PEM");
    assert_error(&send(&cloud, &ada, "alpha", &pem(1), "ecc").await, 400, "24 hexadecimal");
}
