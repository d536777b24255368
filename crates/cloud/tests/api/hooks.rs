//! Webhooks: from an event to a receiver on loopback and back to the streams, and who is not to be reached.

use std::sync::{Arc, Mutex};

use pintle_cloud::event::interest::Arrival;
use pintle_cloud::event::{Event, Published, Wanted};
use pintle_cloud::hook::courier::Courier;
use serde_json::{Value, json};

use super::events::{Stream, event};
use super::harness::{Cloud, START_MS, assert_error};
use super::receiver::Receiver;

/// A cloud whose webhooks are delivered, and the rows that nobody waits for any more.
struct Delivering {
    cloud: Cloud,
    token: String,
    taken: Arc<Mutex<Vec<u64>>>,
}

impl Delivering {
    async fn new() -> Self {
        let (mut cloud, token) = Cloud::with_alpha().await;
        let taken = Arc::new(Mutex::new(Vec::new()));
        let rows = Arc::clone(&taken);
        let tell = Arc::new(move |row| rows.lock().unwrap().push(row));
        let arriving = cloud.arriving.take().unwrap();
        let courier =
            Courier::new(cloud.hooks.clone(), cloud.bus.clone(), arriving, tell, || START_MS);
        tokio::spawn(courier.run(cloud.shutdown.subscribe()));
        Self { cloud, token, taken }
    }

    async fn make(&self, body: Value) -> Value {
        let (status, made) = self.post("/v1/integrations", body).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let (status, body) =
            self.cloud.json("POST", path, Some(&self.token), &body.to_string()).await;
        (status.as_u16(), body)
    }

    /// An event of device alpha that a row keeps.
    fn publish(&self, row: u64, name: &str, data: &[u8]) {
        let event = event(&self.cloud, name, data, 0);
        let event = Published::kept(event, Wanted { outbox: false, hooks: true });
        self.cloud.interests.put(Arrival { row: Some(row), event });
    }

    async fn stream(&self) -> Stream {
        Stream::open(&self.cloud, "/v1/events/hook-", &self.token).await
    }
}

#[tokio::test]
async fn an_event_reaches_its_receiver_signed_and_the_answer_comes_back_as_events() {
    let node = Delivering::new().await;
    let mut receiver = Receiver::start().await;
    let mut stream = node.stream().await;
    let made = node.make(json!({ "event": "temp", "url": receiver.url("/in?k=v") })).await;
    receiver.answer("200 OK", "", "thanks");
    node.publish(7, "temp/one", b"21.5");

    let received = receiver.next().await;
    assert_eq!(received.line(), "POST /in?k=v HTTP/1.1");
    assert_eq!(received.header("host"), Some(receiver.address.to_string().as_str()));
    let form = "event=temp%2Fone&data=21.5&coreid=0a0a0a0a0a0a0a0a0a0a0a0a&published_at=1970-01-01T00%3A00%3A00.000Z";
    assert_eq!(received.body, form);
    let id = received.header("webhook-id").unwrap();
    let at = received.header("webhook-timestamp").unwrap();
    assert_eq!(at, (START_MS / 1_000).to_string());
    let key = made["signing_secret"].as_str().unwrap();
    assert_eq!(
        received.header("webhook-signature"),
        Some(signed(key, id, at, &received.body).as_str())
    );

    let sent = stream.piece().await.unwrap();
    assert!(sent.starts_with("event: hook-sent/temp/one\n"), "{sent}");
    let answered =
        if sent.contains("hook-response") { sent } else { stream.piece().await.unwrap() };
    assert!(answered.contains("event: hook-response/temp/one/0\n"), "{answered}");
    assert!(answered.contains("\"data\":\"thanks\"") && answered.contains("particle-internal"));
    assert_eq!(*node.taken.lock().unwrap(), [7], "nobody waits for the row any more");
}

fn signed(key: &str, id: &str, at: &str, body: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let key = STANDARD.decode(key.strip_prefix("whsec_").unwrap()).unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key);
    let tag = aws_lc_rs::hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

