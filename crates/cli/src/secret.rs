//! `pintle secret`: one-time secrets, sealed and opened on this machine.

mod known;
mod list;
mod own;
mod read;
mod send;

use crate::args::{SecretCommand, SecretKeyCommand};
use crate::failure::Failure;
use crate::person::Server;
use crate::say::say;
use pintle_cloud::secret::SecretError;

pub fn run(command: &SecretCommand) -> Result<(), Failure> {
    match command {
        SecretCommand::Key(SecretKeyCommand::Add(args)) => own::add(args),
        SecretCommand::Key(SecretKeyCommand::List { json }) => own::list(*json),
        SecretCommand::Key(SecretKeyCommand::Remove { fingerprint }) => own::remove(*fingerprint),
        SecretCommand::Send(args) => send::run(args),
        SecretCommand::Read(args) => read::run(args),
        SecretCommand::List { json } => list::run(*json),
        SecretCommand::Drop { name } => drop_waiting(name),
    }
}

fn drop_waiting(name: &str) -> Result<(), Failure> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::usage("a secret is named by 24 hex digits: see `pintle secret list`"));
    }
    Server::of_login()?.delete(&format!("/v1/secrets/{name}"))?;
    say!("Dropped: nobody can read it any more.");
    Ok(())
}

/// Whose turn it is when something cannot be sealed or opened.
fn failure(error: SecretError) -> Failure {
    match error {
        SecretError::Refused => Failure::failed(error),
        _ => Failure::usage(error),
    }
}
