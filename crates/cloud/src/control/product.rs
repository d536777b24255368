//! Products and their firmware, as an operator asks for them. The same [`Shelf`] does it as for the API, by the same
//! rules: being at the machine lets nobody release what is not signed.

use super::line::Response;
use super::office::Office;
use crate::product::{Delivery, NewProduct, Order, ProductId, Releases, Shelf, Upload};
use crate::store::Store;
use crate::store::firmware::FirmwareRow;
use crate::store::product::ProductRow;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What is needed to speak of products.
#[derive(Clone)]
pub struct Products {
    /// Where products are.
    pub store: Store,
    /// Where firmware comes from.
    pub shelf: Shelf,
    /// Who is told what there is to deliver; nobody where no node runs.
    pub delivery: Delivery,
}

/// What an operator asks of products.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum ProductRequest {
    /// Make one.
    Create {
        /// Its name.
        name: String,
        /// Its kind of board.
        platform_id: u16,
        /// The account that gets it.
        owner: String,
        /// Its number; a free one if not given.
        id: Option<u16>,
        /// Its name in addresses; made of its name if not given.
        slug: Option<String>,
    },
    /// All of them.
    List,
    /// Put a keyring in force.
    SetKeyring {
        /// The product, by number or slug.
        product: String,
        /// The keyring, in base64.
        keyring: String,
    },
    /// Take a firmware in.
    AddFirmware {
        /// The product, by number or slug.
        product: String,
        /// The name of its file.
        file_name: String,
        /// The file, in base64.
        file: String,
        /// A line about it.
        title: String,
        /// What was signed about it, in base64.
        statement: Option<String>,
    },
    /// The firmware of a product.
    ListFirmware {
        /// The product, by number or slug.
        product: String,
    },
    /// Put another signed release in the place of a firmware's.
    StateFirmware {
        /// The product, by number or slug.
        product: String,
        /// The version.
        version: u16,
        /// What was signed about it, in base64.
        statement: String,
    },
    /// Release a firmware.
    ReleaseFirmware {
        /// The product, by number or slug.
        product: String,
        /// The version.
        version: u16,
        /// To the devices of these groups; to all if there is none.
        groups: Vec<String>,
        /// To connected devices at once.
        at_once: bool,
    },
}

/// A product, for an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductLine {
    /// Its number.
    pub id: u16,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its kind of board.
    pub platform_id: u16,
    /// The handle of whoever owns it.
    pub owner: String,
    /// The number of its keyring; none where it asks for no signatures.
    pub keyring: Option<u32>,
    /// Why nothing of it is released or flashed.
    pub locked: Option<String>,
}

/// A firmware, for an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirmwareLine {
    /// Its version.
    pub version: u16,
    /// A line about it.
    pub title: String,
    /// Its length in bytes.
    pub size: u32,
    /// Its SHA-256.
    pub sha256: String,
    /// Whether it is released to every device that nothing else is said of.
    pub product_default: bool,
    /// The groups that it is released to.
    pub groups: Vec<String>,
    /// How many devices report it.
    pub devices: u64,
    /// Why it cannot be released, as far as signatures go.
    pub missing: Option<String>,
}

type Result<T> = std::result::Result<T, String>;

impl Office {
    pub(super) async fn product(&self, request: ProductRequest) -> Result<Response> {
        let products = self.products().ok_or("this node has no products")?;
        match request {
            ProductRequest::Create { name, platform_id, owner, id, slug } => {
                let owner = self.owner(Some(&owner)).await?.ok_or("no owner is named")?;
                let (description, quarantine) = (String::new(), true);
                let new = NewProduct {
                    id,
                    name,
                    slug,
                    description,
                    platform_id,
                    owner,
                    organization: None,
                    quarantine,
                };
                let made = products.shelf.create(new).await.map_err(text)?;
                Ok(Response::Products { products: vec![products.line(&made).await] })
            }
            ProductRequest::List => {
                let mut lines = Vec::new();
                for row in self.store().products().all().await.map_err(text)? {
                    lines.push(products.line(&row).await);
                }
                Ok(Response::Products { products: lines })
            }
            ProductRequest::SetKeyring { product, keyring } => {
                let row = products.find(&product).await?;
                products.shelf.set_keyring(row.id, &bytes(&keyring)?).await.map_err(text)?;
                Ok(Response::Products { products: vec![products.line(&row).await] })
            }
            firmware => products.firmware(firmware).await,
        }
    }
}

