//! Customers of a product.

use super::super::harness::{ALPHA, Cloud, assert_error};
use super::{Client, refused, text};

const PATH: &str = "/v1/products/12345/customers";

async fn create(
    cloud: &Cloud,
    client: &Client,
    fields: &str,
) -> (axum::http::StatusCode, serde_json::Value) {
    let form = format!("client_id={}&client_secret={}&{fields}", client.id, client.secret);
    cloud.form("POST", PATH, None, &form).await
}

const KIM: &str = "email=kim%40example.com&password=correct+horse+battery";

#[tokio::test]
async fn a_products_client_makes_a_customer_who_claims_a_device_and_logs_in_again() {
    let cloud = Cloud::new().await;
    let client = Client::of_product(&cloud).await;
    let (status, body) = create(&cloud, &client, KIM).await;
    assert_eq!(status, 201, "{body}");
    let token = text(&body, "access_token");
    cloud.add_device(ALPHA).await;
    let ada = cloud.login("ada@example.com").await;
    let id = format!("{{\"id\":\"{ALPHA}\"}}");
    let approved = cloud.json("POST", "/v1/products/12345/devices", Some(&ada), &id).await;
    assert!(approved.0.is_success(), "{}", approved.1);
    let claimed = cloud.json("POST", "/v1/devices", Some(&token), &id).await;
    assert!(claimed.0.is_success(), "{}", claimed.1);

    let login = "grant_type=password&username=Kim%40Example.com&password=correct+horse+battery";
    let (status, body) = client.ask(&cloud, login).await;
    assert_eq!(status, 200, "{body}");
    let (_, devices) = cloud.get("/v1/devices", &text(&body, "access_token")).await;
    assert_eq!(devices[0]["id"], ALPHA, "{devices}");
    let (_, listed) = cloud.get(PATH, &ada).await;
    assert_eq!(listed["customers"][0]["devices"][0], ALPHA, "{listed}");
    assert_eq!(listed["meta"]["total_pages"], 1);
    assert!(!listed.to_string().contains("kim"), "no name is kept");
}

#[tokio::test]
async fn p9_a_customer_is_nobody_elsewhere() {
    let cloud = Cloud::new().await;
    let client = Client::of_product(&cloud).await;
    let (_, body) = create(&cloud, &client, KIM).await;
    let token = text(&body, "access_token");
    for (method, path) in
        [("POST", "/v1/products"), ("GET", "/v1/clients"), ("GET", "/v1/products/12345")]
    {
        assert_eq!(cloud.json(method, path, Some(&token), "{}").await.0, 403, "{method} {path}");
    }
    let (_, user) = cloud.get("/v1/user", &token).await;
    let handle = text(&user, "id");
    for name in ["kim%40example.com", &handle] {
        let login = format!(
            "grant_type=password&client_id=particle-cli&username={name}&password=correct+horse+battery"
        );
        let answer = cloud.form("POST", "/oauth/token", None, &login).await;
        assert_eq!(refused(&answer), (400, "invalid_grant".into()), "{name}");
    }
    let bob = "grant_type=password&username=bob&password=correct+horse";
    assert_eq!(refused(&client.ask(&cloud, bob).await).1, "invalid_grant", "bob is no customer");
}

#[tokio::test]
async fn a_shadow_customer_has_no_password_and_its_products_client_acts_for_it() {
    let cloud = Cloud::new().await;
    let client = Client::of_product(&cloud).await;
    assert_eq!(create(&cloud, &client, "email=lee&no_password=true").await.0, 201);
    let (status, body) =
        client.ask(&cloud, "grant_type=client_credentials&scope=customer=lee").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(cloud.get("/v1/devices", &text(&body, "access_token")).await.0, 200);
    let nobody = client.ask(&cloud, "grant_type=client_credentials&scope=customer=max").await;
    assert_eq!(refused(&nobody).1, "invalid_scope");
    assert_error(&create(&cloud, &client, "email=LEE&no_password=true").await, 409, "already");
    assert_error(&create(&cloud, &client, "email=ann&password=short").await, 400, "password");
    let other = Client::of_ada(&cloud).await;
    assert_eq!(create(&cloud, &other, KIM).await.0, 404);
}

#[tokio::test]
async fn p9_another_password_and_the_end_of_a_customer_end_the_tokens() {
    let cloud = Cloud::new().await;
    let client = Client::of_product(&cloud).await;
    let (_, body) = create(&cloud, &client, KIM).await;
    let ada = cloud.login("ada@example.com").await;
    let one = format!("{PATH}/kim@example.com");
    let new = r#"{"password":"battery horse staple"}"#;
    assert_eq!(cloud.json("PUT", &one, Some(&ada), new).await.0, 200);
    assert_eq!(cloud.get("/v1/user", &text(&body, "access_token")).await.0, 401);
    let login = "grant_type=password&username=kim@example.com&password=battery+horse+staple";
    let token = text(&client.ask(&cloud, login).await.1, "access_token");
    let bob = cloud.login("bob").await;
    assert!(cloud.json("DELETE", &one, Some(&bob), "").await.0.is_client_error());
    assert_eq!(cloud.json("DELETE", &one, Some(&ada), "").await.0, 200);
    assert_eq!(cloud.get("/v1/user", &token).await.0, 401);
    assert_error(&cloud.json("DELETE", &one, Some(&ada), "").await, 404, "no such customer");
}
