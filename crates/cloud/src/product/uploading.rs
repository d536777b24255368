//! Taking firmware in: what is wrong with a file is said now, not when it is to be released.

use std::sync::Arc;

use pintle_firmware::Digest;
use pintle_firmware::module::{Function, Module};
use pintle_firmware::release::ReleaseFault;

use super::creating::MAX_TEXT;
use super::pieces::{self, Which};
use super::shelf::Opened;
use super::{MAX_IMAGE, ProductId, Refusal, Shelf, checked};
use crate::account::AccountId;
use crate::audit::Act;
use crate::store::firmware::{Edit, FirmwareRow, Keeping};

/// The most characters of a title or a file's name.
const MAX_TITLE: usize = 256;

/// A firmware to be taken in.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its version, as the module carries it; `None` takes the module's.
    pub version: Option<u16>,
    /// A line about it; empty makes one.
    pub title: String,
    /// More about it.
    pub description: String,
    /// Whether its owner calls it mandatory.
    pub mandatory: bool,
    /// The name of the file.
    pub file_name: String,
    /// The module's file.
    pub file: Arc<[u8]>,
    /// What was signed about it: a release, alone or behind keyrings.
    pub statement: Option<Vec<u8>>,
    /// Who uploads it.
    pub by: AccountId,
}

impl Shelf {
    /// Takes a firmware in, whole or not at all.
    ///
    /// A release that is still to be signed by more is taken and can be replaced ([`Shelf::restate`]); one that is
    /// wrong is refused.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is kept then.
    pub async fn upload(&self, product: ProductId, upload: Upload) -> Result<FirmwareRow, Refusal> {
        if upload.file.len() > MAX_IMAGE {
            return Err(Refusal::TooLarge);
        }
        check_texts(Some(&upload.title), Some(&upload.description))?;
        let opened = self.open(product).await?;
        let row = self.row(&opened, &upload)?;
        let (rooms, file, version) = (Arc::clone(&self.rooms), upload.file, row.version);
        let sha256 = row.sha256;
        let sealing = tokio::task::spawn_blocking(move || {
            let which = Which { product, version, sha256: &sha256 };
            pieces::seal(&rooms.files, which, &file)
        });
        let sealed =
            sealing.await.map_err(|_| Refusal::Internal)?.map_err(|_| Refusal::Internal)?;
        let store = self.store.telling(self.told("firmware.uploaded", product, version));
        match store.firmware().put(&row, sealed).await? {
            Keeping::Kept => Ok(row),
            Keeping::Taken => Err(Refusal::VersionTaken { product, version }),
        }
    }

    fn told(&self, what: &'static str, product: ProductId, version: u16) -> Act {
        self.act(what).on("firmware", format_args!("{product}/{version}"))
    }

    fn row(&self, opened: &Opened, upload: &Upload) -> Result<FirmwareRow, Refusal> {
        let module = Module::read(&upload.file)?;
        if let Some(reason) = module.first_fault() {
            return Err(Refusal::Module(reason.to_string()));
        }
        let mut wanted = opened.wanted(upload.version);
        wanted.function = Some(Function::USER_PART);
        if let Some(fault) = checked::first_difference(&wanted, &module) {
            return Err(Refusal::Module(fault));
        }
        let version = module.suffix().product.map_or(0, |product| product.version);
        let statement = upload.statement.as_deref();
        let statement = statement
            .map(|bytes| self.release(opened, bytes, &upload.file, &module))
            .transpose()?;
        let title = upload.title.trim();
        let at_ms = self.now_ms();
        Ok(FirmwareRow {
            product: opened.row.id,
            version,
            title: if title.is_empty() { format!("Version {version}") } else { title.to_owned() },
            description: upload.description.clone(),
            mandatory: upload.mandatory,
            file_name: last_name(&upload.file_name),
            size: u32::try_from(upload.file.len()).map_err(|_| Refusal::TooLarge)?,
            sha256: Digest::of(&upload.file).0,
            statement,
            uploaded_by: upload.by,
            uploaded_at_ms: at_ms,
            updated_at_ms: at_ms,
            released_at_ms: None,
        })
    }

