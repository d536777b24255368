//! The devices of a twin: folders with keys, pinned in one go.

use super::{Twin, id_of};
use crate::device::tcp_service;
use crate::failure::Failure;
use crate::pin::carry_out;
use pintle_attack::target::Device;
use pintle_cloud::control::{PinLine, Request};
use pintle_cloud::init::{TCP_PUBLIC_FILE, UDP_PUBLIC_FILE};
use pintle_device::{CreateOptions, Folder, Service, read_cloud_key};

/// Of the owner, over UDP.
const OWNED: usize = 4;
/// Of the owner, over TCP.
const OWNED_TCP: usize = 3;

/// Makes all of them; what an attacker knows of them.
pub fn all(twin: &Twin, owner: &str) -> Result<Vec<Device>, Failure> {
    let owner = Some(owner);
    let udp = (1..=OWNED).map(|place| (format!("udp-{place}"), owner, false));
    let nobodys = std::iter::once(("udp-unclaimed".to_owned(), None, false));
    let over_tcp = if twin.addresses.tcp.is_some() { OWNED_TCP } else { 0 };
    let tcp = (1..=over_tcp).map(|place| (format!("tcp-{place}"), owner, true));
    let mut made = Vec::new();
    for (place, (name, owner, is_tcp)) in udp.chain(nobodys).chain(tcp).enumerate() {
        // The same in every twin, so that what is seen of them is the same in every run.
        let id = format!("7717{place:020x}");
        made.push((make(twin, &name, Some(&id), is_tcp)?, owner, is_tcp));
    }
    let pins: Vec<_> = made.iter().map(|(folder, owner, _)| (folder, *owner)).collect();
    pin(twin, &pins)?;
    let described = made.iter().map(|(folder, owner, tcp)| Device {
        id: folder.id().to_string(),
        key: folder.dir().join("device_key.der"),
        tcp: *tcp,
        owner: owner.map(str::to_owned),
    });
    Ok(described.collect())
}

/// Makes a device that knows where the twin is.
pub fn make(twin: &Twin, name: &str, id: Option<&str>, is_tcp: bool) -> Result<Folder, Failure> {
    let (service, cloud) = match twin.addresses.tcp.filter(|_| is_tcp) {
        Some(address) => (tcp_service(&twin.data.join(TCP_PUBLIC_FILE), None)?, address),
        None => {
            let cloud_key = read_cloud_key(&twin.data.join(UDP_PUBLIC_FILE));
            let cloud_key = cloud_key.map_err(Failure::failed)?;
            (Service::Udp { cloud_key }, twin.addresses.udp)
        }
    };
    let id = id.map(id_of).transpose()?;
    let (dir, cloud) = (twin.device_folder(name), cloud.to_string());
    Folder::create(CreateOptions { dir, id, service, cloud }).map_err(Failure::failed)
}

/// Pins them, each for its owner.
pub fn pin(twin: &Twin, devices: &[(&Folder, Option<&str>)]) -> Result<(), Failure> {
    let pins = devices.iter().map(|(folder, owner)| {
        let (id, key) = (folder.id().to_string(), folder.public_key_file());
        PinLine::from_file(&id, &key, owner.map(str::to_owned)).map_err(Failure::failed)
    });
    let pins = pins.collect::<Result<_, _>>()?;
    carry_out(&twin.data, Request::PinImport { pins }).map(drop)
}
