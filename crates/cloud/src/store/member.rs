//! Members of products and organisations at rest: people with a role, and services with scopes.

use aws_lc_rs::rand;

use super::organization::met;
use super::statement::{Expect, Failure, Row, Statement, Transaction};
use super::{Ask, Store, StoreError};
use crate::account::{AccountId, OrganizationId, Place, Role, Scopes, Standing};
use crate::audit::Act;
use crate::node_key::NodeKeyError;
use crate::store::product::ProductRow;

/// A member as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// Who.
    pub account: AccountId,
    /// What it may do there.
    pub standing: Standing,
    /// What a service is called; people have none.
    pub label: Option<String>,
    /// In milliseconds since 1970.
    pub added_at_ms: i64,
}

/// Somebody on the way to becoming a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joining {
    place: Place,
    member: MemberRow,
}

impl Joining {
    /// A person.
    #[must_use]
    pub fn person(account: AccountId, place: Place, role: Role, at_ms: i64) -> Self {
        let standing = Standing::of(role);
        Self { place, member: MemberRow { account, standing, label: None, added_at_ms: at_ms } }
    }

    /// The first owner of an organisation.
    #[must_use]
    pub fn owner(account: AccountId, organization: OrganizationId, at_ms: i64) -> Self {
        Self::person(account, Place::Organization(organization), Role::Owner, at_ms)
    }

    /// A service.
    #[must_use]
    pub fn service(
        account: AccountId,
        place: Place,
        scopes: Scopes,
        label: String,
        at_ms: i64,
    ) -> Self {
        let standing = Standing { role: None, scopes };
        let label = Some(label);
        Self { place, member: MemberRow { account, standing, label, added_at_ms: at_ms } }
    }

    pub(super) fn statement(&self) -> Statement {
        let MemberRow { account, standing, label, added_at_ms } = &self.member;
        let sql = "INSERT INTO member (product, organization, account, role, scopes, label, added_at) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        at(sql, self.place)
            .with(account.as_bytes().as_slice())
            .with(standing.role.map(Role::id))
            .with(standing.role.is_none().then(|| standing.scopes.to_string()))
            .with(label.as_deref())
            .with(*added_at_ms)
    }
}

/// A name hash, a salt and a password hash that are random, so that no name and no password belongs to them.
pub struct Unmatched([u8; 32], [u8; 16], [u8; 32]);

impl Unmatched {
    /// New ones.
    ///
    /// # Errors
    /// [`NodeKeyError`] where there are no random bytes.
    pub fn generate() -> Result<Self, NodeKeyError> {
        let mut new = Self([0; 32], [0; 16], [0; 32]);
        let filled = rand::fill(&mut new.0)
            .and_then(|()| rand::fill(&mut new.1))
            .and_then(|()| rand::fill(&mut new.2));
        filled.map_err(|_| NodeKeyError::Crypto)?;
        Ok(new)
    }
}

/// The members in the store.
pub struct Members<'a>(pub(super) &'a Store);

impl Store {
    /// The members of products and organisations.
    #[must_use]
    pub fn members(&self) -> Members<'_> {
        Members(self)
    }
}

