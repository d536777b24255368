//! A cloud without doors: a store in a temporary folder, two accounts, and devices that answer by script.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use pintle_cloud::DeviceId;
use pintle_cloud::account::{AccountId, Accounts, Cost, Grant};
use pintle_cloud::api::{ApiState, Clock, Fleet, Moment, router};
use pintle_cloud::audit::{Act, Who};
use pintle_cloud::device::update::{Offer, Order, Transfer, UpdateError};
use pintle_cloud::device::{AskError, Presence};
use pintle_cloud::event::interest::{Arrival, Interests};
use pintle_cloud::event::{Bus, Event, Wanted};
use pintle_cloud::hook::Hooks;
use pintle_cloud::hook::client::{Client, Resolve, Resolving, Roots};
use pintle_cloud::hook::egress::Egress;
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::product::Shelf;
use pintle_cloud::store::Store;
use pintle_cloud::store::device::{SavedHello, put_application, put_hello};
use pintle_cloud::store::second_factor::SecondFactorRow;
use pintle_protocol::value::{Value as Variable, VariableType};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tower::ServiceExt as _;
use zeroize::Zeroizing;

pub const START_MS: i64 = 1_800_000_000_000;
const NODE_KEY: [u8; 32] = [9; 32];
pub const ALPHA: &str = "0a0a0a0a0a0a0a0a0a0a0a0a";
pub const BETA: &str = "0b0b0b0b0b0b0b0b0b0b0b0b";

/// Devices by script: `led` returns the length of its argument, `slow` times out, `temp` is 21.5.
#[derive(Clone, Default)]
pub struct Script {
    pub online: Arc<Mutex<HashSet<DeviceId>>>,
    pub told: Arc<Mutex<Vec<String>>>,
    /// Updates that devices began to take.
    pub updates: Arc<Mutex<Vec<Order>>>,
    /// What a device answers to the next one instead.
    pub refuses: Arc<Mutex<Option<UpdateError>>>,
    pub shook_hands_ms: Arc<AtomicI64>,
    /// People's events that webhooks wait for.
    pub kept: Arc<Mutex<Vec<Event>>>,
}

impl Script {
    fn tell(&self, what: String) {
        self.told.lock().unwrap().push(what);
    }
}

impl Fleet for Script {
    async fn call(&self, _: DeviceId, function: &str, argument: &[u8]) -> Result<i32, AskError> {
        self.tell(format!("call {function} {}", String::from_utf8_lossy(argument)));
        match function {
            "slow" => Err(AskError::TimedOut),
            _ => Ok(i32::try_from(argument.len()).unwrap()),
        }
    }

    async fn read(
        &self,
        _: DeviceId,
        variable: &str,
        kind: VariableType,
    ) -> Result<Variable, AskError> {
        self.tell(format!("read {variable} {}", kind.name()));
        Ok(match kind {
            VariableType::Double => Variable::Double(21.5),
            VariableType::Int => Variable::Int(-7),
            VariableType::Bool => Variable::Bool(true),
            VariableType::String => Variable::String("grün".into()),
        })
    }

    async fn ping(&self, id: DeviceId) -> Result<(), AskError> {
        if self.online.lock().unwrap().contains(&id) { Ok(()) } else { Err(AskError::Offline) }
    }

    async fn signal(&self, id: DeviceId, on: bool) -> Result<(), AskError> {
        self.tell(format!("signal {on}"));
        self.ping(id).await
    }

    async fn update(&self, id: DeviceId, offer: Offer) -> Result<Transfer, UpdateError> {
        self.ping(id).await.map_err(|_| UpdateError::Offline)?;
        if let Some(error) = self.refuses.lock().unwrap().take() {
            return Err(error);
        }
        let (mut order, _begun, transfer) = Order::new(offer, None)?;
        order.begin(0);
        self.updates.lock().unwrap().push(order);
        Ok(transfer)
    }

    async fn keep(&self, event: Event, wanted: Wanted) -> bool {
        assert!(wanted.hooks);
        self.kept.lock().unwrap().push(event);
        true
    }

    fn presence(&self, id: DeviceId) -> Presence {
        let shook_hands_ms = self.shook_hands_ms.load(Ordering::Relaxed);
        Presence {
            online: self.online.lock().unwrap().contains(&id),
            last_handshake_ms: (shook_hands_ms != 0).then_some(shook_hands_ms),
            ..Presence::default()
        }
    }

