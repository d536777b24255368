//! Refresh tokens: good for one use, and for nobody but their client.

use std::time::Duration;

use super::super::harness::{Cloud, assert_error};
use super::{Client, refused, text};

/// Tokens of a customer, which can be refreshed.
async fn begin(cloud: &Cloud) -> (Client, String, String) {
    let client = Client::of_product(cloud).await;
    let path = "/v1/products/12345/customers";
    let form = format!(
        "client_id={}&client_secret={}&email=kim&password=correct+horse+battery",
        client.id, client.secret
    );
    let (status, body) = cloud.form("POST", path, None, &form).await;
    assert_eq!(status, 201, "{body}");
    (client, text(&body, "access_token"), text(&body, "refresh_token"))
}

#[tokio::test]
async fn p9_a_refresh_token_gives_a_new_pair_and_is_good_once() {
    let cloud = Cloud::new().await;
    let (client, first, refresh) = begin(&cloud).await;
    let again = format!("grant_type=refresh_token&refresh_token={refresh}");
    let (status, body) = client.ask(&cloud, &again).await;
    assert_eq!((status.as_u16(), body["expires_in"].as_u64()), (200, Some(3_600)), "{body}");
    let second = text(&body, "access_token");
    assert_ne!(text(&body, "refresh_token"), refresh);
    let (_, user) = cloud.get("/v1/user", &second).await;
    assert_eq!(user["username"], "kim", "the name goes from token to token, sealed");
    assert_eq!(cloud.get("/v1/user", &first).await.0, 200, "what is under way goes on");
}

#[tokio::test]
async fn p9_a_refresh_token_that_comes_twice_ends_all_that_came_of_its_login() {
    let cloud = Cloud::new().await;
    let (client, first, refresh) = begin(&cloud).await;
    let again = format!("grant_type=refresh_token&refresh_token={refresh}");
    let (_, body) = client.ask(&cloud, &again).await;
    let (second, next) = (text(&body, "access_token"), text(&body, "refresh_token"));
    assert_eq!(refused(&client.ask(&cloud, &again).await), (400, "invalid_grant".into()));
    for token in [&first, &second] {
        assert_error(&cloud.get("/v1/user", token).await, 401, "access token");
    }
    let next = format!("grant_type=refresh_token&refresh_token={next}");
    assert_eq!(refused(&client.ask(&cloud, &next).await), (400, "invalid_grant".into()));
}

#[tokio::test]
async fn p9_two_at_once_with_one_refresh_token_do_not_both_get_in() {
    let cloud = Cloud::new().await;
    let (client, ..) = begin(&cloud).await;
    let login = "grant_type=password&username=kim&password=correct+horse+battery";
    let refresh = text(&client.ask(&cloud, login).await.1, "refresh_token");
    let again = format!("grant_type=refresh_token&refresh_token={refresh}");
    let (one, two) = tokio::join!(client.ask(&cloud, &again), client.ask(&cloud, &again));
    assert!(!(one.0.is_success() && two.0.is_success()), "{one:?} {two:?}");
    for (status, body) in [one, two] {
        if status.is_success() {
            let token = text(&body, "access_token");
            assert_eq!(
                cloud.get("/v1/user", &token).await.0,
                401,
                "nobody can tell who was the thief"
            );
        }
    }
}

#[tokio::test]
async fn p9_a_refresh_token_is_good_for_its_own_client_its_time_and_no_more_scopes() {
    let cloud = Cloud::new().await;
    let (client, _, refresh) = begin(&cloud).await;
    let again = format!("grant_type=refresh_token&refresh_token={refresh}");
    let other = Client::of_ada(&cloud).await;
    assert_eq!(refused(&other.ask(&cloud, &again).await).1, "invalid_grant");
    let more = format!("{again}&scope=clients:create");
    assert_eq!(refused(&client.ask(&cloud, &more).await).1, "invalid_scope");
    let wrong = Client { id: client.id.clone(), secret: other.secret };
    assert_eq!(refused(&wrong.ask(&cloud, &again).await), (400, "invalid_client".into()));
    assert_eq!(cloud.get(&format!("/v1/access_tokens/{refresh}"), &refresh).await.0, 405);
    assert_eq!(cloud.get("/v1/user", &refresh).await.0, 401, "it calls nothing");
    let less = format!("{again}&scope=devices:get");
    let (_, body) = client.ask(&cloud, &less).await;
    assert_eq!(body["scope"], "devices:get", "{body}");

    cloud.advance(Duration::from_secs(14 * 24 * 3_600));
    let late = format!("grant_type=refresh_token&refresh_token={}", text(&body, "refresh_token"));
    assert_eq!(refused(&client.ask(&cloud, &late).await).1, "invalid_grant");
}
