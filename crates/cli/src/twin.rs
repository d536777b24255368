//! A twin of a node: the same program and configuration, with a folder, keys, ports, people and devices of its own, on
//! loopback. What would change a node or leave a trace there is tried on its twin.
//!
//! 1. A data folder is made in a temporary folder ([`config`] is the node's own, less what is a place), and people in it.
//! 2. This program serves it ([`cradle`]).
//! 3. Devices are pinned, a product is made, and all of it is a [`Target`].
//!
//! It is gone when it is dropped, or when the command is interrupted ([`cradle::interruptible`]).

mod config;
pub mod cradle;
mod devices;
mod people;

use crate::failure::Failure;
use crate::pin::carry_out;
use cradle::Cradle;
use people::People;
use pintle_attack::Target;
use pintle_cloud::certificate::CA_FILE;
use pintle_cloud::control::{ProductRequest, Request, Response};
use pintle_cloud::init::{TCP_PUBLIC_PEM_FILE, UDP_PUBLIC_PEM_FILE};
use pintle_cloud::serve::Addresses;
use pintle_device::{DeviceId, Folder};
use std::fs;
use std::path::{Path, PathBuf};

/// The kind of board that the twin's product is for, and that its virtual devices say they are.
pub const PLATFORM: u16 = 10;

/// Where devices lie, beside the data folder.
const DEVICES: &str = "devices";

/// What a twin is to be like.
#[derive(Clone, Debug, Default)]
pub struct Like<'a> {
    /// The node's data folder; of none where there is none. Only its configuration is read.
    pub data: Option<&'a Path>,
    /// With the TCP service, whatever the configuration says.
    pub tcp: bool,
    /// Without the protection of this name.
    pub weaken: Option<&'a str>,
}

/// A running twin.
pub struct Twin {
    /// The twin as an attacker sees it.
    pub target: Target,
    /// Its data folder.
    pub data: PathBuf,
    /// Where it listens.
    pub addresses: Addresses,
    /// The operator who made it: not among those that an attacker has.
    #[allow(dead_code, reason = "for what is tried on a twin by somebody who is not attacked")]
    pub operator: pintle_attack::target::Person,
    folder: PathBuf,
    cradle: Cradle,
}

impl Twin {
    /// Makes a twin and starts it. Takes a second or two.
    ///
    /// # Errors
    /// The folder is none, or the twin does not start; nothing is left of it then.
    pub fn start(cradle: &Cradle, like: &Like<'_>) -> Result<Self, Failure> {
        let folder = cradle.folder()?;
        let (data, devices) = (folder.join("data"), folder.join(DEVICES));
        fs::create_dir(devices).map_err(Failure::failed)?;
        let (config, with_tcp) = config::of(like)?;
        let people = People::make(&data, &config, with_tcp)?;
        let addresses = cradle.serve(&data, with_tcp, like.weaken)?;
        let mut twin = Self {
            target: Target::default(),
            operator: people.operator.clone(),
            folder,
            data,
            addresses,
            cradle: cradle.clone(),
        };
        twin.target = twin.describe(people)?;
        Ok(twin)
    }

    /// Makes another virtual device, pinned and owned by this person, or by nobody.
    ///
    /// # Errors
    /// It cannot be written, or the twin refuses it.
    #[allow(dead_code, reason = "for what is tried on a twin with a device that is not attacked")]
    pub fn new_device(&self, name: &str, owner: Option<&str>) -> Result<Folder, Failure> {
        let made = devices::make(self, name, None, false)?;
        devices::pin(self, &[(&made, owner)])?;
        Ok(made)
    }

    fn describe(&self, people: People) -> Result<Target, Failure> {
        let Addresses { api, udp, tcp, .. } = self.addresses;
        let owner = people.owner.name.as_str();
        Ok(Target {
            udp: Some(udp),
            tcp,
            api: Some(format!("https://{api}")),
            authority: Some(self.data.join(CA_FILE)),
            udp_key: Some(self.data.join(UDP_PUBLIC_PEM_FILE)),
            tcp_key: tcp.map(|_| self.data.join(TCP_PUBLIC_PEM_FILE)),
            devices: devices::all(self, owner)?,
            product: Some(self.make_product(owner)?),
            people: people.all(),
            process: self.cradle.process(),
        })
    }

    fn make_product(&self, owner: &str) -> Result<u16, Failure> {
        let product = ProductRequest::Create {
            name: "Twin".to_owned(),
            platform_id: PLATFORM,
            owner: owner.to_owned(),
            id: None,
            slug: None,
        };
        match carry_out(&self.data, Request::Product { product })? {
            Response::Products { products } => products.first().map(|product| product.id),
            _ => None,
        }
        .ok_or_else(|| Failure::failed("the twin made no product"))
    }

    /// An empty folder, which is removed with the twin.
    #[allow(dead_code, reason = "for what is tried beside a twin")]
    #[must_use]
    pub fn scratch(&self, name: &str) -> PathBuf {
        let path = self.folder.join(name);
        // Where it could not be made, whoever writes into it hears of it.
        let _ = fs::create_dir(&path);
        path
    }

    /// Where a device of this name lies.
    fn device_folder(&self, name: &str) -> PathBuf {
        self.folder.join(DEVICES).join(name)
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        self.cradle.clear();
    }
}

/// An id that a device is given.
fn id_of(text: &str) -> Result<DeviceId, Failure> {
    text.parse().map_err(|_| Failure::failed(format!("`{text}` is no device id")))
}
