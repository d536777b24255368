//! Publishing and streams.

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use pintle_cloud::event::{Event, Source};
use tower::ServiceExt as _;

use super::harness::{ALPHA, Cloud, assert_error};

pub struct Stream(Body);

impl Stream {
    pub async fn open(cloud: &Cloud, path: &str, token: &str) -> Self {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let response =
            cloud.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        let mut stream = Self(response.into_body());
        assert_eq!(stream.piece().await.unwrap(), ":ok\n\n");
        stream
    }

    pub async fn piece(&mut self) -> Option<String> {
        let frame = self.0.frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }
}

pub fn event(cloud: &Cloud, name: &str, data: &[u8], content_format: u16) -> Event {
    Event {
        name: name.to_owned(),
        data: data.to_vec(),
        content_format,
        ttl: 60,
        published_at_ms: 0,
        source: Source::Device(ALPHA.parse().unwrap()),
        owner: Some(cloud.ada),
    }
}

#[tokio::test]
async fn what_one_publishes_ones_own_streams_hear() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut stream = Stream::open(&cloud, "/v1/devices/events?nonce=0.5", &token).await;
    let body = r#"{"name":"temp/x","data":"25.3","private":true}"#;
    assert_eq!(cloud.json("POST", "/v1/devices/events", Some(&token), body).await.1["ok"], true);
    assert_eq!(
        stream.piece().await.unwrap(),
        "event: temp/x\ndata: {\"coreid\":\"api\",\"data\":\"25.3\",\"published_at\":\"2027-01-15T08:00:00.000Z\",\"ttl\":60}\n\n"
    );
}

#[tokio::test]
async fn a_stream_hears_its_prefix_its_device_and_its_owner_only() {
    let (cloud, token) = Cloud::with_alpha().await;
    let bob = cloud.login("bob").await;
    let mut others = Stream::open(&cloud, "/v1/devices/events", &bob).await;
    let mut one = Stream::open(&cloud, "/v1/devices/alpha/events/temp%2Fx%20y", &token).await;
    let mut any = Stream::open(&cloud, "/v1/events/temp", &token).await;
    cloud.bus.publish(event(&cloud, "other", b"", 0));
    cloud.bus.publish(event(&cloud, "temp/y", b"", 0));
    cloud.bus.publish(Event { source: Source::Api, ..event(&cloud, "temp/x y", b"", 0) });
    cloud.bus.publish(event(&cloud, "temp/x y/z", b"", 0));
    assert!(one.piece().await.unwrap().starts_with("event: temp/x y/z\n"));
    assert!(any.piece().await.unwrap().starts_with("event: temp/y\n"));
    cloud.json("POST", "/v1/devices/events", Some(&bob), r#"{"name":"mine"}"#).await;
    assert!(others.piece().await.unwrap().starts_with("event: mine\n"));
}

#[tokio::test]
async fn bytes_that_are_no_text_come_as_a_data_url_and_a_name_stays_on_its_line() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut stream = Stream::open(&cloud, "/v1/devices/events", &token).await;
    cloud.bus.publish(event(&cloud, "raw", &[0xff, 0], 0));
    assert!(
        stream.piece().await.unwrap().contains("\"data:application/octet-stream;base64,/wA=\"")
    );
    cloud.bus.publish(event(&cloud, "typed", b"AB", 42));
    assert!(stream.piece().await.unwrap().contains("base64,QUI="));
    cloud.bus.publish(event(&cloud, "a\r\ndata: {}\r\n\r\nevent: b", "ü\n".as_bytes(), 0));
    let piece = stream.piece().await.unwrap();
    assert_eq!(piece.lines().count(), 3, "{piece:?}");
    assert!(piece.contains("\"ü\\n\""), "{piece:?}");
}

#[tokio::test]
async fn what_waits_for_a_stream_comes_in_one_piece() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut stream = Stream::open(&cloud, "/v1/devices/events", &token).await;
    for name in ["a", "b", "c"] {
        cloud.bus.publish(event(&cloud, name, b"x", 0));
    }
    let piece = stream.piece().await.unwrap();
    let names: Vec<_> = piece.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(piece.ends_with("}\n\n"));
}

#[tokio::test]
async fn silence_is_broken_before_clients_hang_up() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut stream = Stream::open(&cloud, "/v1/devices/events", &token).await;
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    assert_eq!(stream.piece().await.unwrap(), ":\n\n");
    assert!(before.elapsed().as_secs() < 10, "{:?}", before.elapsed());
}

#[tokio::test]
async fn the_end_of_the_node_ends_the_streams() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut stream = Stream::open(&cloud, "/v1/devices/events", &token).await;
    cloud.shutdown.send(true).unwrap();
    assert_eq!(stream.piece().await, None);
    assert_error(&cloud.get("/readyz", &token).await, 503, "ending");
}

#[tokio::test]
async fn p9_a_stream_ends_with_the_token_it_was_opened_with_and_no_other() {
    let (cloud, token) = Cloud::with_alpha().await;
    let other = cloud.login("ada@example.com").await;
    let mut ending = Stream::open(&cloud, "/v1/devices/events", &token).await;
    let mut staying = Stream::open(&cloud, "/v1/devices/alpha/events", &other).await;
    let path = "/v1/access_tokens/current";
    assert_eq!(cloud.json("DELETE", path, Some(&token), "").await.0, 200);
    assert_eq!(ending.piece().await, None);
    cloud.bus.publish(event(&cloud, "still", b"", 0));
    assert!(staying.piece().await.unwrap().starts_with("event: still\n"));
    assert_eq!(cloud.json("DELETE", "/v1/access_tokens", Some(&other), "").await.0, 200);
    assert_eq!(staying.piece().await, None);
}

#[tokio::test]
async fn an_account_opens_a_hundred_streams_and_one_more_when_one_ends() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(Stream::open(&cloud, "/v1/devices/events", &token).await);
    }
    assert_error(&cloud.get("/v1/events/x", &token).await, 429, "100 event streams");
    let bob = cloud.login("bob").await;
    Stream::open(&cloud, "/v1/devices/events", &bob).await;
    open.pop();
    while cloud.bus.readers() > 99 {
        tokio::task::yield_now().await;
    }
    while cloud.send("HEAD", "/v1/devices/events", Some(&token), "", String::new()).await.status()
        != 200
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_reader_that_hangs_up_leaves_nothing_open() {
    let (cloud, token) = Cloud::with_alpha().await;
    let stream = Stream::open(&cloud, "/v1/devices/events", &token).await;
    assert_eq!(cloud.bus.readers(), 1);
    drop(stream);
    while cloud.bus.readers() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_event_that_cannot_travel_is_refused() {
    let (cloud, token) = Cloud::with_alpha().await;
    let long = "x".repeat(1_025);
    for (body, status, text) in [
        (r#"{"data":"x"}"#.to_owned(), 400, "name"),
        (format!(r#"{{"name":"{}"}}"#, &long[..65]), 400, "64"),
        (format!(r#"{{"name":"a","data":"{long}"}}"#), 413, "1024"),
        (r#"{"name":"spark/status","data":"online"}"#.to_owned(), 400, "server's own"),
    ] {
        assert_error(
            &cloud.json("POST", "/v1/devices/events", Some(&token), &body).await,
            status,
            text,
        );
    }
    assert_error(&cloud.get("/v1/events", &token).await, 400, "event prefix filter is required");
}
