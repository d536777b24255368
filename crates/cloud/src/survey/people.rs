//! People, services and customers, by their handles; what they hold, and where they have a say.

use crate::account::{AccountId, Cost, Holder, OrganizationId, Place};
use crate::hook::open_row;
use crate::node_key::{Label, NodeKey};
use crate::store::data_key::DataKeyRow;
use crate::store::organization::OrganizationRow;
use crate::store::survey::{AccountDetail, LoginRow};
use crate::store::{Store, StoreError};
use serde::Serialize;
use std::collections::BTreeMap;

/// How long after its time a one-time secret may still be there: whoever sweeps comes by now and then.
const SWEPT_WITHIN_MS: i64 = 3_600 * 1_000;

/// An account.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Person {
    pub handle: String,
    pub kind: &'static str,
    pub second_factor: bool,
    pub recovery_codes: u32,
    pub devices: usize,
    pub product: Option<u16>,
    pub created_at_ms: i64,
    pub full_cost: bool,
    pub newest_pepper: bool,
}

/// An organisation.
#[derive(Debug, Serialize)]
pub struct Organization {
    /// Its name in addresses.
    pub slug: String,
}

/// A role in a product, or in an organisation and so in all of its products.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Member {
    pub handle: String,
    pub product: Option<u16>,
    pub organization: Option<String>,
    pub role: Option<&'static str>,
    pub scopes: Vec<String>,
    pub added_at_ms: i64,
}

/// A token, or a login that is refreshed.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Token {
    pub handle: String,
    pub kind: &'static str,
    pub client: String,
    pub product: Option<u16>,
    pub scopes: Vec<String>,
    pub created_at_ms: i64,
    /// `None` for never.
    pub expires_at_ms: Option<i64>,
    pub second_factor: bool,
    pub refreshed: bool,
}

/// A registered OAuth client.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Client {
    pub id: String,
    pub handle: String,
    pub product: Option<u16>,
    pub kind: String,
    pub scopes: Vec<String>,
    /// The scheme that browsers are sent back by.
    pub redirect: Option<String>,
    pub created_at_ms: i64,
}

/// A webhook, without where it goes.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct Hook {
    pub id: String,
    pub handle: String,
    pub product: Option<u16>,
    pub event: String,
    pub one_device: bool,
    pub tls: bool,
    pub disabled: bool,
}

/// One-time secrets that are there and should not be.
#[derive(Debug, Serialize)]
pub struct Secrets {
    /// Whose time is over.
    pub overdue: u32,
    /// That were read.
    pub read_and_kept: u32,
}

pub(super) async fn people(store: &Store, keys: &[DataKeyRow]) -> Result<Vec<Person>, StoreError> {
    let details = store.survey().accounts().await?;
    let mut details: BTreeMap<AccountId, AccountDetail> =
        details.into_iter().map(|detail| (detail.account, detail)).collect();
    let peppers = keys.iter().filter(|key| key.label == Label::PASSWORD.name());
    let newest = peppers.map(|key| key.generation).max();
    let known = store.accounts().list().await?.into_iter();
    Ok(known
        .filter_map(|known| {
            let detail = details.remove(&known.id)?;
            // A service's hash belongs to no password.
            let service = known.holder == Holder::Service;
            Some(Person {
                handle: known.id.handle(),
                kind: known.holder.name(),
                second_factor: known.has_second_factor,
                recovery_codes: detail.recovery_codes,
                devices: known.devices,
                product: detail.product.map(|product| product.0),
                created_at_ms: known.created_at_ms,
                full_cost: service || is_full(detail.cost),
                newest_pepper: service || newest.is_none_or(|newest| detail.pepper == newest),
            })
        })
        .collect())
}

fn is_full(cost: Cost) -> bool {
    let full = Cost::FULL;
    cost.memory_kib >= full.memory_kib && cost.passes >= full.passes
}

pub(super) async fn members(
    store: &Store,
    organizations: &[OrganizationRow],
) -> Result<Vec<Member>, StoreError> {
    let slug = |id: OrganizationId| {
        organizations.iter().find(|found| found.id == id).map(|found| found.slug.clone())
    };
    let members = store.survey().members().await?.into_iter();
    let mut members: Vec<Member> = members
        .map(|(place, row)| Member {
            handle: row.account.handle(),
            product: place.product().map(|product| product.0),
            organization: match place {
                Place::Organization(id) => slug(id),
                Place::Product(_) => None,
            },
            role: row.standing.role.map(|role| role.id()),
            scopes: row.standing.scopes.names().map(str::to_owned).collect(),
            added_at_ms: row.added_at_ms,
        })
        .collect();
    members.sort_by(|a, b| {
        (a.product, &a.organization, &a.handle).cmp(&(b.product, &b.organization, &b.handle))
    });
    Ok(members)
}

pub(super) async fn tokens(store: &Store, now_ms: i64) -> Result<Vec<Token>, StoreError> {
    Ok(store.survey().logins(now_ms).await?.into_iter().map(token).collect())
}

fn token(row: LoginRow) -> Token {
    Token {
        handle: row.account.handle(),
        kind: row.holder.name(),
        client: row.client,
        product: row.product.map(|product| product.0),
        scopes: row.scopes.names().map(str::to_owned).collect(),
        created_at_ms: row.created_at_ms,
        expires_at_ms: (row.ends_at_ms != i64::MAX).then_some(row.ends_at_ms),
        second_factor: row.second_factor,
        refreshed: row.refreshed,
    }
}

pub(super) async fn clients(store: &Store) -> Result<Vec<Client>, StoreError> {
    let clients = store.survey().clients().await?.into_iter();
    let scheme = |uri: String| uri.split(':').next().unwrap_or_default().to_owned();
    Ok(clients
        .map(|row| Client {
            id: row.id,
            handle: row.account.handle(),
            product: row.product.map(|product| product.0),
            kind: row.kind,
            scopes: row.scopes.names().map(str::to_owned).collect(),
            redirect: row.redirect_uri.map(scheme),
            created_at_ms: row.created_at_ms,
        })
        .collect())
}

/// A webhook that does not open delivers nothing; it is told of as one that rests.
pub(super) async fn hooks(store: &Store, node_key: &NodeKey) -> Result<Vec<Hook>, StoreError> {
    let sealer = node_key.sealer(Label::WEBHOOK);
    let sealer = sealer.map_err(|error| StoreError::Engine(error.to_string()))?;
    let rows = store.hooks().all().await?.into_iter();
    Ok(rows
        .map(|row| {
            let settings = open_row(&sealer, &row);
            Hook {
                id: row.id.to_string(),
                handle: row.owner.handle(),
                product: row.product.map(|product| product.0),
                one_device: settings.as_ref().is_some_and(|it| it.device.is_some()),
                tls: settings.as_ref().is_none_or(|it| it.target().is_ok_and(|(at, _)| at.tls)),
                disabled: settings.as_ref().is_none_or(|it| it.disabled),
                event: settings.map(|it| it.event).unwrap_or_default(),
            }
        })
        .collect())
}

pub(super) async fn secrets(store: &Store, now_ms: i64) -> Result<Secrets, StoreError> {
    let left = store.survey().secrets(now_ms - SWEPT_WITHIN_MS).await?;
    Ok(Secrets { overdue: left.overdue, read_and_kept: left.read_and_kept })
}
