//! What a device says of itself, made once into the bytes that it sends.

use crate::checksum::Checksum;
use crate::error::Error;
use crate::saved::Told;
use pintle_protocol::describe::{Application, Module, ModuleFunction, System};
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::value::VariableType;
use pintle_protocol::{DeviceId, MAX_MESSAGE, Subscription, SubscriptionKind};
use std::borrow::Cow;
use std::time::Duration;

/// The version of the Device OS wire that is spoken here, as Device OS counts its own.
const SYSTEM_VERSION: u16 = 6200;
/// The monolithic firmware of a virtual device.
const MONOLITHIC: ModuleFunction = ModuleFunction(3);
/// Integrity, dependencies, range and platform.
const ALL_CHECKS: u32 = 0x1e;
/// The subscriptions that every device has, for the cloud's own events.
const SYSTEM_SUBSCRIPTIONS: [&str; 2] = ["particle", "spark"];
const UPDATE_CHUNK: u16 = 512;

/// What a device says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its id.
    pub device_id: DeviceId,
    /// Its platform.
    pub platform_id: u16,
    /// Its product; without one, the platform again.
    pub product_id: u16,
    /// The version of the product's application, if it has one.
    pub product_version: Option<u16>,
    /// Silence after which it pings.
    pub keepalive: Duration,
    /// Its functions.
    pub functions: Vec<String>,
    /// Its variables.
    pub variables: Vec<(String, VariableType)>,
    /// The prefixes of the events it wants.
    pub subscriptions: Vec<String>,
}

/// A profile as it is sent.
pub(super) struct Bodies {
    pub(super) hello: Hello,
    pub(super) system: Vec<u8>,
    pub(super) application: Vec<u8>,
    pub(super) directory: Application,
    /// The system's and the application's.
    pub(super) subscriptions: Vec<Subscription<'static>>,
    pub(super) keepalive: Duration,
    /// The checksums of all that.
    pub(super) sums: Told,
}

impl Bodies {
    pub(super) fn of(profile: Profile) -> Result<Self, Error> {
        let hello = hello_of(&profile);
        let system = system_of(&profile).to_protobuf();
        let directory = Application { functions: profile.functions, variables: profile.variables };
        let application = directory.to_json().map_err(|_| Error::Describe)?;
        let own = profile.subscriptions.into_iter().map(Cow::Owned);
        let subscriptions: Vec<_> = SYSTEM_SUBSCRIPTIONS
            .into_iter()
            .map(Cow::Borrowed)
            .chain(own)
            .map(|prefix| Subscription { prefix, kind: SubscriptionKind::Text })
            .collect();
        let sums = Told {
            system: Checksum::of(&[&hello.to_bytes(), system.as_slice()].concat()),
            application: Checksum::of(&application),
            subscriptions: Checksum::of(
                subscriptions
                    .iter()
                    .map(|subscription| subscription.prefix.as_ref())
                    .collect::<Vec<_>>()
                    .join("\n")
                    .as_bytes(),
            ),
        };
        Ok(Self {
            hello,
            system,
            application,
            directory,
            subscriptions,
            keepalive: profile.keepalive,
            sums,
        })
    }

    /// Whether an event of this name was subscribed to by the application.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.subscriptions
            .iter()
            .skip(SYSTEM_SUBSCRIPTIONS.len())
            .any(|subscription| name.starts_with(subscription.prefix.as_ref()))
    }
}

fn hello_of(profile: &Profile) -> Hello {
    Hello {
        product_id: profile.product_id,
        product_version: profile.product_version,
        flags: HelloFlags::DIAGNOSTICS.union(HelloFlags::GOODBYE).union(HelloFlags::SENDS_DESCRIBE),
        platform_id: profile.platform_id,
        device_id: profile.device_id,
        system_version: SYSTEM_VERSION,
        max_message: MAX_MESSAGE as u16,
        // No updates are taken yet.
        max_binary: 0,
        chunk: UPDATE_CHUNK,
    }
}

fn system_of(profile: &Profile) -> System {
    let module = Module {
        function: MONOLITHIC,
        index: 0,
        version: profile.product_version.unwrap_or(SYSTEM_VERSION),
        store: 0,
        max_size: 0,
        checked: ALL_CHECKS,
        passed: ALL_CHECKS,
        hash: None,
        dependencies: Vec::new(),
        assets: Vec::new(),
        size: 0,
        security: None,
    };
    System { modules: vec![module], assets: Vec::new() }
}
