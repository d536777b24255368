//! What a device says of itself, made once into the bytes that it sends.

use super::updates::LastReset;
use crate::checksum::Checksum;
use crate::error::Error;
use crate::firmware::Firmware;
use crate::saved::Told;
use pintle_protocol::describe::{Application, Dependency, Module, ModuleFunction, System};
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::value::VariableType;
use pintle_protocol::{DeviceId, MAX_MESSAGE, Subscription, SubscriptionKind};
use std::borrow::Cow;
use std::time::Duration;

/// The version of the Device OS wire that is spoken here, as Device OS counts its own.
pub(crate) const SYSTEM_VERSION: u16 = 6200;
/// The monolithic firmware of a device that takes no updates.
const MONOLITHIC: ModuleFunction = ModuleFunction(3);
/// The agent itself, and the firmware that it runs.
const SYSTEM_PART: ModuleFunction = ModuleFunction(4);
const USER_PART: ModuleFunction = ModuleFunction(5);
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
    /// The firmware it runs, if it takes updates of it.
    pub firmware: Option<Firmware>,
    /// Why it started, where an update is to do with it.
    pub last_reset: Option<LastReset>,
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
    /// The number of why it started.
    pub(super) last_reset: Option<i32>,
    /// The checksums of all that.
    pub(super) sums: Told,
}

impl Bodies {
    pub(super) fn of(profile: Profile) -> Result<Self, Error> {
        let mut hello = hello_of(&profile);
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
        // It is no part of the checksum: a device that comes back in its session need not say it again.
        if profile.last_reset == Some(LastReset::Updated) {
            hello.flags = hello.flags.union(HelloFlags::UPDATE_SUCCEEDED);
        }
        Ok(Self {
            hello,
            system,
            application,
            directory,
            subscriptions,
            keepalive: profile.keepalive,
            last_reset: profile.last_reset.map(|last| last.number()),
            sums,
        })
    }

    /// The cloud knows of the last update: the next Hello does not say it again.
    pub(super) const fn told_of_update(&mut self) {
        self.hello.flags.0 &= !HelloFlags::UPDATE_SUCCEEDED.0;
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
    let flags =
        HelloFlags::DIAGNOSTICS.union(HelloFlags::GOODBYE).union(HelloFlags::SENDS_DESCRIBE);
    let hello = Hello {
        product_id: profile.product_id,
        product_version: profile.product_version,
        flags,
        platform_id: profile.platform_id,
        device_id: profile.device_id,
        system_version: SYSTEM_VERSION,
        max_message: MAX_MESSAGE as u16,
        max_binary: 0,
        chunk: UPDATE_CHUNK,
    };
    let Some(firmware) = &profile.firmware else { return hello };
    Hello {
        product_id: firmware.product.map_or(hello.product_id, |product| product.id),
        product_version: firmware.product.map(|product| product.version),
        flags: flags.union(HelloFlags::IMMEDIATE_UPDATES).union(HelloFlags::UPDATE_V3),
        max_binary: firmware.room,
        ..hello
    }
}

fn system_of(profile: &Profile) -> System {
    let Some(firmware) = &profile.firmware else {
        let version = profile.product_version.unwrap_or(SYSTEM_VERSION);
        let monolith = Module { function: MONOLITHIC, version, ..checked() };
        return System { modules: vec![monolith], assets: Vec::new() };
    };
    let needs = |needs: &pintle_firmware::module::Dependency| Dependency {
        function: ModuleFunction(needs.function.0),
        index: needs.index,
        version: needs.version,
    };
    let system = Module { function: SYSTEM_PART, index: 1, version: SYSTEM_VERSION, ..checked() };
    let user = Module {
        function: USER_PART,
        index: firmware.index,
        version: firmware.version,
        max_size: firmware.room,
        hash: Some(firmware.sha256),
        dependencies: firmware.dependencies.iter().map(needs).collect(),
        size: firmware.size,
        ..checked()
    };
    System { modules: vec![system, user], assets: Vec::new() }
}

/// A module in its place, with nothing wrong with it.
fn checked() -> Module {
    Module { checked: ALL_CHECKS, passed: ALL_CHECKS, ..Module::default() }
}
