//! Devices by their own word, and what happened to their keys.

use crate::store::{Store, StoreError};
use pintle_protocol::DeviceId;
use serde::Serialize;
use std::collections::BTreeMap;

/// A device.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Device {
    pub id: String,
    pub owner: Option<String>,
    pub product: Option<u16>,
    pub says_product: Option<u16>,
    pub says_version: Option<u16>,
    pub platform_id: Option<u16>,
    pub image: Option<String>,
    /// Whether it reported that since its last Hello.
    pub confirmed: bool,
    /// Whether it ever said Hello.
    pub seen: bool,
    pub development: bool,
    pub desired_version: Option<u16>,
    pub groups: Vec<String>,
    /// Why it fell back from an image, if it did since its last Hello.
    pub fell_back: Option<String>,
}

/// A pinned key.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Pin {
    pub device: String,
    pub kind: String,
    /// Computed anew.
    pub fingerprint: String,
    pub by: String,
    pub at_ms: i64,
    /// What is wrong with the stored key.
    pub fault: Option<String>,
}

/// One line of the history of pins.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Entry {
    pub at_ms: i64,
    pub what: String,
    pub device: Option<String>,
    pub fingerprint: Option<String>,
}

pub(super) async fn devices(store: &Store) -> Result<Vec<Device>, StoreError> {
    let mut groups: BTreeMap<DeviceId, Vec<String>> = BTreeMap::new();
    for (device, name) in store.survey().groups().await? {
        groups.entry(device).or_default().push(name);
    }
    let states = store.survey().devices().await?.into_iter();
    Ok(states
        .map(|state| Device {
            id: state.id.to_string(),
            owner: state.owner.map(|owner| owner.handle()),
            product: state.product.map(|product| product.0),
            says_product: state.says_product,
            says_version: state.says_version,
            platform_id: state.platform_id,
            image: state.image.map(|image| super::key::hex(&image)),
            confirmed: state.described_in == Some(state.greetings),
            seen: state.greetings > 0,
            development: state.development,
            desired_version: state.desired_version,
            groups: groups.remove(&state.id).unwrap_or_default(),
            fell_back: state.fell_back.and_then(|(at, why)| (at == state.greetings).then_some(why)),
        })
        .collect())
}

pub(super) async fn history(store: &Store) -> Result<Vec<Entry>, StoreError> {
    let entries = store.survey().history().await?.into_iter();
    Ok(entries
        .map(|entry| Entry {
            at_ms: entry.at_ms,
            what: entry.what,
            device: entry.device.map(|device| device.to_string()),
            fingerprint: entry.fingerprint.map(|key| key.to_string()),
        })
        .collect())
}