#[tokio::test]
async fn templates_fill_in_body_headers_query_and_topics() {
    let node = Delivering::new().await;
    let mut receiver = Receiver::start().await;
    node.make(json!({
        "event": "temp",
        "url": receiver.url("/{{PARTICLE_DEVICE_ID}}/{{x}}"),
        "requestType": "PUT",
        "json": { "a": "{{PARTICLE_EVENT_VALUE}}", "n": 1, "x": ["{{{x}}}"] },
        "noDefaults": true,
        "headers": { "X-Key": "k-{{x}}" },
        "query": { "q": "{{x}}" },
        "auth": { "username": "u", "password": "p" },
        "responseTopic": "{{PARTICLE_DEVICE_ID}}/done",
        "responseTemplate": "{{#list}}{{n}},{{/list}}",
    }))
    .await;
    let mut stream = Stream::open(&node.cloud, "/v1/events/0a0a", &node.token).await;
    receiver.answer("201 Created", "", r#"{"list":[{"n":1},{"n":2}]}"#);
    node.publish(1, "temp", br#"{"x":"a/b&c"}"#);
    let received = receiver.next().await;
    assert_eq!(received.line(), "PUT /0a0a0a0a0a0a0a0a0a0a0a0a/a%2Fb%26c?q=a%2Fb%26c HTTP/1.1");
    let body: Value = serde_json::from_str(&received.body).unwrap();
    let escaped = "{&quot;x&quot;:&quot;a/b&amp;c&quot;}";
    assert_eq!(body, json!({ "a": escaped, "n": 1, "x": ["a/b&c"] }));
    assert_eq!(received.header("x-key"), Some("k-a/b&c"));
    assert_eq!(received.header("authorization"), Some("Basic dTpw"));
    assert_eq!(received.header("content-type"), Some("application/json"));
    let told = stream.piece().await.unwrap();
    assert!(told.starts_with("event: 0a0a0a0a0a0a0a0a0a0a0a0a/done/0\n"), "{told}");
    assert!(told.contains("\"data\":\"1,2,\""), "{told}");
}

#[tokio::test]
async fn a_receiver_that_says_no_is_told_of_and_one_that_is_broken_keeps_its_row() {
    let node = Delivering::new().await;
    let mut receiver = Receiver::start().await;
    let mut stream = node.stream().await;
    let made = node.make(json!({ "event": "t", "url": receiver.url("/") })).await;
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    receiver.answer("404 Not Found", "", "");
    node.publish(1, "t", b"");
    receiver.next().await;
    let told = stream.piece().await.unwrap();
    assert!(told.starts_with("event: hook-error/t/0\n"), "{told}");
    assert!(told.contains("error status 404 from 127.0.0.1"), "{told}");
    assert_eq!(*node.taken.lock().unwrap(), [1]);

    receiver.answer("503 Service Unavailable", "", "");
    node.publish(2, "t", b"");
    receiver.next().await;
    // The next one is told of after the one before was judged.
    node.publish(3, "t", b"");
    receiver.next().await;
    while node.taken.lock().unwrap().len() < 2 {
        stream.piece().await.unwrap();
    }
    assert_eq!(*node.taken.lock().unwrap(), [1, 3], "it is tried again later");
    let (_, shown) = node.cloud.get(&path, &node.token).await;
    let logs = shown["integration"]["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 3);
    let again = logs.iter().find(|log| log["status"] == 503).unwrap();
    assert_eq!(again["will_retry"], true);
}

#[tokio::test]
async fn p9_a_redirect_is_not_followed() {
    let node = Delivering::new().await;
    let (mut receiver, mut other) = (Receiver::start().await, Receiver::start().await);
    let mut stream = node.stream().await;
    node.make(json!({ "event": "t", "url": receiver.url("/") })).await;
    receiver.answer("302 Found", &format!("location: {}\r\n", other.url("/")), "");
    node.publish(1, "t", b"");
    receiver.next().await;
    assert!(stream.piece().await.unwrap().contains("error status 302"));
    assert!(other.is_quiet());
}

#[tokio::test]
async fn p9_what_is_not_public_is_reached_only_where_the_operator_allows_it() {
    let node = Delivering::new().await;
    let mut receiver = Receiver::start().await;
    let mut stream = node.stream().await;
    // The harness allows 127.0.0.1 alone.
    let port = receiver.address.port();
    for host in ["127.0.0.2", "[::1]", "localhost.rebinding.test"] {
        node.make(json!({ "event": "t", "url": format!("http://{host}:{port}/") })).await;
    }
    node.publish(1, "t", b"");
    for _ in 0..3 {
        let told = stream.piece().await.unwrap();
        assert!(told.contains("is not on the public internet"), "{told}");
        if told.matches("hook-error").count() == 3 {
            break;
        }
    }
    assert!(receiver.is_quiet());
}

#[tokio::test]
async fn what_a_person_publishes_is_kept_for_webhooks_that_want_it() {
    let node = Delivering::new().await;
    node.make(json!({ "event": "h", "url": "https://x.example/" })).await;
    for name in ["hook-error/x/0", "hello", "other"] {
        let answer = node.post("/v1/devices/events", json!({ "name": name, "data": "x" })).await;
        assert_eq!(answer.1["ok"], true);
    }
    let kept = node.cloud.script.kept.lock().unwrap();
    assert_eq!(kept.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["hello"]);
}

#[tokio::test]
async fn a_row_that_no_webhook_wants_any_more_is_let_go() {
    let node = Delivering::new().await;
    let mut receiver = Receiver::start().await;
    node.make(json!({ "event": "last", "url": receiver.url("/") })).await;
    node.publish(1, "nobody's", b"");
    node.publish(2, "last", b"");
    receiver.next().await;
    assert_eq!(node.taken.lock().unwrap().first(), Some(&1));
}

#[tokio::test]
async fn both_generations_of_clients_make_list_and_remove_webhooks() {
    let (cloud, token) = Cloud::with_alpha().await;
    let id = super::harness::ALPHA;
    for (path, device) in [("/v1/integrations", "deviceid"), ("/v1/webhooks", "deviceId")] {
        let body = json!({ "event": "e", "url": "https://x.example", device: "alpha",
            "rejectUnauthorized": true, "noDefaults": true, "requestType": "PUT",
            "auth": { "username": "u", "password": "hush" }, "headers": { "h": "v" },
            "query": { "q": "1" }, "json": { "a": 1 }, "responseTemplate": "rt" });
        let (status, made) = cloud.json("POST", path, Some(&token), &body.to_string()).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!((&made["ok"], &made["deviceID"]), (&true.into(), &id.into()));
        let own = format!("{path}/{}", made["id"].as_str().unwrap());

        let (_, list) = cloud.get("/v1/integrations", &token).await;
        assert_eq!(list[0]["integration_type"], "Webhook");
        let (_, shown) = cloud.get(&own, &token).await;
        let shown = &shown["integration"];
        assert_eq!((&shown["requestType"], &shown["json"]), (&"PUT".into(), &json!({ "a": 1 })));
        assert_eq!(shown["auth"], json!({ "username": "u", "password": "********" }));
        assert!(!shown.to_string().contains("hush") && !shown.to_string().contains("whsec_"));
        let bob = cloud.login("bob").await;
        assert_error(&cloud.get(&own, &bob).await, 404, "no such integration");
        assert_eq!(cloud.get(path, &bob).await.1, json!([]));

        let edited = json!({ "event": "f", "url": "https://y.example/" }).to_string();
        let (_, after) = cloud.json("PUT", &own, Some(&token), &edited).await;
        assert_eq!(after["integration"]["event"], "f");
        assert!(after["integration"]["auth"].is_null(), "it is a full replacement");
        let gone = cloud.send("DELETE", &own, Some(&token), "application/json", "{}".into()).await;
        assert_eq!(gone.status(), 204);
        assert_error(&cloud.get(&own, &token).await, 404, "no such integration");
    }
}

#[tokio::test]
async fn what_is_not_shown_is_left_as_it_is_by_who_sends_it_back() {
    let node = Delivering::new().await;
    let mut receiver = Receiver::start().await;
    let auth = |password: &str| json!({ "username": "u", "password": password });
    let told = |password: &str, header: &str| json!({ "event": "t", "url": receiver.url("/"), "auth": auth(password), "headers": { "x-key": header } });
    let made = node.make(told("p", "first")).await;
    let path = format!("/v1/integrations/{}", made["id"].as_str().unwrap());
    let again = told("********", "********").to_string();
    let (status, _) = node.cloud.json("PUT", &path, Some(&node.token), &again).await;
    assert_eq!(status, 200);
    node.publish(1, "t", b"");
    let received = receiver.next().await;
    assert_eq!(received.header("authorization"), Some("Basic dTpw"));
    assert_eq!(received.header("x-key"), Some("first"));
}

#[tokio::test]
async fn what_a_webhook_must_not_be_told_is_refused_with_its_reason() {
    let (cloud, token) = Cloud::with_alpha().await;
    let with = |name: &str, value: Value| {
        let mut body = json!({ "event": "e", "url": "https://x.example/" });
        body[name] = value;
        body
    };
    let cases = [
        (with("event", "".into()), "event is missing"),
        (with("event", "hook-sent".into()), "not begin with hook-"),
        (with("url", "ftp://x.example/".into()), "must begin with https://"),
        (with("url", "https://u:p@x.example/".into()), "put them into auth"),
        (with("url", "https://{{x}}.example/".into()), "host of the address"),
        (with("headers", json!({ "Host": "y" })), "this server sets it itself"),
        (with("headers", json!({ "webhook-id": "y" })), "this server sets it itself"),
        (with("headers", json!({ "x": "a\r\nb: c" })), "cannot be sent"),
        (with("json", json!({ "a": "{{#x}}" })), "do not close each other"),
        (with("responseTopic", "spark/x".into()), "the server's own"),
        (with("rejectUnauthorized", false.into()), "always verified"),
        (with("integration_type", "AzureIotHub".into()), "must be Webhook"),
        (with("requestType", "CONNECT".into()), "GET, POST"),
        (with("name", "x".repeat(129).into()), "at most"),
        (with("body", "x".repeat(20_000).into()), "longer than"),
    ];
    for (body, why) in cases {
        let answer = cloud.json("POST", "/v1/webhooks", Some(&token), &body.to_string()).await;
        assert_error(&answer, 400, why);
    }
    let unknown = with("deviceID", "0c0c0c0c0c0c0c0c0c0c0c0c".into()).to_string();
    assert_error(
        &cloud.json("POST", "/v1/webhooks", Some(&token), &unknown).await,
        404,
        "not found",
    );
}

#[tokio::test]
async fn webhooks_are_tried_out_and_show_what_came() {
    let node = Delivering::new().await;
    let mut receiver = Receiver::start().await;
    let made = node.make(json!({ "event": "t", "url": receiver.url("/") })).await;
    let path = format!("/v1/integrations/{}/test", made["id"].as_str().unwrap());
    let (_, trial) = node.post(&path, json!({ "data": "now" })).await;
    assert_eq!((&trial["pass"], &trial["data"]), (&true.into(), &"ok".into()), "{trial}");
    assert!(receiver.next().await.body.contains("data=now"));
    receiver.answer("500 Oh", "", "no");
    let (_, trial) = node.post(&path, json!({})).await;
    assert_eq!((&trial["pass"], &trial["status"]), (&false.into(), &500.into()), "{trial}");
}

#[tokio::test]
async fn p5_what_a_webhook_is_told_lies_sealed_and_is_known_after_a_start() {
    let (cloud, token) = Cloud::with_alpha().await;
    let body = json!({ "event": "planted-prefix", "url": "https://planted.example/?key=planted-query",
        "auth": { "username": "u", "password": "planted-password" }, "headers": { "x": "planted-header" },
        "body": "planted-body" });
    let (_, made) = cloud.json("POST", "/v1/webhooks", Some(&token), &body.to_string()).await;
    cloud.store.flush().await.unwrap();
    for file in std::fs::read_dir(cloud.dir.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let found = bytes.windows(7).any(|window| window == b"planted");
        assert!(!found, "{}", path.display());
        let key = made["signing_secret"].as_str().unwrap().as_bytes();
        assert!(!bytes.windows(key.len()).any(|window| window == key), "{}", path.display());
    }
    let (other, _) = cloud.more_hooks();
    assert_eq!(other.list(cloud.ada, None).len(), 0);
    other.load().await.unwrap();
    assert_eq!(other.list(cloud.ada, None)[0].settings.event, "planted-prefix");
}

#[tokio::test]
async fn a_products_webhook_hears_its_devices_whoever_owns_them() {
    let node = Delivering::new().await;
    let mut receiver = Receiver::start().await;
    let product = json!({ "product": { "name": "p", "platform_id": 13, "id": 777 } });
    assert_eq!(node.post("/v1/products", product).await.0, 200);
    let added = node.post("/v1/products/777/devices", json!({ "id": super::harness::ALPHA })).await;
    assert_eq!(added.0, 200, "{}", added.1);
    let hook =
        json!({ "event": "t", "url": receiver.url("/"), "query": { "p": "{{PRODUCT_ID}}" } });
    let (status, made) = node.post("/v1/products/777/webhooks", hook).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(node.cloud.get("/v1/webhooks", &node.token).await.1, json!([]));
    let event = Event { owner: None, ..event(&node.cloud, "t", b"1", 0) };
    let event = Published::kept(event, Wanted { outbox: false, hooks: true });
    node.cloud.interests.put(Arrival { row: Some(1), event });
    assert_eq!(receiver.next().await.line(), "POST /?p=777 HTTP/1.1");
}
