//! What a device takes and what not, without a network. One file a concern.

mod installing;
#[cfg(feature = "test-switches")]
mod killed;
mod power;
mod refusals;
mod trusting;

use super::*;
use crate::life::LastReset;
use flash::Medium;
use pintle_firmware::Digest;
use pintle_firmware::module::{Builder, Function, Module, Platform, Product};
use pintle_firmware::release::{
    Key, KeyringBuilder, Kind, MAX_MINIMUMS, Release, Role, Thresholds, counter_sign, sign,
};
use pintle_firmware::signature::{AwsLcSigner, Sign};
use pintle_protocol::update::Refusal;
use trust::Trust;

const GATEWAY: u16 = 3;
const PRODUCT: u16 = 12;

/// A builder of a user part for a gateway.
pub(crate) fn builder(content: &[u8], version: u16) -> Builder<'_> {
    let mut builder = Builder::new(Platform(GATEWAY), Function::USER_PART, 0x1000, content);
    builder.prefix.version = version;
    builder.product = Some(Product { id: PRODUCT, version });
    builder
}

/// A user part for a gateway, with this program in it.
pub(crate) fn module(content: &[u8], version: u16) -> Vec<u8> {
    builder(content, version).build()
}

/// A start of a transfer of this file.
pub(crate) fn start<'a>(file: &[u8], statement: &'a [u8]) -> Start<'a> {
    Start {
        file_size: file.len() as u32,
        sha256: Some(Digest::of(file).0),
        chunk_size: 512,
        discard: false,
        function: Some(5),
        statement,
    }
}

fn signer() -> AwsLcSigner {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let key = aws_lc_rs::signature::Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    AwsLcSigner::from_pkcs8(key.as_ref()).unwrap()
}

/// The people of a product: a root, a release key and a reviewer.
pub(crate) struct People {
    root: AwsLcSigner,
    release: AwsLcSigner,
    review: AwsLcSigner,
}

impl People {
    pub(crate) fn new() -> Self {
        Self { root: signer(), release: signer(), review: signer() }
    }

    pub(crate) fn keyring(&self, number: u32) -> Vec<u8> {
        self.keyring_signed_by(number, &[&self.root])
    }

    fn keyring_signed_by(&self, number: u32, signers: &[&dyn Sign]) -> Vec<u8> {
        let keys = [
            (Role::Root, &self.root),
            (Role::Release, &self.release),
            (Role::Review, &self.review),
        ];
        let keys = keys.map(|(role, key)| Key { role, public: key.public_key() }).to_vec();
        let thresholds = Thresholds { root: 1, release: 1, review: 1 };
        let builder =
            KeyringBuilder { product: PRODUCT, number, expiry: u64::MAX, thresholds, keys };
        sign(Kind::Keyring, &builder.payload(), signers).unwrap()
    }

    /// A release of this file, with a review.
    pub(crate) fn release(&self, file: &[u8], counter: u32, number: u32) -> Vec<u8> {
        let unreviewed = self.unreviewed(&said(file, counter, number));
        counter_sign(&unreviewed, &self.review).unwrap()
    }

    fn unreviewed(&self, release: &Release) -> Vec<u8> {
        sign(Kind::Release, &release.payload(), &[&self.release]).unwrap()
    }
}

fn said(file: &[u8], counter: u32, number: u32) -> Release {
    let module = Module::read(file).unwrap();
    let product = module.suffix().product.unwrap();
    Release {
        product: PRODUCT,
        platform: Platform(GATEWAY),
        version: product.version,
        counter,
        digest: Digest::of(file),
        length: file.len() as u32,
        expiry: u64::MAX,
        number,
        over: 0,
        minimums: [None; MAX_MINIMUMS],
    }
}

pub(super) const PURPOSE: Purpose =
    Purpose { platform: GATEWAY, product: Some(PRODUCT), system_version: 6200 };

/// A store in memory with room for so many bytes, which runs version 1.
fn store_with(flash: &MemoryFlash, people: Option<&People>) -> Store {
    let trust = Trust::in_memory(people.map(|people| people.keyring(1))).unwrap();
    let mut store = Store::new(Medium::Memory(flash.clone()), trust, PURPOSE, None).unwrap();
    if !store.is_installed() {
        let first = module(b"first", 1);
        let statement = people.map(|people| people.release(&first, 1, 1)).unwrap_or_default();
        store.install(&first, &statement).unwrap();
    }
    store.boot().unwrap();
    store
}

fn store(people: Option<&People>) -> Store {
    store_with(&MemoryFlash::new(256 * 1024), people)
}

/// Sends a file from where the device wants it.
fn send(store: &mut Store, file: &[u8], start: &Start<'_>) -> Result<(), Declined> {
    let mut at = store.begin(start)?;
    for piece in file[at as usize..].chunks(512) {
        Updates::store(store, at, piece)?;
        at += piece.len() as u32;
    }
    store.finish()
}

fn take(store: &mut Store, file: &[u8], statement: &[u8]) -> Result<(), Declined> {
    send(store, file, &start(file, statement))
}

fn refused(store: &mut Store, file: &[u8], statement: &[u8]) -> Refusal {
    let declined = take(store, file, statement).unwrap_err();
    // Nothing of it runs.
    let boot = store.boot().unwrap();
    assert!(!boot.on_trial, "{}", declined.message);
    declined.why
}
