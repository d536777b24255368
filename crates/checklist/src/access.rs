//! Item 6, user access: people, tokens, clients, and who reaches which device.
//!
//! All of it is read from the node's survey, in which people are handles. What can only be seen by trying, a password that
//! should be refused, is tried on a twin ([`password`]).

mod client;
mod factor;
pub mod graph;
mod hook;
pub mod password;
mod reach;
mod role;
mod token;

use crate::check::Check;
use crate::look::Look;
use crate::survey::{Client, Hook, Member, Person, Secrets, Survey, Token};
use graph::Graph;
use password::Trial;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Access {
    /// Who reaches which device.
    pub graph: Graph,
    /// Accounts.
    pub people: Vec<Person>,
    /// Roles.
    pub members: Vec<Member>,
    /// What logs in and has not ended.
    pub tokens: Vec<Token>,
    /// Registered OAuth clients.
    pub clients: Vec<Client>,
    /// Webhooks.
    pub hooks: Vec<Hook>,
    /// One-time secrets that should be gone.
    pub secrets: Secrets,
    /// How logins are set up.
    pub logins: Logins,
    /// Devices in a product whose owner has no part in it: the device, its product and the owner.
    pub strangers: Vec<(String, u16, String)>,
    /// Devices with a key that are nobody's and in no product.
    pub unowned: Vec<String>,
    /// Passwords that were tried on a twin.
    pub passwords: Look<Vec<Trial>>,
}

/// How logins are set up.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Logins {
    /// Whether anybody may make an account.
    pub registration: bool,
    /// Whether clients may send a person's password.
    pub password_grant: bool,
    /// The most days that a token lives.
    pub token_days: u16,
    /// Whether a token may live for ever.
    pub endless_tokens: bool,
    /// How many days a refresh token waits to be used.
    pub refresh_days: u16,
}

/// Looks at a survey; `passwords` is what came of trying some on a twin.
#[must_use]
pub fn look(survey: Result<&Survey, String>, passwords: Look<Vec<Trial>>) -> Look<Access> {
    let survey = match survey {
        Ok(survey) => survey,
        Err(why) => return Look::unseen(why),
    };
    let settings = &survey.settings;
    let (strangers, unowned) = reach::outside(survey);
    let seen = Access {
        graph: Graph::of(survey),
        people: survey.people.clone(),
        members: survey.members.clone(),
        tokens: survey.tokens.clone(),
        clients: survey.clients.clone(),
        hooks: survey.hooks.clone(),
        secrets: survey.secrets.clone(),
        logins: Logins {
            registration: settings.registration,
            password_grant: settings.password_grant,
            token_days: settings.token_days,
            endless_tokens: settings.endless_tokens,
            refresh_days: settings.refresh_days,
        },
        strangers,
        unowned,
        passwords,
    };
    Look::seen(
        ["read the node's survey: accounts, roles, tokens, clients, webhooks, devices"],
        seen,
    )
}

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &factor::PRIVILEGED,
    &factor::EVERYONE,
    &factor::RECOVERY,
    &password::REFUSED,
    &password::HASHED,
    &token::END,
    &token::SET_UP,
    &token::SCOPED,
    &token::ACCOUNTS,
    &client::SCOPED,
    &client::USED,
    &client::REDIRECTS,
    &client::PASSWORD_GRANT,
    &role::USED,
    &role::DORMANT,
    &role::FEW,
    &role::REGISTRATION,
    &reach::INSIDE,
    &reach::OWNED,
    &hook::NARROW,
    &hook::ENCRYPTED,
    &hook::SECRETS,
];