    /// The release that was uploaded, if nothing is wrong with it but that more have to sign.
    fn release(
        &self,
        opened: &Opened,
        statement: &[u8],
        file: &[u8],
        module: &Module<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        if !opened.policy.asks_for_signatures() {
            return Err(Refusal::NoKeyring(opened.row.id));
        }
        let release = checked::release_in(statement)?;
        match opened.policy.check(Some(&release), file, module, self.time()) {
            Ok(_) => Ok(release),
            Err(Refusal::Release(ReleaseFault::Signatures { .. })) => {
                checked::says(&release, file, module)?;
                Ok(release)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Puts another signed release in the place of a firmware's: one that more have signed.
    ///
    /// # Errors
    /// [`Refusal`]; the old one stays then.
    pub async fn restate(
        &self,
        product: ProductId,
        version: u16,
        statement: &[u8],
    ) -> Result<(), Refusal> {
        let opened = self.open(product).await?;
        let missing = Refusal::NoFirmware { product, version };
        let row = self.store.firmware().find(product, version).await?.ok_or(missing.clone())?;
        let file = self.file(&row).await?;
        let release = self.release(&opened, statement, &file, &Module::read(&file)?)?;
        let store = self.store.telling(self.told("firmware.restated", product, version));
        let kept = store.firmware().restate(product, version, &release, self.now_ms()).await?;
        if kept { Ok(()) } else { Err(missing) }
    }

    /// Why a firmware cannot be released as it is; `None` where it can, as far as its keyring goes.
    ///
    /// # Errors
    /// [`Refusal`] where that cannot be said.
    pub async fn missing(&self, row: &FirmwareRow) -> Result<Option<Refusal>, Refusal> {
        let opened = self.open(row.product).await?;
        if !opened.policy.asks_for_signatures() {
            return Ok(None);
        }
        let file = self.file(row).await?;
        Ok(opened.check(row, &file, self.time()).err())
    }

    /// The file of a firmware, for whoever may have it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn download(&self, product: ProductId, version: u16) -> Result<Arc<[u8]>, Refusal> {
        let missing = Refusal::NoFirmware { product, version };
        let row = self.store.firmware().find(product, version).await?.ok_or(missing)?;
        self.file(&row).await
    }

    /// Changes what is said of a firmware.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn edit(&self, product: ProductId, version: u16, edit: Edit) -> Result<(), Refusal> {
        check_texts(edit.title.as_deref(), edit.description.as_deref())?;
        let done = self.store.firmware().edit(product, version, edit, self.now_ms()).await?;
        if done { Ok(()) } else { Err(Refusal::NoFirmware { product, version }) }
    }

    /// Deletes a firmware that was never released.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn remove(&self, product: ProductId, version: u16) -> Result<(), Refusal> {
        let store = self.store.telling(self.told("firmware.removed", product, version));
        if store.firmware().remove(product, version).await? {
            return Ok(());
        }
        match self.store.firmware().find(product, version).await? {
            Some(_) => Err(Refusal::WasReleased { version }),
            None => Err(Refusal::NoFirmware { product, version }),
        }
    }
}

fn check_texts(title: Option<&str>, description: Option<&str>) -> Result<(), Refusal> {
    let long =
        |title: &str| title.chars().count() > MAX_TITLE || title.chars().any(char::is_control);
    if title.is_some_and(long) {
        return Err(Refusal::Input(format!("A title has at most {MAX_TITLE} characters.")));
    }
    if description.is_some_and(|text| text.len() > MAX_TEXT) {
        return Err(Refusal::Input(format!("A description has at most {MAX_TEXT} bytes.")));
    }
    Ok(())
}

/// The last part of a path, since some clients send a whole one.
fn last_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_TITLE).collect();
    if name.is_empty() { "firmware.bin".to_owned() } else { name }
}
