//! What a survey asks of the store beside what others do: all tokens, all members, how passwords are hashed, how devices
//! stand. Reading alone, and no secret: neither a hash of one nor what lies sealed.

use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;

use super::client::{ClientRow, client};
use super::member::{MemberRow, member};
use super::pin::HistoryEntry;
use super::pin::history_entry;
use super::statement::{Row, Statement};
use super::token::scopes;
use super::{Ask, Store, StoreError};
use crate::account::{AccountId, Cost, Holder, OrganizationId, Place, Scopes};
use crate::node_key::Generation;
use crate::product::ProductId;

/// What an account's password is worth, and what else it has.
pub struct AccountDetail {
    /// Whose.
    pub account: AccountId,
    /// What the hash of its password cost.
    pub cost: Cost,
    /// The pepper it is under.
    pub pepper: Generation,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
    /// The product, of a customer.
    pub product: Option<ProductId>,
}

/// Something that logs in.
pub struct LoginRow {
    /// Whose.
    pub account: AccountId,
    /// The OAuth client that it was given to.
    pub client: String,
    /// For what kind of holder.
    pub holder: Holder,
    /// The one product it is good for.
    pub product: Option<ProductId>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// Whether a second factor was ever proven for it.
    pub second_factor: bool,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// In milliseconds since 1970; [`i64::MAX`] is never.
    pub ends_at_ms: i64,
    /// Whether it is a login that is refreshed.
    pub refreshed: bool,
}

/// How a device stands, by its own word and its product's.
pub struct DeviceState {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub owner: Option<AccountId>,
    /// From Hello.
    pub platform_id: Option<u16>,
    /// From Hello.
    pub says_product: Option<u16>,
    /// From Hello.
    pub says_version: Option<u16>,
    /// How many Hellos it said.
    pub greetings: u64,
    /// After how many of them it last described itself.
    pub described_in: Option<u64>,
    /// The image that it described.
    pub image: Option<[u8; 32]>,
    /// After how many Hellos it last said that it fell back, and why.
    pub fell_back: Option<(u64, String)>,
    /// The product that it was put into.
    pub product: Option<ProductId>,
    /// The version that it is to keep.
    pub desired_version: Option<u16>,
    /// Whether it is for development.
    pub development: bool,
}

/// A pin with its key.
pub struct PinnedKey {
    /// The device.
    pub device: DeviceId,
    /// What its key is found by.
    pub fingerprint: Fingerprint,
    /// The word for its kind.
    pub kind: String,
    /// The public key: SPKI.
    pub spki: Vec<u8>,
    /// Who set it.
    pub by: String,
    /// In milliseconds since 1970.
    pub at_ms: i64,
}

/// One-time secrets that are there and should not be.
pub struct LeftSecrets {
    /// Whose time is over.
    pub overdue: u32,
    /// That were read.
    pub read_and_kept: u32,
}

/// What a survey reads.
pub struct SurveyRows<'a>(&'a Store);

impl Store {
    /// What a survey reads.
    #[must_use]
    pub fn survey(&self) -> SurveyRows<'_> {
        SurveyRows(self)
    }
}

