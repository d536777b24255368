//! The HTTPS API for people, in the shape that particle-cli and particle-api-js expect.
//!
//! One file a resource, whose routes and their words stand at its top; together they are the one table in `routes`.
//! What a route needs is asked by `gate`, before its handler; errors have one shape, made in [`error`] alone. It knows devices through a [`Fleet`]
//! and events through the bus, so tests run it without a door. TLS is in [`listener`]; there is no plain HTTP.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tokio::sync::{Semaphore, watch};

use crate::account::Accounts;
use crate::config;
use crate::event::Bus;
use crate::guard::Guard;
use crate::hook::{Hooks, HooksError};
use crate::metrics::Traffic;
use crate::pinning::Pinning;
use crate::product::{Delivery, Shelf};
use crate::store::Store;

mod access;
mod acting;
mod address;
mod body;
mod caller;
mod claim;
mod client;
mod clock;
mod customer;
mod device;
mod edge;
pub mod error;
mod flash;
mod fleet;
mod function;
mod gate;
mod health;
mod in_flight;
mod integration;
mod key;
mod line;
pub mod listener;
mod locate;
mod login;
mod oauth;
mod openapi;
mod product;
mod proof;
mod provisioning;
mod publish;
pub mod redirect;
pub mod route;
mod routes;
mod second_factor;
mod secret;
mod source;
mod stream;
mod this;
mod token;
mod update;
mod upload;
mod user;
mod variable;

pub use clock::{Clock, Moment};
pub use fleet::Fleet;
pub use openapi::describe;
pub use routes::{entries, rehearsal};
pub use source::Peer;
pub use upload::MAX_FILE;

/// The largest request body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// Everything the API works with. Cheap to clone.
#[derive(Clone)]
pub struct ApiState<F> {
    /// What lasts.
    pub store: Store,
    /// The way to a pin.
    pub pinning: Pinning,
    /// The way to firmware.
    pub shelf: Shelf,
    /// Who is told what there is to deliver.
    pub delivery: Delivery,
    /// The way to devices.
    pub fleet: F,
    /// The way of events.
    pub bus: Bus,
    /// Webhooks, where there may be some.
    pub hooks: Option<Hooks>,
    /// People.
    pub accounts: Accounts,
    /// What time it is.
    pub clock: Clock,
    /// The contact in `/.well-known/security.txt`.
    pub contact: Option<Arc<str>>,
    /// The file in which an operator agrees to an attack.
    pub consent: Option<Arc<Path>>,
    /// Whether anyone may make an account.
    pub registration: bool,
    /// Turns true when the node ends: streams end, and the node says it is not ready.
    pub shutdown: watch::Receiver<bool>,
    /// Who counts what is asked for.
    pub guard: Guard,
    /// What was answered.
    pub traffic: Arc<Traffic>,
    room: Arc<Room>,
    oauth: oauth::Oauth,
}

/// What there is room for: uploads, and copies of files.
pub(crate) struct Room {
    /// Files that are being uploaded.
    uploads: Semaphore,
    /// Files that devices are being sent.
    in_flight: in_flight::InFlight,
}

impl<F: Fleet> ApiState<F> {
    /// The state of a node's API; `shutdown` turns true when the node ends.
    pub fn new(
        store: Store,
        shelf: Shelf,
        fleet: F,
        bus: Bus,
        accounts: Accounts,
        shutdown: watch::Receiver<bool>,
    ) -> Self {
        let room = Room {
            uploads: Semaphore::new(upload::MOST),
            in_flight: in_flight::InFlight::default(),
        };
        let pinning = Pinning::new(store.clone(), Arc::default());
        Self {
            store,
            pinning,
            shelf,
            delivery: Delivery::default(),
            fleet,
            bus,
            hooks: None,
            accounts,
            clock: Clock::system(),
            contact: None,
            consent: None,
            registration: false,
            shutdown,
            guard: Guard::default(),
            traffic: Arc::default(),
            room: Arc::new(room),
            oauth: oauth::Oauth::new(config::Oauth::default()),
        }
    }

    /// Sets the contact for security reports.
    #[must_use]
    pub fn with_contact(mut self, contact: Option<&str>) -> Self {
        self.contact = contact.map(Arc::from);
        self
    }

    /// Sets the file in which an operator agrees to an attack.
    #[must_use]
    pub fn with_consent(mut self, file: &Path) -> Self {
        self.consent = Some(Arc::from(file));
        self
    }

    /// Lets anyone make an account, or nobody.
    #[must_use]
    pub fn with_registration(mut self, registration: bool) -> Self {
        self.registration = registration;
        self
    }

    /// Sets which logins there are, how long tokens live, and what this server calls itself.
    #[must_use]
    pub fn with_oauth(mut self, settings: config::Oauth) -> Self {
        self.accounts = self.accounts.with_lifetimes(settings.lifetimes());
        self.oauth = oauth::Oauth::new(settings);
        self
    }

    /// Sets another way to a pin.
    #[must_use]
    pub fn with_pinning(mut self, pinning: Pinning) -> Self {
        self.pinning = pinning;
        self
    }

    /// Sets who is told what there is to deliver.
    #[must_use]
    pub fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Sets the webhooks.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = Some(hooks);
        self
    }

    /// Sets another guard.
    #[must_use]
    pub fn with_guard(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// Lets webhooks of products know which devices are in them.
    pub(crate) async fn places_changed(&self) -> Result<(), HooksError> {
        match &self.hooks {
            Some(hooks) => hooks.places_changed().await,
            None => Ok(()),
        }
    }

    /// Sets another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

/// All routes of the API.
pub fn router<F: Fleet>(state: ApiState<F>) -> Router {
    let door = edge::Door {
        guard: state.guard.clone(),
        traffic: Arc::clone(&state.traffic),
        clock: state.clock.clone(),
    };
    edge::wrap(routes::all(state), door)
}
