//! The configuration in effect, and when what was last done.

use super::{Seen, Surveyor};
use crate::config::Config;
use crate::guard::Limits;
use crate::store::StoreError;
use crate::store::data_key::DataKeyRow;
use crate::store::milestone::Milestone;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What only a running node has.
#[derive(Debug, Serialize)]
pub struct Running {
    /// Its process id.
    pub process: u32,
    /// What it keeps an eye on, since its start.
    pub watch: Seen,
}

/// The configuration in effect.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "each is what `config.toml` calls it, or its address")]
pub struct Settings {
    pub api: SocketAddr,
    pub udp: SocketAddr,
    pub tcp: Option<SocketAddr>,
    pub redirect: Option<SocketAddr>,
    pub metrics: Option<SocketAddr>,
    pub given_certificate: bool,
    pub registration: bool,
    pub password_grant: bool,
    pub token_days: u16,
    pub endless_tokens: bool,
    pub refresh_days: u16,
    pub webhook_networks: Vec<String>,
    pub webhook_plain_http: bool,
    pub webhook_authorities: bool,
    pub contact: bool,
    pub weak_keys: bool,
    pub audit_heads: Option<PathBuf>,
    pub audit_keep_days: Option<u16>,
    pub data: PathBuf,
    pub key_file: PathBuf,
    pub limits: Vec<Limit>,
}

/// A quota.
#[derive(Debug, Serialize)]
pub struct Limit {
    /// Its name in `[limits]`.
    pub name: &'static str,
    /// What is in force.
    pub value: u64,
    /// What a new node has.
    pub usual: u64,
}

/// When something was last done, in milliseconds since 1970.
#[derive(Debug, Default, Serialize)]
#[expect(missing_docs, reason = "as `Milestone` has them")]
pub struct Milestones {
    pub began_ms: Option<i64>,
    pub backed_up_ms: Option<i64>,
    pub restored_ms: Option<i64>,
    pub key_copied_ms: Option<i64>,
}

/// A data key; no secret is in this.
#[derive(Debug, Serialize)]
pub struct DataKey {
    /// What it is for.
    pub label: String,
    /// How many its label had before.
    pub generation: u32,
    /// In milliseconds since 1970.
    pub made_at_ms: i64,
    /// Whether everything new goes under it.
    pub newest: bool,
}

impl Surveyor {
    pub(super) fn settings(&self) -> Settings {
        let Config { api, udp, tcp, webhooks, security, oauth, node, accounts, audit, .. } =
            &self.config;
        let at = self.running.as_ref().map(|(addresses, _)| *addresses);
        let tcp = tcp.enabled.then_some(tcp.listen);
        Settings {
            api: at.map_or(api.listen, |at| at.api),
            udp: at.map_or(udp.listen, |at| at.udp),
            tcp: at.map_or(tcp, |at| at.tcp),
            redirect: at.map_or(api.redirect, |at| at.redirect),
            metrics: at.map_or(self.config.metrics.listen, |at| at.metrics),
            given_certificate: api.given_certificate().is_some(),
            registration: accounts.registration,
            password_grant: oauth.password_grant,
            token_days: oauth.token_days.get(),
            endless_tokens: oauth.endless_tokens,
            refresh_days: oauth.refresh_days.get(),
            webhook_networks: webhooks.allow.iter().map(ToString::to_string).collect(),
            webhook_plain_http: webhooks.plain_http,
            webhook_authorities: webhooks.ca_file.is_some(),
            contact: security.contact.is_some(),
            weak_keys: security.weak_keys.is_some(),
            audit_heads: audit.heads.clone(),
            audit_keep_days: audit.keep_days.map(Into::into),
            data: self.data.clone(),
            key_file: node.key_file.clone(),
            limits: limits(&self.config.limits),
        }
    }

    pub(super) async fn milestones(&self) -> Result<Milestones, StoreError> {
        let mut found = Milestones::default();
        for (milestone, at_ms) in self.store.milestones().await? {
            let place = match milestone {
                Milestone::Began => &mut found.began_ms,
                Milestone::BackedUp => &mut found.backed_up_ms,
                Milestone::Restored => &mut found.restored_ms,
                Milestone::KeyCopied => &mut found.key_copied_ms,
            };
            *place = Some(at_ms);
        }
        Ok(found)
    }
}

fn limits(limits: &Limits) -> Vec<Limit> {
    let usual = Limits::default();
    let each = |of: &Limits| {
        [
            ("requests", u64::from(of.requests.get())),
            ("account_requests", u64::from(of.account_requests.get())),
            ("logins", u64::from(of.logins.get())),
            ("tokens", u64::from(of.tokens.get())),
            ("streams_opened", u64::from(of.streams_opened.get())),
            ("streams", of.streams.get() as u64),
            ("connections", of.connections.get() as u64),
            ("connections_an_address", of.connections_an_address.get() as u64),
        ]
    };
    let both = each(limits).into_iter().zip(each(&usual));
    both.map(|((name, value), (_, usual))| Limit { name, value, usual }).collect()
}

pub(super) fn data_keys(rows: Vec<DataKeyRow>) -> Vec<DataKey> {
    let is_newest = |row: &DataKeyRow| {
        !rows.iter().any(|other| other.label == row.label && other.generation > row.generation)
    };
    let newest: Vec<bool> = rows.iter().map(is_newest).collect();
    let each = rows.into_iter().zip(newest).map(|(row, newest)| DataKey {
        label: row.label,
        generation: row.generation.0,
        made_at_ms: row.made_at_ms,
        newest,
    });
    each.collect()
}