impl SurveyRows<'_> {
    /// What each account's password is worth.
    pub fn accounts(&self) -> Ask<Vec<AccountDetail>> {
        let sql = "SELECT a.id, a.memory_kib, a.passes, a.lanes, a.pepper, \
            (SELECT COUNT(*) FROM recovery_code r WHERE r.account = a.id), \
            (SELECT c.product FROM customer c WHERE c.account = a.id) FROM account a ORDER BY a.id";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(detail).collect())
    }

    /// Tokens that stand alone, and logins that are refreshed, that have not ended at `now_ms`.
    pub fn logins(&self, now_ms: i64) -> Ask<Vec<LoginRow>> {
        let sql = "SELECT account, client, holder, product, scopes, second_factor_at, created_at, expires_at, 0 \
            FROM token WHERE family IS NULL AND expires_at > ?1 UNION ALL \
            SELECT account, client, holder, product, scopes, second_factor_at, created_at, ends_at, 1 \
            FROM token_family WHERE ends_at > ?1 ORDER BY 1, 7, 8, 2, 5";
        self.0.read(Statement::new(sql).with(now_ms), |rows| rows.iter().map(login).collect())
    }

    /// All registered clients, by id.
    pub fn clients(&self) -> Ask<Vec<ClientRow>> {
        let sql = "SELECT id, account, product, kind, name, secret_hash, redirect_uri, scopes, created_at \
            FROM client ORDER BY id";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(client).collect())
    }

    /// All members of everything.
    pub fn members(&self) -> Ask<Vec<(Place, MemberRow)>> {
        let sql = "SELECT account, role, scopes, label, added_at, product, organization FROM member \
            ORDER BY product, organization, account";
        self.0.read(Statement::new(sql), |rows| {
            rows.iter().map(|row| Ok((place(row)?, member(row)?))).collect()
        })
    }

    /// All devices, by id.
    pub fn devices(&self) -> Ask<Vec<DeviceState>> {
        let sql = "SELECT d.id, d.owner, d.platform_id, d.product_id, d.firmware_version, d.greetings, d.described_in, \
            d.image, d.fell_back_in, d.fell_back_why, m.product, m.desired_version, m.development \
            FROM device d LEFT JOIN product_device m ON m.device = d.id ORDER BY d.id";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(device).collect())
    }

    /// The groups of devices in their products.
    pub fn groups(&self) -> Ask<Vec<(DeviceId, String)>> {
        let sql = "SELECT device, name FROM product_device_group ORDER BY device, name";
        self.0.read(Statement::new(sql), |rows| {
            let one =
                |row: &Row| Ok((DeviceId::from_bytes(row.array(0)?), row.text(1)?.to_owned()));
            rows.iter().map(one).collect()
        })
    }

    /// All pins with their keys, by device.
    pub fn pins(&self) -> Ask<Vec<PinnedKey>> {
        let sql = "SELECT device, fingerprint, kind, public_key, pinned_by, pinned_at FROM pin ORDER BY device";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(pinned).collect())
    }

    /// The history of pins, oldest first, without the setting of first keys that were never replaced.
    pub fn history(&self) -> Ask<Vec<HistoryEntry>> {
        let sql = "SELECT h.at, h.device, h.fingerprint, h.what, h.detail, h.kind FROM pin_history h \
            WHERE h.what <> 'pinned' OR EXISTS \
            (SELECT 1 FROM pin_history r WHERE r.device = h.device AND r.what = 'replaced') ORDER BY h.seq";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(history_entry).collect())
    }

    /// One-time secrets that should be gone: expired before `before_ms`, or read before it.
    pub fn secrets(&self, before_ms: i64) -> Ask<LeftSecrets> {
        let sql = "SELECT (SELECT COUNT(*) FROM secret WHERE wrapped IS NOT NULL AND expires_at < ?1), \
            (SELECT COUNT(*) FROM secret WHERE wrapped IS NOT NULL AND read_at < ?1)";
        self.0.read(Statement::new(sql).with(before_ms), |rows| {
            let row = rows.first().ok_or_else(|| StoreError::corrupt("no count of secrets"))?;
            Ok(LeftSecrets { overdue: row.number(0)?, read_and_kept: row.number(1)? })
        })
    }
}

fn detail(row: &Row) -> Result<AccountDetail, StoreError> {
    Ok(AccountDetail {
        account: AccountId::from_bytes(row.array(0)?),
        cost: Cost { memory_kib: row.number(1)?, passes: row.number(2)?, lanes: row.number(3)? },
        pepper: Generation(row.number(4)?),
        recovery_codes: row.number(5)?,
        product: row.maybe_number(6)?.map(ProductId),
    })
}

fn login(row: &Row) -> Result<LoginRow, StoreError> {
    let unknown = || StoreError::corrupt("a token of an unknown kind");
    Ok(LoginRow {
        account: AccountId::from_bytes(row.array(0)?),
        client: row.text(1)?.to_owned(),
        holder: Holder::from_name(row.text(2)?).ok_or_else(unknown)?,
        product: row.maybe_number(3)?.map(ProductId),
        scopes: scopes(row, 4)?,
        second_factor: row.maybe_int(5)?.is_some(),
        created_at_ms: row.int(6)?,
        ends_at_ms: row.int(7)?,
        refreshed: row.int(8)? == 1,
    })
}

fn place(row: &Row) -> Result<Place, StoreError> {
    let product = row.maybe_number(5)?.map(|id| Place::Product(ProductId(id)));
    let organization = row.maybe_array(6)?.map(OrganizationId::from_bytes);
    let place = product.or(organization.map(Place::Organization));
    place.ok_or_else(|| StoreError::corrupt("a member of nothing"))
}

fn device(row: &Row) -> Result<DeviceState, StoreError> {
    Ok(DeviceState {
        id: DeviceId::from_bytes(row.array(0)?),
        owner: row.maybe_array(1)?.map(AccountId::from_bytes),
        platform_id: row.maybe_number(2)?,
        says_product: row.maybe_number(3)?,
        says_version: row.maybe_number(4)?,
        greetings: row.number(5)?,
        described_in: row.maybe_number(6)?,
        image: row.maybe_array(7)?,
        fell_back: row.maybe_number(8)?.zip(row.maybe_text(9)?.map(str::to_owned)),
        product: row.maybe_number(10)?.map(ProductId),
        desired_version: row.maybe_number(11)?,
        development: row.maybe_int(12)? == Some(1),
    })
}

fn pinned(row: &Row) -> Result<PinnedKey, StoreError> {
    Ok(PinnedKey {
        device: DeviceId::from_bytes(row.array(0)?),
        fingerprint: Fingerprint::from_bytes(row.array(1)?),
        kind: row.text(2)?.to_owned(),
        spki: row.blob(3)?.to_vec(),
        by: row.text(4)?.to_owned(),
        at_ms: row.int(5)?,
    })
}
