//! Releasing: to every device of a product, or to groups of them.

use std::collections::BTreeSet;

use super::standing::InForce;
use super::{ProductId, Refusal, Shelf, Standing};
use crate::audit::Act;
use crate::store::Transaction;
use crate::store::firmware::{FirmwareRow, put_released};

/// The most characters of a group's name.
pub(crate) const MAX_GROUP: usize = 64;

/// What is to be released, and to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The version.
    pub version: u16,
    /// To every device that nothing else is said of; `None` leaves the default as it is.
    pub product_default: Option<bool>,
    /// To the devices of just these groups; `None` leaves them as they are.
    pub groups: Option<BTreeSet<String>>,
    /// Whether connected devices get it at once.
    pub at_once: bool,
}

impl Shelf {
    /// Releases a firmware. Everything about it is checked again, and it must run on one device of the product.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is released then.
    pub async fn release_firmware(
        &self,
        product: ProductId,
        order: Order,
    ) -> Result<(FirmwareRow, Standing), Refusal> {
        let firmware = format!("{product}/{}", order.version);
        let act = self.act("firmware.released").on("firmware", firmware);
        let released = self.release_as(product, order, act.clone()).await;
        self.refused(act, released)
    }

    async fn release_as(
        &self,
        product: ProductId,
        order: Order,
        act: Act,
    ) -> Result<(FirmwareRow, Standing), Refusal> {
        let version = order.version;
        check_groups(order.groups.as_ref())?;
        let missing = Refusal::NoFirmware { product, version };
        let row = self.store.firmware().find(product, version).await?.ok_or(missing.clone())?;
        let file = self.file(&row).await?;
        let versions = self.store.product_devices().versions(product).await?;
        let (now, at_ms) = (self.time(), self.now_ms());
        let standing = self.change(product, |opened, next| {
            opened.check(&row, &file, now)?;
            if !versions.contains_key(&version) {
                return Err(Refusal::NeverRun { product, version });
            }
            if let Some(release) = opened.release_of(&row, &file, now)? {
                if release.number < next.number {
                    return Err(Refusal::Number { found: release.number, highest: next.number });
                }
                next.number = release.number;
                next.counter = release.counter.max(next.counter);
            }
            next.order(&order, &row);
            Ok(Transaction::from(put_released(product, version, at_ms)).noting(act))
        });
        let standing = standing.await?;
        let row = self.store.firmware().find(product, version).await?.ok_or(missing)?;
        Ok((row, standing))
    }
}

impl Standing {
    fn order(&mut self, order: &Order, row: &FirmwareRow) {
        let version = order.version;
        let one = InForce { number: version.into(), sha256: row.sha256 };
        let releases = &mut self.releases;
        match order.product_default {
            Some(true) => releases.default = Some(one),
            Some(false) if releases.is_default(version) => releases.default = None,
            _ => {}
        }
        if let Some(groups) = &order.groups {
            releases.groups.retain(|name, old| old.number != one.number || groups.contains(name));
            releases.groups.extend(groups.iter().map(|name| (name.clone(), one)));
        }
        if order.at_once {
            releases.at_once.insert(version);
        } else {
            releases.at_once.remove(&version);
        }
    }
}

/// Whether these can be names of groups.
pub(crate) fn check_groups(groups: Option<&BTreeSet<String>>) -> Result<(), Refusal> {
    let bad = |name: &String| {
        name.trim().is_empty() || name.chars().count() > MAX_GROUP || name.contains([',', '\n'])
    };
    match groups.filter(|groups| groups.len() > MAX_GROUP || groups.iter().any(bad)) {
        None => Ok(()),
        Some(_) => Err(Refusal::Input(format!(
            "A group has 1 to {MAX_GROUP} characters and no comma, and there are at most {MAX_GROUP} of them."
        ))),
    }
}