    fn key_changed(&self, id: DeviceId) {
        self.tell(format!("key {id}"));
    }

    fn owner_changed(&self, id: DeviceId) {
        self.tell(format!("owner {id}"));
    }
}

pub struct Cloud {
    pub dir: tempfile::TempDir,
    pub store: Store,
    pub shelf: Shelf,
    pub bus: Bus,
    pub script: Script,
    pub router: Router,
    pub state: ApiState<Script>,
    pub ada: AccountId,
    pub shutdown: watch::Sender<bool>,
    pub hooks: Hooks,
    pub interests: Interests,
    /// What arrives for webhooks, for a test that delivers it.
    pub arriving: Option<mpsc::UnboundedReceiver<Arrival>>,
    elapsed_ms: Arc<AtomicI64>,
}

impl Cloud {
    /// Accounts `ada` and `bob`, both with the password `correct horse`; no devices.
    pub async fn new() -> Self {
        Self::shaped(|state| state).await
    }

    /// The same with another state of the API.
    pub async fn shaped(shape: impl FnOnce(ApiState<Script>) -> ApiState<Script>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let (store, shelf, accounts, ada) = tokio::task::spawn_blocking(move || {
            let key = NodeKey::from_bytes(Zeroizing::new(NODE_KEY));
            let store = Store::open(&path, &key).unwrap();
            let shelf = Shelf::new(store.clone(), &key, &path).unwrap();
            let accounts = Accounts::new(store.clone(), &key).with_cost(Cost::for_tests());
            accounts.create_blocking("bob", "correct horse", START_MS).unwrap();
            let ada =
                accounts.create_blocking("Ada@example.com", "correct horse", START_MS).unwrap();
            (store, shelf, accounts, ada)
        })
        .await
        .unwrap();
        let (shutdown, over) = watch::channel(false);
        let (bus, script) = (Bus::new(), Script::default());
        let elapsed_ms = Arc::new(AtomicI64::new(0));
        let elapsed = Arc::clone(&elapsed_ms);
        let clock = Clock::new(move || {
            let ms = elapsed.load(Ordering::Relaxed);
            Moment {
                wall_ms: START_MS + ms,
                since_start: Duration::from_millis(u64::try_from(ms).unwrap()),
            }
        });
        let shelf = shelf.with_clock(|| START_MS);
        let (to_state, scripted) = (shelf.clone(), script.clone());
        let (interests, arriving) = Interests::new();
        let hooks = hooks(&store, &interests);
        let state = ApiState::new(store.clone(), to_state, scripted, bus.clone(), accounts, over)
            .with_hooks(hooks.clone())
            .with_contact(Some("mailto:security@example.com"))
            .with_clock(clock);
        let state = shape(state);
        let (router, arriving) = (router(state.clone()), Some(arriving));
        Self {
            dir,
            store,
            shelf,
            bus,
            script,
            router,
            state,
            ada,
            shutdown,
            hooks,
            interests,
            arriving,
            elapsed_ms,
        }
    }

    /// The same with device alpha, claimed by ada, described and online.
    pub async fn with_alpha() -> (Self, String) {
        let cloud = Self::new().await;
        let token = cloud.login("ada@example.com").await;
        cloud.add_device(ALPHA).await;
        let id: DeviceId = ALPHA.parse().unwrap();
        cloud.store.devices().claim(id, cloud.ada).await.unwrap();
        cloud.store.devices().rename(id, cloud.ada, "alpha").await.unwrap();
        cloud.script.online.lock().unwrap().insert(id);
        (cloud, token)
    }

    /// One more account, with the password `correct horse`.
    pub async fn new_account(&self, name: &'static str) -> AccountId {
        let accounts = self.state.accounts.clone();
        let make = move || accounts.create_blocking(name, "correct horse", START_MS);
        tokio::task::spawn_blocking(make).await.unwrap().unwrap()
    }

    /// Gives an account a second factor, if it has none, that no code fits.
    pub async fn enrol(&self, account: AccountId) {
        let row = SecondFactorRow { sealed_seed: Vec::new(), last_step: 0 };
        let act = Act::new("test.arranged", Who::Node, START_MS);
        self.store.second_factors().enrol(account, &row, &[], act, START_MS).await.unwrap();
    }

