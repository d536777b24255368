//! `particle keys send`: a first pin, and no other.

use base64::Engine as _;
use pintle_dtls::PublicKey;
use pintle_protocol::tcp::DevicePublicKey;

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
    assert_error(&send(&cloud, &ada, BETA, &rsa_pem(MODULUS), "ecc").await, 400, "RSA");
    assert_error(&send(&cloud, &ada, BETA, "garbage", "ecc").await, 400, "PEM");
    assert_error(&send(&cloud, &ada, "alpha", &pem(1), "ecc").await, 400, "24 hexadecimal");
}

const MODULUS: &str = "c0abe86420cc47652670a921546f36ec515c55ba8de346ba8e4d9f2ffcfccb43ba259ee74344d363ad4b71737a78fb5358e1\
    f0e202c7b974f7539fdfa3b6d7aa430cb9eefa8f681a542703c00d1c1ccb8fcd81a6126b2edeef7e631ebfdc59b45fc7bba3\
    525af4cc876451969b7f5992c4f8b46b0730519fa0cf8707bd859c41";
const SHARES_A_PRIME: &str = "a245a6cd2d8422e0df0494da37710fce6b12a2a077292a6a89ef1f4ffd75e49271c3f6f962e131703bc9b1da17be6fe8e5ae\
    286004960408826ea64053cea77476403f716ce505fcc2a0557294bfb2f3bd5a64e4fc5bad528242482f71db6ee593c45c54\
    2748a398fcfda53942f3649ef8aed98b1b3a652736fde6801cae102b";

fn rsa_pem(modulus: &str) -> String {
    let digit = |at: usize| u8::from_str_radix(&modulus[2 * at..2 * at + 2], 16).unwrap();
    let key = DevicePublicKey::from_modulus(&std::array::from_fn(digit)).unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(key.as_spki());
    let lines: Vec<_> =
        body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

#[tokio::test]
async fn p1_rsa_keys_are_pinned_as_clients_send_them_and_one_that_shares_a_prime_is_refused() {
    let cloud = Cloud::new().await;
    let ada = cloud.login("ada@example.com").await;
    let (status, body) = send(&cloud, &ada, BETA, &rsa_pem(MODULUS), "rsa").await;
    assert_eq!((status.as_u16(), &body["ok"]), (200, &true.into()), "{body}");
    assert_eq!(send(&cloud, &ada, BETA, &rsa_pem(MODULUS), "rsa").await.0, 200);
    let twin =
        send(&cloud, &ada, "0c0c0c0c0c0c0c0c0c0c0c0c", &rsa_pem(SHARES_A_PRIME), "rsa").await;
    assert_error(&twin, 403, "shares a prime");
    assert!(!twin.1.to_string().contains(BETA), "with whose key stays unsaid");
    cloud.store.flush().await.unwrap();
    let history = cloud.store.pins().history(None).await.unwrap();
    let what: Vec<_> =
        history.iter().map(|entry| (entry.what.as_str(), entry.kind.as_str())).collect();
    assert_eq!(what, [("pinned", "rsa1024"), ("refused-weak-key", "rsa1024")]);
}

#[tokio::test]
async fn p1_an_owner_changes_a_pin_with_a_fresh_second_factor_and_nobody_else_does() {
    let (cloud, token) = Cloud::with_alpha().await;
    send(&cloud, &token, ALPHA, &pem(1), "ecc").await;
    let path = format!("/v1/keys/{ALPHA}");
    let body = serde_json::json!({ "publicKey": pem(2) }).to_string();
    let put = async |token: &str| cloud.json("PUT", &path, Some(token), &body).await;
    assert_error(&put(&token).await, 403, "second factor");
    let bob = cloud.fresh_token(cloud.account("bob").await).await;
    assert_error(&put(&bob).await, 404, "not found");
    let old = cloud.get(&path, &token).await.1["fingerprint"].clone();
    let ada = cloud.fresh_token(cloud.ada).await;
    cloud.script.told.lock().unwrap().clear();
    let (status, changed) = put(&ada).await;
    assert_eq!((status.as_u16(), &changed["replaced"]), (200, &true.into()), "{changed}");
    assert_eq!(*cloud.script.told.lock().unwrap(), [format!("key {ALPHA}")], "its session ends");
    let new = cloud.get(&path, &ada).await.1["fingerprint"].clone();
    assert!(new != old && new == changed["fingerprint"]);
    assert_eq!(put(&ada).await.1["replaced"], false, "the same again");
    cloud.store.flush().await.unwrap();
    let history = cloud.store.pins().history(None).await.unwrap();
    let what: Vec<_> = history.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(what, ["pinned", "replaced"]);
}
