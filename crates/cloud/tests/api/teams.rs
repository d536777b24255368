//! Organisations, teams and services, as their people meet them.

use serde_json::json;

use super::harness::{Cloud, assert_error};
use super::signing::PRODUCT;

const TEAM: &str = "/v1/products/12345/team";

/// A cloud with ada's product; ada and carol with fresh second factors.
async fn arranged() -> (Cloud, String, String) {
    let (cloud, _) = Cloud::with_product().await;
    let carol = cloud.new_account("carol").await;
    let (ada, carol) = (cloud.fresh_token(cloud.ada).await, cloud.fresh_token(carol).await);
    (cloud, ada, carol)
}

async fn invite(cloud: &Cloud, token: &str, name: &str, role: &str) -> u16 {
    let body = json!({ "username": name, "role": role }).to_string();
    cloud.json("POST", TEAM, Some(token), &body).await.0.as_u16()
}

#[tokio::test]
async fn who_is_added_sees_the_product_and_who_is_taken_out_does_not() {
    let (cloud, ada, carol) = arranged().await;
    assert_error(&cloud.get("/v1/products/12345", &carol).await, 404, "Permission denied");
    assert_eq!(invite(&cloud, &ada, " Carol ", "View-only").await, 200);
    assert_eq!(invite(&cloud, &ada, "carol", "Developer").await, 400, "she is in it");
    assert_eq!(invite(&cloud, &ada, "nobody", "Developer").await, 400);
    assert_eq!(cloud.get("/v1/products", &carol).await.1["products"][0]["id"], PRODUCT);
    let edit = cloud.json("PUT", "/v1/products/12345", Some(&carol), r#"{"name":"x"}"#).await;
    assert_error(&edit, 403, "does not include products:update");
    let (_, listed) = cloud.get(TEAM, &carol).await;
    let team = listed["team"].as_array().unwrap();
    let [owner, member] = team.as_slice() else { panic!("{listed}") };
    assert_eq!(owner["username"], cloud.ada.handle(), "a handle, never a name");
    assert_eq!(
        (&owner["role"]["name"], &member["role"]["name"]),
        (&json!("Owner"), &json!("View-only"))
    );
    let path = format!("{TEAM}/{}", member["_id"].as_str().unwrap());
    let (status, changed) = cloud.json("PUT", &path, Some(&ada), r#"{"role":"Developer"}"#).await;
    assert_eq!((status.as_u16(), &changed["updated"]["role"]["id"]), (200, &json!("developer")));
    let path = format!("{TEAM}/carol");
    assert_eq!(cloud.json("DELETE", &path, Some(&ada), "").await.0, 200);
    assert_error(&cloud.get(TEAM, &carol).await, 404, "Permission denied");
    assert_error(&cloud.json("DELETE", &path, Some(&ada), "").await, 404, "no such member");
}

#[tokio::test]
async fn p9_nobody_gives_more_than_they_have_and_a_change_of_a_team_asks_for_a_fresh_second_factor()
{
    let (cloud, ada, carol) = arranged().await;
    assert_eq!(invite(&cloud, &ada, "carol", "Administrator").await, 200);
    assert_eq!(invite(&cloud, &carol, "bob", "Owner").await, 403);
    assert_eq!(invite(&cloud, &carol, "bob", "Administrator").await, 200);
    assert_eq!(invite(&cloud, &carol, "bob", "Emperor").await, 400);
    assert_eq!(
        cloud.json("PUT", &format!("{TEAM}/bob"), Some(&ada), r#"{"role":"owner"}"#).await.0,
        200
    );
    let demote =
        cloud.json("PUT", &format!("{TEAM}/bob"), Some(&carol), r#"{"role":"support"}"#).await;
    assert_error(&demote, 403, "may do more here than you");
    let out = cloud.json("DELETE", &format!("{TEAM}/bob"), Some(&carol), "").await;
    assert_error(&out, 403, "may do more here than you");

    cloud.new_account("dan").await;
    assert_eq!(invite(&cloud, &ada, "dan", "Administrator").await, 200);
    let without = cloud.login("dan").await;
    let body = r#"{"username":"bob"}"#;
    let refused = cloud.json("POST", TEAM, Some(&without), body).await;
    assert_error(&refused, 403, "second factor");
    assert_eq!(refused.1["error"], "second_factor_required");
    cloud.advance(std::time::Duration::from_secs(600));
    let refused = cloud.json("POST", TEAM, Some(&ada), body).await;
    assert_eq!(refused.1["error"], "second_factor_stale");
}

#[tokio::test]
async fn a_service_has_its_scopes_in_its_product_one_token_and_nothing_of_its_own() {
    let (cloud, ada, carol) = arranged().await;
    let body = json!({ "friendly_name": "line 3", "scopes": ["devices:list", "products:get"] });
    let (status, made) = cloud.json("POST", TEAM, Some(&ada), &body.to_string()).await;
    assert_eq!(status, 200, "{made}");
    let created = &made["created"];
    assert_eq!(
        (&created["is_programmatic"], &created["product_id"]),
        (&json!(true), &json!(PRODUCT))
    );
    let first = created["tokens"][0]["token"].as_str().unwrap();
    assert!(created["tokens"][0]["expires_at"].is_string(), "it is cut to the longest lifetime");
    assert_eq!(cloud.get("/v1/products/12345/devices", first).await.0, 200);
    assert_error(&cloud.get("/v1/products/12345/firmware", first).await, 403, "firmware:list");
    assert_error(&cloud.get("/v1/devices", first).await, 403, "API users are not allowed");

    let path = format!("{TEAM}/{}", created["username"].as_str().unwrap());
    let change = r#"{"scopes":["firmware:list"]}"#;
    let (_, changed) = cloud.json("PUT", &path, Some(&ada), change).await;
    let second = changed["updated"]["tokens"][0]["token"].as_str().unwrap();
    assert_eq!(cloud.get("/v1/products/12345/firmware", second).await.0, 200);
    assert_eq!(cloud.get("/v1/products/12345/devices", first).await.0, 401, "the old one is gone");
    let (_, renewed) = cloud.json("POST", &format!("{path}/token"), Some(&ada), "").await;
    let third = renewed["updated"]["tokens"][0]["token"].as_str().unwrap();
    assert_eq!(cloud.get("/v1/products/12345/firmware", second).await.0, 401);
    assert_eq!(cloud.get("/v1/products/12345/firmware", third).await.0, 200);
    assert_eq!(cloud.json("DELETE", &path, Some(&ada), "").await.0, 200);
    assert_eq!(cloud.get("/v1/products/12345/firmware", third).await.0, 401);

    assert_eq!(invite(&cloud, &ada, "carol", "Administrator").await, 200);
    let ask = async |token: &str, scopes: &str| {
        let body = json!({ "friendly_name": "x", "scopes": scopes }).to_string();
        cloud.json("POST", TEAM, Some(token), &body).await
    };
    for scopes in ["*:*", "teams.users:invite", "keyring:update"] {
        assert_error(&ask(&ada, scopes).await, 400, "decide over people and keys");
    }
    assert_error(&ask(&ada, "sims:list").await, 400, "no scope");
    assert_error(&ask(&ada, "").await, 400, "at least one");
    assert_error(&ask(&carol, "devices:claim").await, 403, "may not do this yourself");
}

#[tokio::test]
async fn an_organization_shares_its_products_and_keeps_an_owner() {
    let (cloud, ada, carol) = arranged().await;
    let body = r#"{"name":"Acme & Sons"}"#;
    let (status, made) = cloud.json("POST", "/v1/orgs", Some(&ada), body).await;
    assert_eq!(status, 201, "{made}");
    let slug = made["organization"]["slug"].as_str().unwrap();
    assert!(slug.starts_with("acme-sons-"), "{slug}");
    let org = format!("/v1/orgs/{slug}");
    assert_error(&cloud.get(&org, &carol).await, 404, "no such organization");
    let product = r#"{"name":"Pump","platform_id":13}"#;
    let (_, made) = cloud.json("POST", &format!("{org}/products"), Some(&ada), product).await;
    let id = made["product"]["id"].as_u64().unwrap();
    let add = r#"{"username":"carol","role":"Support"}"#;
    assert_eq!(cloud.json("POST", &format!("{org}/team"), Some(&ada), add).await.0, 200);
    assert_eq!(cloud.get(&format!("/v1/products/{id}"), &carol).await.0, 200);
    let (_, listed) = cloud.get("/v1/orgs", &carol).await;
    assert_eq!(listed["organizations"][0]["role"]["name"], "Support");
    assert_eq!(cloud.get(&format!("{org}/products"), &carol).await.1["products"][0]["id"], id);
    assert_eq!(cloud.get("/v1/products", &carol).await.1["products"][0]["id"], id);

    let own = format!("{org}/team/{}", cloud.ada.handle());
    for (method, body) in [("PUT", r#"{"role":"Viewer"}"#), ("DELETE", "")] {
        assert_error(&cloud.json(method, &own, Some(&ada), body).await, 409, "last owner");
    }
    assert_error(&cloud.json("DELETE", &org, Some(&ada), "").await, 409, "has products");
    let promote = r#"{"role":"Owner"}"#;
    assert_eq!(cloud.json("PUT", &format!("{org}/team/carol"), Some(&ada), promote).await.0, 200);
    assert_eq!(cloud.json("DELETE", &own, Some(&ada), "").await.0, 200);
    // Having made the organization's product gives her nothing in it.
    assert_error(&cloud.get(&format!("/v1/products/{id}"), &ada).await, 404, "Permission denied");
}
