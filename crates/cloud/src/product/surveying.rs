//! All products as an audit sees them: who has to sign, what is released, and whether its files are what they were.

use pintle_firmware::module::{Function, Module};

use super::keyring::KeyringInForce;
use super::shelf::Opened;
use super::{Refusal, Releases, Shelf};
use crate::store::StoreError;
use crate::store::firmware::FirmwareRow;
use crate::store::organization::OrganizationRow;
use crate::store::product::ProductRow;
use crate::survey::{Firmware, Keyring, KeyringKey, Product};

impl Shelf {
    /// All products, by number. Every file that was ever released is unsealed and hashed for it.
    pub(crate) async fn survey(
        &self,
        organizations: &[OrganizationRow],
    ) -> Result<Vec<Product>, StoreError> {
        let mut all = Vec::new();
        for row in self.store.products().all().await? {
            all.push(self.survey_one(row, organizations).await?);
        }
        Ok(all)
    }

    async fn survey_one(
        &self,
        row: ProductRow,
        organizations: &[OrganizationRow],
    ) -> Result<Product, StoreError> {
        let opened = self.open(row.id).await;
        let keyring = match &opened {
            Ok(_) => self.keyring(row.id).await,
            Err(_) => Ok(None),
        };
        let locked = [opened.as_ref().err(), keyring.as_ref().err()];
        let locked = locked.into_iter().flatten().next().map(ToString::to_string);
        let releases = opened.as_ref().map(|opened| opened.standing.releases.clone());
        let releases = releases.unwrap_or_default();
        let mut firmware = Vec::new();
        for found in self.store.firmware().list(row.id).await? {
            firmware.push(self.survey_file(found, &releases).await);
        }
        let of = |found: &&OrganizationRow| Some(found.id) == row.organization;
        Ok(Product {
            id: row.id.0,
            organization: organizations.iter().find(of).map(|found| found.slug.clone()),
            owner: row.organization.is_none().then(|| row.owner.handle()),
            slug: row.slug,
            platform_id: row.platform_id,
            quarantine: row.quarantine,
            locked,
            counter: opened.as_ref().map_or(0, |Opened { standing, .. }| standing.counter),
            keyring: keyring.ok().flatten().map(shown),
            firmware,
        })
    }

    async fn survey_file(&self, row: FirmwareRow, releases: &Releases) -> Firmware {
        let released = releases.of(row.version);
        let looked = match row.released_at_ms {
            Some(_) => self.reported(&row).await,
            None => Ok(None),
        };
        let exchanged = released
            .is_some_and(|one| one.sha256 != row.sha256)
            .then(|| Refusal::Exchanged { product: row.product, version: row.version }.to_string());
        let (module_sha256, fault) = match looked {
            Ok(found) => (found.filter(|found| *found != row.sha256), exchanged),
            Err(refusal) => (None, Some(refusal.to_string())),
        };
        Firmware {
            version: row.version,
            size: row.size,
            sha256: hex(&row.sha256),
            module_sha256: module_sha256.map(|sha256| hex(&sha256)),
            fault,
            uploaded_by: row.uploaded_by.handle(),
            released_at_ms: row.released_at_ms,
            is_default: releases.is_default(row.version),
            groups: releases.groups_of(row.version).into_iter().map(str::to_owned).collect(),
            statement: row.statement.as_deref().map(hex),
        }
    }

    /// What a device says that it runs when it runs this, which some count over less than the file.
    async fn reported(&self, row: &FirmwareRow) -> Result<Option<[u8; 32]>, Refusal> {
        let file = self.file(row).await?;
        let module = Module::read(&file)?;
        let is_application =
            matches!(module.prefix().function, Function::USER_PART | Function::MONOLITHIC);
        Ok(is_application.then_some(module.suffix().sha256.0))
    }
}

fn shown(ring: KeyringInForce) -> Keyring {
    let keys = ring.keys.into_iter().map(|key| KeyringKey {
        role: key.role,
        id: key.id,
        algorithm: key.algorithm,
    });
    Keyring {
        number: ring.number,
        expiry: ring.expiry,
        thresholds: ring.thresholds,
        keys: keys.collect(),
        envelope: hex(&ring.envelope),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
