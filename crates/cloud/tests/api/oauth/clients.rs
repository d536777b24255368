//! Clients that somebody registers, and what they do by themselves.

use super::super::harness::{Cloud, assert_error};
use super::{Client, refused, text};

const ITSELF: &str = "grant_type=client_credentials";

#[tokio::test]
async fn a_client_is_registered_listed_changed_and_removed_with_its_tokens() {
    let cloud = Cloud::new().await;
    let ada = cloud.login("ada@example.com").await;
    let client = Client::of_ada(&cloud).await;
    let (_, listed) = cloud.get("/v1/clients", &ada).await;
    assert_eq!(listed["clients"][0]["id"], client.id, "{listed}");
    assert_eq!(listed["clients"][0]["name"], "Green <House>");
    assert!(!listed.to_string().contains(&client.secret), "shown once");
    let token = text(&client.ask(&cloud, ITSELF).await.1, "access_token");
    assert_eq!(cloud.get("/v1/devices", &token).await.0, 200);

    let path = format!("/v1/clients/{}", client.id);
    let bob = cloud.login("bob").await;
    for method in ["PUT", "DELETE"] {
        assert_error(&cloud.json(method, &path, Some(&bob), "{}").await, 404, "no such client");
    }
    let (status, body) = cloud.json("PUT", &path, Some(&ada), r#"{"name":"Barn"}"#).await;
    assert_eq!((status.as_u16(), &body["client"]["name"]), (200, &"Barn".into()));
    assert_eq!(cloud.get("/v1/devices", &token).await.0, 200, "a name takes nothing away");
    let gone = cloud.send("DELETE", &path, Some(&ada), "", String::new()).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(cloud.get("/v1/devices", &token).await.0, 401);
    assert_eq!(refused(&client.ask(&cloud, ITSELF).await), (400, "invalid_client".into()));
}

#[tokio::test]
async fn p9_a_client_does_no_more_than_its_scopes_and_ends_where_they_shrink() {
    let cloud = Cloud::new().await;
    let ada = cloud.login("ada@example.com").await;
    let fields = r#""type":"web","scope":"devices:list events:get""#;
    let client = Client::register(&cloud, &ada, "/v1/clients", fields).await;
    let token = text(&client.ask(&cloud, ITSELF).await.1, "access_token");
    assert_eq!(cloud.get("/v1/devices", &token).await.0, 200);
    assert_eq!(cloud.get("/v1/clients", &token).await.0, 403);
    let more = format!("{ITSELF}&scope=clients:list");
    assert_eq!(refused(&client.ask(&cloud, &more).await), (400, "invalid_scope".into()));
    let path = format!("/v1/clients/{}", client.id);
    let (status, body) = cloud.json("PUT", &path, Some(&ada), r#"{"scope":"none"}"#).await;
    assert_eq!((status.as_u16(), &body["client"]["scope"]), (200, &"".into()));
    assert_eq!(cloud.get("/v1/devices", &token).await.0, 401);
}

#[tokio::test]
async fn p9_no_client_gets_more_scopes_than_who_registers_it() {
    let cloud = Cloud::new().await;
    let ada = cloud.login("ada@example.com").await;
    let fields = r#""type":"web","scope":"clients:create devices:list""#;
    let client = Client::register(&cloud, &ada, "/v1/clients", fields).await;
    let token = text(&client.ask(&cloud, ITSELF).await.1, "access_token");
    let more = r#"{"name":"x","type":"web","scope":"devices:get"}"#;
    assert_error(&cloud.json("POST", "/v1/clients", Some(&token), more).await, 403, "more scopes");
    let same = r#"{"name":"x","type":"web","scope":"full"}"#;
    let (_, body) = cloud.json("POST", "/v1/clients", Some(&token), same).await;
    assert_eq!(body["client"]["scope"], "clients:create devices:list");
}

#[tokio::test]
async fn what_cannot_be_registered_is_said() {
    let cloud = Cloud::new().await;
    let ada = cloud.login("ada@example.com").await;
    for (body, says) in [
        (r#"{"type":"web"}"#, "1 to 100 characters"),
        (r#"{"name":"x","type":"spa"}"#, "installed"),
        (r#"{"name":"x","type":"web","scope":"everything"}"#, "everything"),
        (r#"{"name":"x","type":"web","redirect_uri":"http://example.com/"}"#, "https://"),
        (r#"{"name":"x","type":"web","redirect_uri":"https://a/#x"}"#, "fragment"),
    ] {
        assert_error(&cloud.json("POST", "/v1/clients", Some(&ada), body).await, 400, says);
    }
}

#[tokio::test]
async fn p9_a_products_client_reaches_its_product_alone() {
    let cloud = Cloud::new().await;
    let client = Client::of_product(&cloud).await;
    let token = text(&client.ask(&cloud, ITSELF).await.1, "access_token");
    let listed = cloud.get("/v1/products/12345/clients", &token).await;
    assert_eq!(listed.0, 403, "it has no scope for that: {}", listed.1);
    assert_eq!(cloud.get("/v1/devices", &token).await.0, 403, "its maker's own are not its own");
    let path = format!("/v1/clients/{}", client.id);
    let ada = cloud.login("ada@example.com").await;
    assert_eq!(cloud.json("PUT", &path, Some(&ada), "{}").await.0, 404, "it is the product's");
}