impl Members<'_> {
    /// What an account is to a product, by itself and through its organisation; `None` where it is nothing to it.
    pub fn standing_in(&self, account: AccountId, product: &ProductRow) -> Ask<Option<Standing>> {
        let sql = "SELECT role, scopes FROM member WHERE account = ?1 AND (product = ?2 OR organization = ?3)";
        let organization = product.organization.map(|id| id.as_bytes().to_vec());
        // An organisation's product is nobody's own, whoever made it.
        let own = product.organization.is_none() && product.owner == account;
        let question = Statement::new(sql)
            .with(account.as_bytes().as_slice())
            .with(product.id.0)
            .with(organization);
        self.0.read(question, move |rows| {
            let own = own.then_some(Standing::of(Role::Owner));
            rows.iter().try_fold(own, |known, row| {
                let found = standing(row, 0)?;
                Ok(Some(known.map_or(found, |known| known.and(found))))
            })
        })
    }

    /// One member of a place.
    pub fn find(&self, place: Place, account: AccountId) -> Ask<Option<MemberRow>> {
        let sql = "SELECT account, role, scopes, label, added_at FROM member \
            WHERE (product = ?1 OR organization = ?2) AND account = ?3";
        let question = at(sql, place).with(account.as_bytes().as_slice());
        self.0.read(question, |rows| rows.first().map(member).transpose())
    }

    /// The members of a place, in the order they joined.
    pub fn list(&self, place: Place) -> Ask<Vec<MemberRow>> {
        let sql = "SELECT account, role, scopes, label, added_at FROM member \
            WHERE product = ?1 OR organization = ?2 ORDER BY added_at, account";
        self.0.read(at(sql, place), |rows| rows.iter().map(member).collect())
    }

    /// Adds a member; false where it is one already.
    pub fn add(&self, joining: &Joining, act: Act) -> Ask<bool> {
        self.0.attempt(Transaction::from(joining.statement()).noting(act), |result| match result {
            Ok(_) => Ok(true),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(false),
            Err(failure) => Err(failure.into()),
        })
    }

    /// Gives a person another role; false where there is none, or no owner would be left.
    pub fn set_role(&self, place: Place, account: AccountId, role: Role, act: Act) -> Ask<bool> {
        let sql = "UPDATE member SET role = ?4 WHERE (product = ?1 OR organization = ?2) AND account = ?3 \
            AND role IS NOT NULL AND (?4 = 'owner' OR role <> 'owner' OR product IS NOT NULL OR (SELECT COUNT(*) \
            FROM member other WHERE other.organization = ?2 AND other.role = 'owner') > 1)";
        let update = at(sql, place)
            .with(account.as_bytes().as_slice())
            .with(role.id())
            .expecting(Expect::Some);
        self.0.attempt(Transaction::from(update).noting(act), met)
    }

    /// Gives a service other scopes or another label; false where there is none.
    pub fn set_service(
        &self,
        place: Place,
        account: AccountId,
        scopes: Scopes,
        label: &str,
        act: Act,
    ) -> Ask<bool> {
        let sql = "UPDATE member SET scopes = ?4, label = ?5 \
            WHERE (product = ?1 OR organization = ?2) AND account = ?3 AND role IS NULL";
        let update = at(sql, place)
            .with(account.as_bytes().as_slice())
            .with(scopes.to_string())
            .with(label)
            .expecting(Expect::Some);
        self.0.attempt(Transaction::from(update).noting(act), met)
    }

    /// Takes a person out; false where it is not a member, or no owner would be left.
    pub fn remove(&self, place: Place, account: AccountId, act: Act) -> Ask<bool> {
        let sql = "DELETE FROM member WHERE (product = ?1 OR organization = ?2) AND account = ?3 \
            AND (role <> 'owner' OR product IS NOT NULL OR (SELECT COUNT(*) \
            FROM member other WHERE other.organization = ?2 AND other.role = 'owner') > 1)";
        let delete = at(sql, place).with(account.as_bytes().as_slice()).expecting(Expect::Some);
        self.0.attempt(Transaction::from(delete).noting(act), met)
    }

    /// Adds a service, with an account of its own that nobody can log in to.
    pub fn add_service(&self, joining: &Joining, unmatched: &Unmatched, act: Act) -> Ask<()> {
        let account = Statement::new(
            "INSERT INTO account (id, name_hash, salt, password_hash, memory_kib, passes, lanes, created_at) \
             VALUES (?1, ?2, ?3, ?4, 19456, 2, 1, ?5)",
        )
        .with(joining.member.account.as_bytes().as_slice())
        .with(unmatched.0.as_slice())
        .with(unmatched.1.as_slice())
        .with(unmatched.2.as_slice())
        .with(joining.member.added_at_ms);
        let both = Transaction::new().then(account).then(joining.statement()).noting(act);
        self.0.write(both, |_| Ok(()))
    }

    /// Takes a service out, and its account and tokens with it; false where there is none.
    pub fn remove_service(&self, place: Place, account: AccountId, act: Act) -> Ask<bool> {
        let sql = "DELETE FROM account WHERE id = ?3 AND EXISTS (SELECT 1 FROM member \
            WHERE (product = ?1 OR organization = ?2) AND account = ?3 AND role IS NULL)";
        let delete = at(sql, place).with(account.as_bytes().as_slice()).expecting(Expect::Some);
        self.0.attempt(Transaction::from(delete).noting(act), met)
    }
}

/// A statement about a place, which is its first two values.
fn at(sql: &'static str, place: Place) -> Statement {
    let organization = place.organization().map(|id| id.as_bytes().to_vec());
    Statement::new(sql).with(place.product().map(|id| id.0)).with(organization)
}

pub(super) fn member(row: &Row) -> Result<MemberRow, StoreError> {
    Ok(MemberRow {
        account: AccountId::from_bytes(row.array(0)?),
        standing: standing(row, 1)?,
        label: row.maybe_text(3)?.map(str::to_owned),
        added_at_ms: row.int(4)?,
    })
}

/// What a role and scopes in these two columns come to. A scope that this release does not know is not there for it.
pub(super) fn standing(row: &Row, column: usize) -> Result<Standing, StoreError> {
    if let Some(role) = row.maybe_text(column)? {
        let unknown = |_| StoreError::corrupt(format!("there is no role {role:?}"));
        return Ok(Standing::of(role.parse().map_err(unknown)?));
    }
    let known = row.maybe_text(column + 1)?.unwrap_or_default();
    let scopes = known.split_ascii_whitespace().filter_map(|name| name.parse::<Scopes>().ok());
    Ok(Standing { role: None, scopes: scopes.fold(Scopes::NONE, Scopes::or).for_services() })
}
