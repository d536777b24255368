//! `pintle secret read`: fetches a secret once, opens it here, writes it out, and has the server destroy it.

use super::{failure, own};
use crate::args::SecretReadArgs;
use crate::failure::Failure;
use crate::person::Server;
use crate::signing::document::{Readers, create};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_cloud::node_key::random;
use pintle_cloud::secret::{Fingerprint, PrivateKey, Ticket, sealed};
use serde_json::{Value, json};
use std::io::{self, BufRead, Read, Write};
use zeroize::Zeroizing;

/// No id is longer, in bytes.
const LONGEST: u64 = 256;

pub fn run(args: &SecretReadArgs) -> Result<(), Failure> {
    let ticket = ticket(&args.id)?;
    let key = match &args.key {
        Some(path) => own::private(path)?,
        None => own::private(&own::default_key()?)?,
    };
    if let Some(path) = args.out.as_deref().filter(|path| path.exists()) {
        // Before the secret is fetched for nothing.
        return Err(Failure::usage(format!("{} is there already", path.display())));
    }
    let server = Server::of_login()?;
    let mut reader = Fingerprint([0; 32]);
    random(&mut reader.0).map_err(Failure::failed)?;
    let secret = fetched(&server, &ticket, &key, reader)?;
    match &args.out {
        Some(path) => create(path, Readers::Owner, &secret)?,
        None => print(&secret)?,
    }
    let find = Fingerprint(*ticket.find()).hex();
    server.post("/v1/secrets/confirm", &json!({ "find": find, "reader": reader.hex() }))?;
    Ok(())
}

fn ticket(typed: &str) -> Result<Ticket, Failure> {
    if typed != "-" {
        return typed.parse().map_err(Failure::usage);
    }
    let mut line = Zeroizing::new(String::with_capacity(LONGEST as usize));
    let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
    read.map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    line.parse().map_err(Failure::usage)
}

fn fetched(
    server: &Server,
    ticket: &Ticket,
    key: &PrivateKey,
    reader: Fingerprint,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let question = json!({
        "find": Fingerprint(*ticket.find()).hex(),
        "fingerprint": key.public().fingerprint().hex(),
        "reader": reader.hex(),
    });
    // With the same mark once more: should the first answer have got lost, the secret is not.
    let answer = server.post("/v1/secrets/read", &question).or_else(|failure| match failure {
        Failure::Failed(_) => server.post("/v1/secrets/read", &question),
        failure @ Failure::Usage(_) => Err(failure),
    })?;
    let wrapped = answer.get("sealed").and_then(Value::as_str).unwrap_or_default();
    let wrapped = STANDARD.decode(wrapped).unwrap_or_default();
    let sealed = ticket.unwrap(&wrapped).map_err(failure)?;
    sealed::open(&sealed, key).map_err(failure)
}

fn print(secret: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(secret).and_then(|()| out.flush()).map_err(|error| {
        Failure::failed(format!(
            "the secret could not be written out and is gone: {error}; ask for it again"
        ))
    })
}
