//! What a device of the TCP service says of itself, made once into the bytes that it sends.
//!
//! Both reports are JSON. Asked for in one, they are one object; 3.x forgets the comma between the two halves, which
//! is why a cloud asks for one at a time.

use crate::error::Error;
use crate::generation::{Generation, is_old, system_version};
use crate::life::{LastReset, Profile};
use pintle_protocol::describe::Application;
use pintle_protocol::hello::HelloFlags;
use pintle_protocol::tcp::client::Firmware;
use std::time::Duration;

/// The header of a message, a token, options and the payload's marker.
const AROUND_BODY: usize = 16;

/// What a describe can be asked for, as bits of its query.
const SYSTEM: u8 = 1;
const APPLICATION: u8 = 2;

/// A profile as it is sent.
pub(super) struct Bodies {
    pub(super) firmware: Firmware,
    pub(super) product_id: u16,
    pub(super) product_version: Option<u16>,
    pub(super) platform_id: u16,
    pub(super) system: Vec<u8>,
    pub(super) application: Vec<u8>,
    pub(super) directory: Application,
    /// The system's, then the application's.
    pub(super) subscriptions: Vec<String>,
    pub(super) keepalive: Duration,
}

/// The subscriptions that every device has, for the cloud's own events.
const fn system_subscriptions(generation: Generation) -> &'static [&'static str] {
    if is_old(generation) { &["spark"] } else { &["spark", "particle"] }
}

/// The longest report that goes in one message.
const fn longest(firmware: &Firmware) -> usize {
    // A frame has a byte of padding at least.
    firmware.generation.limits().frame - 1 - AROUND_BODY
}

impl Bodies {
    pub(super) fn of(generation: Generation, profile: Profile) -> Result<Self, Error> {
        let mut firmware = Firmware::of(generation);
        if profile.last_reset == Some(LastReset::Updated) {
            firmware.flags = firmware.flags.union(HelloFlags::UPDATE_SUCCEEDED);
        }
        let system = system(generation, &profile).into_bytes();
        let product = profile.firmware.as_ref().and_then(|firmware| firmware.product);
        let directory = Application { functions: profile.functions, variables: profile.variables };
        let application = directory.to_json().map_err(|_| Error::Describe)?;
        let mut names =
            directory.functions.iter().chain(directory.variables.iter().map(|(name, _)| name));
        let most = generation.limits().name;
        if let Some(name) = names.find(|name| name.len() > most) {
            return Err(Error::LongName { generation, name: name.clone(), limit: most });
        }
        let limit = longest(&firmware);
        if application.len() > limit && !firmware.describes_in_blocks {
            return Err(Error::LongDescribe { generation, length: application.len(), limit });
        }
        let systems = system_subscriptions(generation).iter().map(|prefix| (*prefix).to_owned());
        Ok(Self {
            firmware,
            product_id: product.map_or(profile.product_id, |product| product.id),
            product_version: product.map_or(profile.product_version, |one| Some(one.version)),
            platform_id: profile.platform_id,
            system,
            application,
            subscriptions: systems.chain(profile.subscriptions).collect(),
            keepalive: profile.keepalive,
            directory,
        })
    }

    /// The cloud knows of the last update: the next hello does not say it again.
    pub(super) const fn told_of_update(&mut self) {
        self.firmware.flags.0 &= !HelloFlags::UPDATE_SUCCEEDED.0;
    }

    pub(super) const fn generation(&self) -> Generation {
        self.firmware.generation
    }

    /// Whether an event of this name was subscribed to by the application.
    pub(super) fn wants(&self, name: &str) -> bool {
        let systems = system_subscriptions(self.generation()).len();
        self.subscriptions.iter().skip(systems).any(|prefix| name.starts_with(prefix))
    }

    /// The report that these flags ask for. All but 3.x send no more of it than fits one message.
    pub(super) fn describe(&self, flags: Option<u8>, uptime: Duration) -> Vec<u8> {
        let both = SYSTEM | APPLICATION;
        let flags = match flags.unwrap_or(both) & both {
            // The older program has no metrics: where it knows no bit, it takes both.
            0 if is_old(self.generation()) => both,
            0 => return crate::life::metrics(uptime, None),
            flags => flags,
        };
        let mut body = match flags {
            SYSTEM => self.system.clone(),
            APPLICATION => self.application.clone(),
            _ => self.combined(),
        };
        if !self.firmware.describes_in_blocks {
            body.truncate(longest(&self.firmware));
        }
        body
    }

    fn combined(&self) -> Vec<u8> {
        let open = |text: &[u8]| text.strip_suffix(b"}").unwrap_or(text).to_vec();
        let rest = |text: &[u8]| text.strip_prefix(b"{").unwrap_or(text).to_vec();
        match self.generation() {
            Generation::Photon3 => [open(&self.system), rest(&self.application)].concat(),
            _ => [open(&self.application), rest(&self.system)].join(&b','),
        }
    }
}

/// The modules: one that is everything on a Core, a system part and the user's on a Photon. A Core that takes updates
/// has a part of the user's, too: that is what they are.
fn system(generation: Generation, profile: &Profile) -> String {
    let platform = profile.platform_id;
    let module = |size: u32, kind: char, version: u16| {
        format!(
            r#"{{"s":{size},"l":"m","vc":30,"vv":30,"f":"{kind}","n":"1","v":{version},"d":[]}}"#
        )
    };
    let user = match &profile.firmware {
        Some(firmware) => Some(user_part(firmware)),
        None if matches!(generation, Generation::Core) => None,
        None => Some(module(131_072, 'u', profile.product_version.unwrap_or(1))),
    };
    let system = match generation {
        Generation::Core => module(110_592, 'm', profile.product_version.unwrap_or(1)),
        _ => module(262_144, 's', system_version(generation)),
    };
    let modules = user.map_or_else(|| system.clone(), |user| [system.as_str(), &user].join(","));
    format!(r#"{{"p":{platform},"m":[{modules}]}}"#)
}

/// What it runs, by its hash.
fn user_part(firmware: &crate::firmware::Firmware) -> String {
    let crate::firmware::Firmware { sha256, version, index, room, .. } = firmware;
    let hash = pintle_firmware::Digest(*sha256);
    format!(
        r#"{{"s":{room},"l":"m","vc":30,"vv":30,"u":"{hash}","f":"u","n":"{index}","v":{version},"d":[]}}"#
    )
}
