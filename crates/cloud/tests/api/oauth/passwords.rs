//! The password grant, and who may use it.

use pintle_cloud::config::Oauth;

use super::super::harness::Cloud;
use super::{Client, ask, refused, text};

const BOB: &str = "grant_type=password&username=bob&password=correct+horse";

#[tokio::test]
async fn p9_only_first_party_clients_may_send_a_persons_password() {
    let cloud = Cloud::new().await;
    let client = Client::of_ada(&cloud).await;
    assert_eq!(refused(&client.ask(&cloud, BOB).await), (400, "unauthorized_client".into()));
    let unknown = cloud.form("POST", "/oauth/token", None, &format!("client_id=x&{BOB}")).await;
    assert_eq!(refused(&unknown), (400, "invalid_client".into()));
    let (_, body) = ask(&cloud, BOB).await;
    assert!(body.get("refresh_token").is_none(), "what its clients do not use they are not given");
    let (_, less) = ask(&cloud, &format!("{BOB}&scope=devices:get")).await;
    assert_eq!(less["scope"], "devices:get");
    assert_eq!(cloud.get("/v1/devices", &text(&less, "access_token")).await.0, 403);
}

#[tokio::test]
async fn p9_an_operator_switches_the_password_grant_off() {
    let off = Oauth { password_grant: false, ..Oauth::default() };
    let cloud = Cloud::shaped(|state| state.with_oauth(off)).await;
    assert_eq!(refused(&ask(&cloud, BOB).await), (400, "unsupported_grant_type".into()));
    let path = "/.well-known/oauth-authorization-server";
    let (_, metadata) = cloud.json("GET", path, None, "").await;
    assert!(!metadata["grant_types_supported"].to_string().contains("password"), "{metadata}");
}

#[tokio::test]
async fn a_token_lives_for_ever_only_where_an_operator_allows_it() {
    let endless = Oauth { endless_tokens: true, ..Oauth::default() };
    let cloud = Cloud::shaped(|state| state.with_oauth(endless)).await;
    let (_, body) = ask(&cloud, &format!("{BOB}&expires_in=0")).await;
    assert_eq!((&body["expires_in"], &body["expires_at"]), (&0.into(), &serde_json::Value::Null));
    let (_, current) = cloud.get("/v1/access_tokens/current", &text(&body, "access_token")).await;
    assert!(current["expires_at"].is_null(), "{current}");
}

#[tokio::test]
async fn tokens_are_listed_without_what_they_are_used_with_and_ended_by_their_marks() {
    let cloud = Cloud::new().await;
    let (one, two) = (cloud.login("bob").await, cloud.login("bob").await);
    let ada = cloud.login("ada@example.com").await;
    let (_, listed) = cloud.get("/v1/access_tokens", &two).await;
    let tokens = listed.as_array().unwrap();
    assert_eq!(tokens.len(), 2, "{listed}");
    assert!(!listed.to_string().contains(&one));
    let other = tokens.iter().find(|token| token["current"] == false).unwrap();
    let path = format!("/v1/access_tokens/{}", text(other, "token"));
    assert_eq!(cloud.json("DELETE", &path, None, "").await.0, 404, "a mark alone is no proof");
    assert_eq!(cloud.json("DELETE", &path, Some(&ada), "").await.0, 404);
    assert_eq!(cloud.json("DELETE", &path, Some(&two), "").await.0, 200);
    assert_eq!(
        (
            cloud.get("/v1/user", &one).await.0.as_u16(),
            cloud.get("/v1/user", &two).await.0.as_u16()
        ),
        (401, 200)
    );
}
