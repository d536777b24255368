//! Who asks for too much, through the router: refused with 429 and told when to come back.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use pintle_cloud::api::Peer;
use tower::ServiceExt as _;

use super::harness::{Cloud, assert_error, read};

/// An address of this machine.
fn loopback(number: u16) -> SocketAddr {
    let [c, d] = number.to_be_bytes();
    SocketAddr::new(IpAddr::from(Ipv4Addr::new(127, 1, c, d)), 1_024)
}

async fn login(cloud: &Cloud, from: SocketAddr, name: &str, password: &str) -> Response {
    let form =
        format!("grant_type=password&client_id=particle-cli&username={name}&password={password}");
    let request = Request::post("/oauth/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .extension(Peer(from))
        .body(Body::from(form))
        .unwrap();
    cloud.router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn p9_guessing_slows_an_account_and_not_its_owner_where_the_owner_was_before() {
    let cloud = Cloud::new().await;
    let home = loopback(1);
    assert_eq!(login(&cloud, home, "bob", "correct+horse").await.status(), 200);
    for stranger in 2..12 {
        assert_eq!(login(&cloud, loopback(stranger), "bob", "wrong").await.status(), 400);
    }
    let response = login(&cloud, loopback(20), "bob", "correct+horse").await;
    let wait: u64 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_error(&read(response).await, 429, "Too many failed logins");
    assert_eq!(login(&cloud, home, "bob", "correct+horse").await.status(), 200);
    let other = login(&cloud, loopback(20), "ada%40example.com", "correct+horse").await;
    assert_eq!(other.status(), 200, "another account is as it was");
    cloud.advance(Duration::from_secs(wait));
    assert_eq!(login(&cloud, loopback(20), "bob", "correct+horse").await.status(), 200);
}

#[tokio::test]
async fn one_address_may_be_wrong_ten_times_whoever_it_tries() {
    let cloud = Cloud::new().await;
    for name in 0..10 {
        assert_eq!(login(&cloud, loopback(1), &format!("n{name}"), "wrong").await.status(), 400);
    }
    assert_eq!(login(&cloud, loopback(1), "bob", "correct+horse").await.status(), 429);
    assert_eq!(login(&cloud, loopback(2), "bob", "correct+horse").await.status(), 200);
    cloud.advance(Duration::from_secs(180));
    assert_eq!(login(&cloud, loopback(1), "bob", "correct+horse").await.status(), 200);
}

#[tokio::test]
async fn p9_a_flood_is_refused_before_the_store_is_asked_and_in_the_one_shape() {
    let cloud = Cloud::new().await;
    let ask = async |from: u16| {
        let request = Request::delete("/v1/access_tokens/current")
            .extension(Peer(loopback(from)))
            .header(header::AUTHORIZATION, format!("Bearer {}", "0".repeat(64)))
            .body(Body::empty())
            .unwrap();
        cloud.router.clone().oneshot(request).await.unwrap()
    };
    for _ in 0..100 {
        assert_eq!(ask(1).await.status(), 401);
    }
    let response = ask(1).await;
    assert_eq!(response.headers()[header::RETRY_AFTER], "3");
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_error(&read(response).await, 429, "Try again in 3 seconds");
    assert_eq!(ask(2).await.status(), 401);
    cloud.advance(Duration::from_secs(3));
    assert_eq!(ask(1).await.status(), 401);
}

#[tokio::test]
async fn a_client_that_asks_for_its_stream_every_two_seconds_is_never_kept_out() {
    let cloud = Cloud::new().await;
    let token = cloud.login("bob").await;
    for _ in 0..1_000 {
        let request = Request::get("/v1/devices/events")
            .extension(Peer(loopback(1)))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let response = cloud.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        drop(response);
        cloud.advance(Duration::from_secs(2));
    }
}