impl Products {
    async fn firmware(&self, request: ProductRequest) -> Result<Response> {
        let (product, version) = match request {
            ProductRequest::AddFirmware { product, file_name, file, title, statement } => {
                let row = self.find(&product).await?;
                let upload = Upload {
                    version: None,
                    title,
                    description: String::new(),
                    mandatory: false,
                    file_name,
                    file: bytes(&file)?.into(),
                    statement: statement.as_deref().map(bytes).transpose()?,
                    by: row.owner,
                };
                let kept = self.shelf.upload(row.id, upload).await.map_err(text)?;
                (row.id, Some(kept.version))
            }
            ProductRequest::StateFirmware { product, version, statement } => {
                let id = self.find(&product).await?.id;
                let statement = bytes(&statement)?;
                self.shelf.restate(id, version, &statement).await.map_err(text)?;
                (id, Some(version))
            }
            ProductRequest::ReleaseFirmware { product, version, groups, at_once } => {
                let id = self.find(&product).await?.id;
                let all = groups.is_empty().then_some(true);
                let groups = (!groups.is_empty()).then(|| groups.into_iter().collect());
                let order = Order { version, product_default: all, groups, at_once };
                self.shelf.release_firmware(id, order).await.map_err(text)?;
                if at_once {
                    self.delivery.product(id);
                }
                (id, Some(version))
            }
            ProductRequest::ListFirmware { product } => (self.find(&product).await?.id, None),
            _ => return Err("not a request about firmware".to_owned()),
        };
        self.lines(product, version).await
    }

    /// The firmware of a product, or one of them.
    async fn lines(&self, product: ProductId, version: Option<u16>) -> Result<Response> {
        let releases = self.shelf.releases(product).await.map_err(text)?;
        let devices = self.store.product_devices().versions(product).await.map_err(text)?;
        let mut lines = Vec::new();
        for row in self.store.firmware().list(product).await.map_err(text)? {
            if version.is_none_or(|version| version == row.version) {
                let count = devices.get(&row.version).copied().unwrap_or(0);
                lines.push(self.firmware_line(&row, &releases, count).await?);
            }
        }
        Ok(Response::Firmware { firmware: lines })
    }

    async fn firmware_line(
        &self,
        row: &FirmwareRow,
        releases: &Releases,
        devices: u64,
    ) -> Result<FirmwareLine> {
        let missing = self.shelf.missing(row).await.map_err(text)?;
        Ok(FirmwareLine {
            version: row.version,
            title: row.title.clone(),
            size: row.size,
            sha256: row.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            product_default: releases.is_default(row.version),
            groups: releases.groups_of(row.version).into_iter().map(str::to_owned).collect(),
            devices,
            missing: missing.map(|why| why.to_string()),
        })
    }

    async fn line(&self, row: &ProductRow) -> ProductLine {
        let (keyring, locked) = match self.shelf.keyring(row.id).await {
            Ok(ring) => (ring.map(|ring| ring.number), None),
            Err(refusal) => (None, Some(refusal.to_string())),
        };
        ProductLine {
            id: row.id.0,
            slug: row.slug.clone(),
            name: row.name.clone(),
            platform_id: row.platform_id,
            owner: row.owner.handle(),
            keyring,
            locked,
        }
    }

    async fn find(&self, named: &str) -> Result<ProductRow> {
        let products = self.store.products();
        let found = match named.parse().map(ProductId) {
            Ok(id) => products.find(id).await,
            Err(_) => products.find_by_slug(named).await,
        };
        let found = found.map_err(text)?;
        found.ok_or_else(|| format!("there is no product `{named}` on this node"))
    }
}

fn bytes(base64: &str) -> Result<Vec<u8>> {
    STANDARD.decode(base64).map_err(|error| format!("not base64: {error}"))
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
