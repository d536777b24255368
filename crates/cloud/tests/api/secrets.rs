//! One-time secrets between two people, as the server sees them: sealed, once, and then gone.

use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_cloud::audit::{Act, Who};
use pintle_cloud::secret::{Fingerprint, PrivateKey, Ticket, sealed};
use serde_json::{Value, json};

use crate::harness::{Cloud, START_MS, assert_error};

const PLANTED: &[u8] = b"the combination is 12-7-41";

/// Ada, who sends, and bob, who has a key.
struct Two {
    cloud: Cloud,
    ada: String,
    bob: String,
    key: PrivateKey,
}

impl Two {
    async fn new() -> Self {
        let cloud = Cloud::new().await;
        let (ada, bob) = (cloud.login("ada@example.com").await, cloud.login("bob").await);
        let key = PrivateKey::generate().unwrap();
        let (_, user) = cloud.get("/v1/user", &bob).await;
        assert_eq!(user["username"], "bob");
        let two = Self { cloud, ada, bob, key };
        two.register(&two.key).await;
        two
    }

    /// Beside the API, which wants a second factor for it.
    async fn register(&self, key: &PrivateKey) {
        let bob = self.cloud.account("bob").await;
        let act = Act::new("secret_key.added", Who::Account(bob), START_MS);
        self.cloud.store.secret_keys().add(bob, key.public(), START_MS, act).await.unwrap();
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> (StatusCode, Value) {
        self.cloud.json("POST", path, Some(token), &body.to_string()).await
    }

    fn sealed(&self, ticket: &Ticket) -> Value {
        let wrapped = ticket.wrap(&sealed::seal(PLANTED, self.key.public()).unwrap()).unwrap();
        json!({
            "to": "bob",
            "fingerprint": self.key.public().fingerprint().hex(),
            "find": Fingerprint(*ticket.find()).hex(),
            "sealed": STANDARD.encode(wrapped),
            "expires_in": 3600,
        })
    }

    async fn send(&self) -> (Ticket, String) {
        let ticket = Ticket::generate().unwrap();
        let (status, body) = self.post("/v1/secrets", &self.ada, &self.sealed(&ticket)).await;
        assert_eq!(status, 200, "{body}");
        (ticket, body["id"].as_str().unwrap().to_owned())
    }

    async fn read(&self, token: &str, ticket: &Ticket, reader: u8) -> (StatusCode, Value) {
        let body = json!({
            "find": Fingerprint(*ticket.find()).hex(),
            "fingerprint": self.key.public().fingerprint().hex(),
            "reader": Fingerprint([reader; 32]).hex(),
        });
        self.post("/v1/secrets/read", token, &body).await
    }

    async fn confirm(&self, token: &str, ticket: &Ticket, reader: u8) -> (StatusCode, Value) {
        let body = json!({
            "find": Fingerprint(*ticket.find()).hex(),
            "reader": Fingerprint([reader; 32]).hex(),
        });
        self.post("/v1/secrets/confirm", token, &body).await
    }

    /// The state of the one secret, as each of them sees it.
    async fn states(&self) -> (Value, Value) {
        let (_, ada) = self.cloud.get("/v1/secrets", &self.ada).await;
        let (_, bob) = self.cloud.get("/v1/secrets", &self.bob).await;
        (ada["secrets"][0].clone(), bob["secrets"][0].clone())
    }
}

fn opened(two: &Two, ticket: &Ticket, answer: &Value) -> Vec<u8> {
    let wrapped = STANDARD.decode(answer["sealed"].as_str().unwrap()).unwrap();
    sealed::open(&ticket.unwrap(&wrapped).unwrap(), &two.key).unwrap().to_vec()
}

#[tokio::test]
async fn p5_a_secret_is_read_once_and_then_gone_and_both_sides_see_when() {
    let two = Two::new().await;
    let (status, found) =
        two.post("/v1/secrets/recipient", &two.ada, &json!({ "to": "bob" })).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["keys"][0]["fingerprint"], two.key.public().fingerprint().hex());
    let (ticket, _) = two.send().await;
    assert_eq!(two.states().await.0["state"], "waiting");
    // Nobody but bob, whatever half of the id they know.
    assert_error(&two.read(&two.ada, &ticket, 1).await, 404, "no such secret");
    let (status, answer) = two.read(&two.bob, &ticket, 2).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(opened(&two, &ticket, &answer), PLANTED);
    // An answer that got lost is given once more to the same reader, and to no other.
    assert_eq!(two.read(&two.bob, &ticket, 2).await.0, 200);
    assert_error(
        &two.read(&two.bob, &ticket, 3).await,
        410,
        "was read at 2027-01-15T08:00:00.000Z",
    );
    assert_error(&two.confirm(&two.bob, &ticket, 3).await, 404, "no such secret");
    assert_error(&two.confirm(&two.ada, &ticket, 2).await, 404, "no such secret");
    assert_eq!(two.confirm(&two.bob, &ticket, 2).await.0, 200);
    assert_error(&two.read(&two.bob, &ticket, 2).await, 410, "was read at");
    let (ada, bob) = two.states().await;
    assert_eq!((&ada["state"], &ada["read_at"]), (&json!("read"), &bob["read_at"]));
    assert_eq!((&ada["sent"], &bob["received"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn a_secret_that_was_fetched_and_never_confirmed_is_destroyed_all_the_same() {
    let two = Two::new().await;
    let (ticket, _) = two.send().await;
    assert_eq!(two.read(&two.bob, &ticket, 2).await.0, 200);
    two.cloud.advance(Duration::from_secs(10 * 60));
    assert_error(&two.read(&two.bob, &ticket, 2).await, 410, "was read at");
}

#[tokio::test]
async fn a_secret_ends_when_its_time_is_over_or_either_side_drops_it() {
    let two = Two::new().await;
    let (expires, _) = two.send().await;
    two.cloud.advance(Duration::from_secs(3600));
    assert_error(&two.read(&two.bob, &expires, 1).await, 410, "expired");
    assert_eq!(two.states().await.0["state"], "expired");
    let (dropped, name) = two.send().await;
    let path = format!("/v1/secrets/{name}");
    assert_eq!(two.cloud.json("DELETE", &path, Some(&two.ada), "").await.0, 200);
    assert_error(&two.read(&two.bob, &dropped, 1).await, 410, "dropped");
    assert_error(&two.cloud.json("DELETE", &path, Some(&two.ada), "").await, 404, "no such secret");
}

#[tokio::test]
async fn a_secret_waits_for_the_key_that_it_is_sealed_to() {
    let mut two = Two::new().await;
    let (ticket, _) = two.send().await;
    let right = std::mem::replace(&mut two.key, PrivateKey::generate().unwrap());
    let refused = two.read(&two.bob, &ticket, 1).await;
    assert_error(&refused, 409, &right.public().fingerprint().to_string());
    two.key = right;
    assert_eq!(two.read(&two.bob, &ticket, 1).await.0, 200);
}

#[tokio::test]
async fn who_is_not_here_and_who_has_no_key_are_told_apart_by_nothing() {
    let two = Two::new().await;
    let ask =
        async |to: &str| two.post("/v1/secrets/recipient", &two.bob, &json!({ "to": to })).await;
    assert_eq!(ask("ada@example.com").await, ask("nobody@example.com").await);
    let ticket = Ticket::generate().unwrap();
    let mut body = two.sealed(&ticket);
    body["to"] = "ada@example.com".into();
    assert_error(&two.post("/v1/secrets", &two.bob, &body).await, 404, "no such key");
}

#[tokio::test]
async fn what_is_no_secret_is_refused_with_the_reason() {
    let two = Two::new().await;
    let ticket = Ticket::generate().unwrap();
    let with = |field: &str, value: Value| {
        let mut body = two.sealed(&ticket);
        body[field] = value;
        body
    };
    let refused = [
        (with("find", json!("0011")), 400, "64 hex digits"),
        (with("sealed", json!("AAAA")), 400, "no sealed secret"),
        (with("sealed", json!("?")), 400, "base64"),
        (with("sealed", json!("A".repeat(48_000))), 413, "32 KiB"),
        (with("expires_in", json!(59)), 400, "60 seconds"),
        (with("to", Value::Null), 400, "to is missing"),
    ];
    for (body, status, text) in refused {
        assert_error(&two.post("/v1/secrets", &two.ada, &body).await, status, text);
    }
    assert_eq!(two.post("/v1/secrets", &two.ada, &two.sealed(&ticket)).await.0, 200);
    assert_error(&two.post("/v1/secrets", &two.ada, &two.sealed(&ticket)).await, 409, "already");
}

#[tokio::test]
async fn nobody_fills_the_store_or_a_persons_list_with_secrets() {
    let two = Two::new().await;
    for _ in 0..pintle_cloud::store::secret::MAX_WAITING {
        two.send().await;
    }
    let one_more = two.sealed(&Ticket::generate().unwrap());
    assert_error(&two.post("/v1/secrets", &two.ada, &one_more).await, 409, "Too many secrets");
}

#[tokio::test]
async fn p5_the_files_of_the_store_hold_nothing_that_opens_with_the_recipients_private_key() {
    let two = Two::new().await;
    let (ticket, _) = two.send().await;
    let sealed = ticket
        .unwrap(
            &STANDARD
                .decode(two.read(&two.bob, &ticket, 1).await.1["sealed"].as_str().unwrap())
                .unwrap(),
        )
        .unwrap();
    two.cloud.store.flush().await.unwrap();
    let files = std::fs::read_dir(two.cloud.dir.path()).unwrap();
    let bytes: Vec<u8> =
        files.filter_map(|file| std::fs::read(file.unwrap().path()).ok()).flatten().collect();
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(holds(&pintle_cloud::secret::digest(&ticket.find())), "it is the right file");
    for (what, part) in [
        ("plaintext", PLANTED),
        ("what is sealed", &sealed[40..72]),
        ("half of the id", ticket.find().as_slice()),
    ] {
        assert!(!holds(part), "{what} is in the store");
    }
}