    /// A token of an account that proved a second factor just now.
    pub async fn fresh_token(&self, account: AccountId) -> String {
        self.enrol(account).await;
        let now_ms = self.now_ms();
        let grant = Grant::new(account, "ada@example.com", "test");
        let grant = Grant { second_factor_at_ms: Some(now_ms), ..grant };
        let issued = self.state.accounts.issue(&grant, now_ms).await.unwrap();
        issued.token.reveal().to_string()
    }

    pub fn now_ms(&self) -> i64 {
        START_MS + self.elapsed_ms.load(Ordering::Relaxed)
    }

    /// A device that connected once and is nobody's.
    pub async fn add_device(&self, id: &str) {
        let id: DeviceId = id.parse().unwrap();
        let hello = SavedHello {
            platform_id: 13,
            product_id: 13,
            firmware_version: None,
            system_version: Some(6_203),
        };
        self.store.devices().put(put_hello(id, hello, START_MS)).await.unwrap();
        let variables = r#"{"temp":"double","count":"int32","colour":"string","on":"bool"}"#;
        self.store
            .devices()
            .put(put_application(id, r#"["led","slow"]"#, variables))
            .await
            .unwrap();
    }

    /// The webhooks of the same store once more, as a start finds them.
    pub fn more_hooks(&self) -> (Hooks, mpsc::UnboundedReceiver<Arrival>) {
        let (interests, arriving) = Interests::new();
        (hooks(&self.store, &interests), arriving)
    }

    /// The node's key once more.
    pub fn node_key(&self) -> NodeKey {
        NodeKey::from_bytes(Zeroizing::new(NODE_KEY))
    }

    pub fn advance(&self, time: Duration) {
        self.elapsed_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub async fn login(&self, name: &str) -> String {
        let form = format!(
            "grant_type=password&username={name}&password=correct+horse&client_id=particle-cli"
        );
        let (status, body) = self.form("POST", "/oauth/token", None, &form).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// The account of that name.
    pub async fn account(&self, name: &str) -> AccountId {
        self.state.accounts.find(name).await.unwrap().unwrap()
    }

    pub async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        self.json("GET", path, Some(token), "").await
    }

    pub async fn json(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> (StatusCode, Value) {
        read(self.send(method, path, token, "application/json", body.to_owned()).await).await
    }

    pub async fn form(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> (StatusCode, Value) {
        read(
            self.send(method, path, token, "application/x-www-form-urlencoded", body.to_owned())
                .await,
        )
        .await
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        kind: &str,
        body: String,
    ) -> axum::response::Response {
        let mut request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }
}

/// Webhooks that may go to 127.0.0.1, over plain HTTP.
fn hooks(store: &Store, interests: &Interests) -> Hooks {
    let key = NodeKey::from_bytes(Zeroizing::new(NODE_KEY));
    let allowed = ["127.0.0.1".parse().unwrap()];
    let client = Client::new(Egress::new(&allowed), Roots::new(None));
    let client = client.with_resolver(Arc::new(TwoFaced));
    Hooks::new(store.clone(), &key, interests.clone(), client, true).unwrap()
}

/// Every name means an allowed address and one that is not; addresses mean themselves.
struct TwoFaced;

impl Resolve for TwoFaced {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        let address = host.parse::<std::net::IpAddr>();
        Box::pin(async move {
            let both = ["127.0.0.1".parse().unwrap(), "10.0.0.1".parse().unwrap()];
            let all = address.map_or_else(|_| both.to_vec(), |address| vec![address]);
            Ok(all.into_iter().map(|ip| std::net::SocketAddr::new(ip, port)).collect())
        })
    }
}

/// Status and JSON; a body that is no JSON fails the test, since clients need JSON everywhere.
pub async fn read(response: axum::response::Response) -> (StatusCode, Value) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let value = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{status}: {body:?}"));
    (status, value)
}

/// Every error has the one shape, and only a 401 speaks of access tokens (clients would log out).
pub fn assert_error(answer: &(StatusCode, Value), status: u16, text: &str) {
    let (found, body) = answer;
    assert_eq!(found.as_u16(), status, "{body}");
    assert_eq!(body["ok"], false);
    assert!(body["error"].is_string(), "{body}");
    let description = body["error_description"].as_str().unwrap();
    assert!(description.contains(text), "{description:?} does not say {text:?}");
    assert_eq!(status == 401, body.to_string().to_lowercase().contains("access token"), "{body}");
}
