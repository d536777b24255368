//! A node in full use: an account, a login, a login that failed, a product with firmware, a device that reports and
//! publishes, a stranger at the door, and a backup.

use super::device::Device;
use super::planted::{
    ADDRESS, DEVICE_ADDRESS, DEVICE_NAME, EMAIL, FIRMWARE, PASSWORD, PERSON, WIFI,
};
use super::web::Web;
use pintle_cloud::DeviceId;
use pintle_cloud::control::{Request, Response, ask};
use pintle_cloud::folder::Folder;
use pintle_cloud::init::{InitOptions, InitSummary, UDP_KEY_FILE, create};
use pintle_cloud::product::{NewProduct, ProductId, Upload};
use pintle_cloud::serve::{Node, ServeOptions};
use pintle_cloud::store::pin::{NewPin, PinnedBy};
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_firmware::module::{Builder, Function, Platform, Product};
use std::fs;
use std::io::Write as _;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zeroize::Zeroizing;

pub const PRODUCT: ProductId = ProductId(12_345);
pub const VERSION: u16 = 3;
const NOW_MS: i64 = 1_800_000_000_000;
const DEVICE: DeviceId = DeviceId::from_bytes([0x24; 12]);

pub struct Busy {
    pub data: PathBuf,
    pub node: Node,
    pub web: Web,
    /// What the person's client was given.
    pub token: String,
    pub device: Device,
    /// The private keys of device and cloud: 32 bytes each.
    pub private_keys: [(&'static str, Vec<u8>); 2],
    /// A backup of it.
    pub backup: PathBuf,
    /// Where everything is that is no business of the thief's.
    place: TempDir,
}

/// On a thread where waiting is allowed.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

pub fn made(data: &Path, user: &str, password: &str, key_file: &Path) -> InitSummary {
    let options = InitOptions {
        user: user.into(),
        password: Zeroizing::new(password.into()),
        names: Vec::new(),
        contact: None,
        node_key: Some(key_file.to_owned()),
        now_ms: pintle_cloud::clock::now_ms(),
    };
    let summary = create(data, &options).unwrap();
    let mut config = fs::File::options().append(true).open(&summary.config).unwrap();
    config.write_all(b"\n[outbox]\nprefixes = [\"kept/\"]\n").unwrap();
    summary
}

pub fn on_loopback() -> ServeOptions {
    let any = "127.0.0.1:0".parse().unwrap();
    ServeOptions { api: Some(any), udp: Some(any), tcp: None }
}

impl Busy {
    pub async fn start() -> Self {
        let place = tempfile::tempdir().unwrap();
        let (data, key_file) = (place.path().join("data"), place.path().join("node.key"));
        let folder = data.clone();
        let summary = blocking(move || made(&folder, EMAIL, PASSWORD, &key_file)).await;
        let device_key = new_key();
        furnish(&data, public_key(&device_key)).await;
        let cloud_der = fs::read(data.join(UDP_KEY_FILE)).unwrap();
        let cloud_key = public_key(&cloud_der);

        let node = Node::start(&data, &on_loopback()).await.unwrap();
        let udp = node.addresses().udp;
        let web = Web::of(node.addresses().api, &summary);
        let token = web.log_in(EMAIL, PASSWORD).await.expect("its owner logs in");
        assert!(web.log_in(PERSON, WIFI).await.is_none());
        let key = device_key.clone();
        let device = blocking(move || Device::live(DEVICE, udp, &key, cloud_key)).await;
        for address in [ADDRESS, DEVICE_ADDRESS] {
            let stranger = UdpSocket::bind((address, 0)).unwrap();
            stranger.send_to(b"\x16 not a hello of anybody", udp).unwrap();
        }
        let seen = web.get("/v1/devices", &token).await;
        assert!(String::from_utf8(seen.body).unwrap().contains(DEVICE_NAME));
        node.store().flush().await.unwrap();

        let folder = data.clone();
        let answer = blocking(move || ask(&folder, Request::Backup).unwrap()).await;
        let Response::BackedUp { folder: backup, .. } = answer else { panic!("{answer:?}") };
        let private_keys =
            [("device's key", scalar(&device_key)), ("cloud's key", scalar(&cloud_der))];
        Self { data, node, web, token, device, private_keys, backup, place }
    }

    /// A folder beside the data folder, where the thief may do as he likes.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }
}

/// A product with firmware, and a device with a pin.
async fn furnish(data: &Path, key: PublicKey) {
    let path = data.to_owned();
    let folder = blocking(move || Folder::open(&path).unwrap()).await;
    let owner = folder.accounts().find(EMAIL).await.unwrap().unwrap();
    let new = NewProduct {
        id: Some(PRODUCT.0),
        name: "thermometers".into(),
        slug: None,
        description: String::new(),
        platform_id: 13,
        owner,
        quarantine: false,
        organization: None,
    };
    folder.shelf.create(new).await.unwrap();
    let upload = Upload {
        version: None,
        title: String::new(),
        description: String::new(),
        mandatory: false,
        file_name: "firmware.bin".into(),
        file: module().into(),
        statement: None,
        by: owner,
    };
    folder.shelf.upload(PRODUCT, upload).await.unwrap();
    let pin = NewPin {
        device: DEVICE,
        key: key.into(),
        platform_id: None,
        owner: Some(owner),
        by: PinnedBy::Operator,
        at_ms: NOW_MS,
    };
    folder.pinning().set(&pin).await.unwrap();
    folder.store.devices().rename(DEVICE, owner, DEVICE_NAME).await.unwrap();
    blocking(move || drop(folder)).await;
}

fn module() -> Vec<u8> {
    let mut content = FIRMWARE.as_bytes().to_vec();
    content.resize(4_096, 7);
    let mut builder = Builder::new(Platform(13), Function::USER_PART, 0x000d_4000, &content);
    builder.product = Some(Product { id: PRODUCT.0, version: VERSION });
    builder.build()
}

fn new_key() -> Vec<u8> {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
    document.unwrap().as_ref().to_vec()
}

fn public_key(der: &[u8]) -> PublicKey {
    AwsLc.public_key(&AwsLc.signing_key_from_der(der).unwrap())
}

/// The 32 bytes of a private key, in SEC 1 or in PKCS#8 around it: an `ECPrivateKey` of version 1.
fn scalar(der: &[u8]) -> Vec<u8> {
    let start = [2, 1, 1, 4, 32];
    let at = der.windows(5).position(|window| window == start).expect("a private key") + 5;
    der[at..at + 32].to_vec()
}
