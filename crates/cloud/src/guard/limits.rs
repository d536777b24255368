//! `[limits]` of the configuration: how much one address, one account and all together may.

use std::num::{NonZeroU32, NonZeroUsize};

use serde::Deserialize;

/// `[limits]`. Quotas are for five minutes; they come back evenly.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// `requests`: of one address, in five minutes. Default 10000.
    pub requests: NonZeroU32,
    /// `account_requests`: of one account, from wherever, in five minutes. Default 10000.
    pub account_requests: NonZeroU32,
    /// `logins`: `POST /oauth/token` of one address, in five minutes, right or wrong. Default 100.
    pub logins: NonZeroU32,
    /// `tokens`: tokens ended, accounts made and passwords reset by one address, in five minutes. Default 100.
    pub tokens: NonZeroU32,
    /// `streams_opened`: event streams opened by one address, in five minutes. Default 200: a client that lost its
    /// stream asks again every two seconds, and that is 150.
    pub streams_opened: NonZeroU32,
    /// `streams`: event streams of one account at once. Default 100.
    pub streams: NonZeroUsize,
    /// `connections`: to the API at once, where the limit of open files allows them. Default 4096.
    pub connections: NonZeroUsize,
    /// `connections_an_address`: of one address at once. Default 256.
    pub connections_an_address: NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Self {
        let quota = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let count = |number| NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN);
        Self {
            requests: quota(10_000),
            account_requests: quota(10_000),
            logins: quota(100),
            tokens: quota(100),
            streams_opened: quota(200),
            streams: count(100),
            connections: count(4_096),
            connections_an_address: count(256),
        }
    }
}
