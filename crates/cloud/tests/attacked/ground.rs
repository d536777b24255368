//! A node of this process, with an owner and devices for whoever attacks it.

use pintle_attack::Target;
use pintle_attack::target::Device;
use pintle_cloud::DeviceId;
use pintle_cloud::device_key::DeviceKey;
use pintle_cloud::folder::Folder;
use pintle_cloud::init::{InitOptions, create};
use pintle_cloud::serve::{Node, ServeOptions};
use pintle_cloud::store::pin::{NewPin, PinnedBy};
use pintle_dtls::crypto::{AwsLc, Crypto};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

const OWNER: &str = "owner@example.com";
const NOW_MS: i64 = 1_800_000_000_000;
/// Devices over UDP, and over TCP.
const DEVICES: u8 = 3;
const TCP_DEVICES: u8 = 2;

/// The node, and what the attackers have in their hands.
pub struct Ground {
    pub target: Target,
    node: Option<Node>,
    runtime: Runtime,
    _place: TempDir,
}

impl Ground {
    pub fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let data = place.path().join("data");
        let options = InitOptions {
            user: OWNER.into(),
            password: Zeroizing::new("a long enough passphrase of hers".into()),
            names: Vec::new(),
            contact: None,
            node_key: None,
            now_ms: NOW_MS,
        };
        let made = create(&data, &options).unwrap();
        let mut target = Target { udp_key: Some(made.udp_public_key), ..Target::default() };
        target.process = Some(std::process::id());
        let mut pins = Vec::new();
        for number in 1..=DEVICES {
            pins.push(udp_device(place.path(), number, &mut target));
        }
        let mut serve = ServeOptions { api: Some(free()), udp: Some(free()), tcp: None };
        if cfg!(feature = "tcp") {
            serve.tcp = Some(free());
            tcp::furnish(place.path(), &data, &mut target, &mut pins);
        }
        runtime.block_on(pin(&data, pins));
        let node = runtime.block_on(Node::start(&data, &serve)).unwrap();
        target.udp = Some(node.addresses().udp);
        target.tcp = node.addresses().tcp;
        Self { target, node: Some(node), runtime, _place: place }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            self.runtime.block_on(node.stop());
        }
    }
}

fn free() -> std::net::SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Pins all of them for the owner.
async fn pin(data: &Path, pins: Vec<(DeviceId, DeviceKey)>) {
    let path = data.to_owned();
    let folder = tokio::task::spawn_blocking(move || Folder::open(&path).unwrap()).await.unwrap();
    let owner = folder.accounts().find(OWNER).await.unwrap();
    for (device, key) in pins {
        let by = PinnedBy::Operator;
        let pin = NewPin { device, key, platform_id: None, owner, by, at_ms: NOW_MS };
        folder.pinning().set(&pin).await.unwrap();
    }
    tokio::task::spawn_blocking(move || drop(folder)).await.unwrap();
}

fn udp_device(place: &Path, number: u8, target: &mut Target) -> (DeviceId, DeviceKey) {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let public = AwsLc.public_key(&AwsLc.signing_key_from_der(der.as_ref()).unwrap());
    let id = DeviceId::from_bytes([number; 12]);
    let key = write(place, number, der.as_ref());
    let owner = Some(OWNER.into());
    target.devices.push(Device { id: id.to_string(), key, tcp: false, owner });
    (id, public.into())
}

fn write(place: &Path, number: u8, der: &[u8]) -> PathBuf {
    let path = place.join(format!("{number}.der"));
    fs::write(&path, der).unwrap();
    path
}

mod tcp {
    #[cfg(feature = "tcp")]
    use super::{Device, OWNER, TCP_DEVICES, write};
    use super::{DeviceId, DeviceKey, Path, Target};

    #[cfg(not(feature = "tcp"))]
    pub fn furnish(_: &Path, _: &Path, _: &mut Target, _: &mut Vec<(DeviceId, DeviceKey)>) {}

    /// A key for the TCP service, and devices of it.
    #[cfg(feature = "tcp")]
    pub fn furnish(
        place: &Path,
        data: &Path,
        target: &mut Target,
        pins: &mut Vec<(DeviceId, DeviceKey)>,
    ) {
        use pintle_cloud::init::{TcpKey, add_tcp_key};
        target.tcp_key = Some(add_tcp_key(data, TcpKey::generate).unwrap().tcp_public_key);
        for number in 101..=100 + TCP_DEVICES {
            let key = pintle_rsa::DeviceKey::generate().unwrap();
            let id = DeviceId::from_bytes([number; 12]);
            pins.push((id, (*key.public()).into()));
            let key = write(place, number, &key.to_der().unwrap());
            let owner = Some(OWNER.into());
            target.devices.push(Device { id: id.to_string(), key, tcp: true, owner });
        }
    }
}
