//! `pintle secret send`: finds the recipient's key, has it confirmed, seals, wraps, sends, prints the id.

use super::failure;
use super::known::Claim;
use crate::args::SecretSendArgs;
use crate::failure::Failure;
use crate::person::Server;
use crate::say::say;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_cloud::secret::{Fingerprint, MAX_SECRET, RecipientKey, Ticket, sealed};
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Read};
use zeroize::Zeroizing;

pub fn run(args: &SecretSendArgs) -> Result<(), Failure> {
    let server = Server::of_login()?;
    let secret = typed()?;
    let found = server.post("/v1/secrets/recipient", &json!({ "to": args.to }))?;
    let handle = found.get("to").and_then(Value::as_str).unwrap_or_default();
    let key = key(&found, args.fingerprint)?;
    let fingerprint = key.fingerprint();
    let claim = Claim { server: server.url(), name: &args.to, handle, fingerprint };
    claim.confirm(args.fingerprint)?;
    let ticket = Ticket::generate().map_err(failure)?;
    let sealed = sealed::seal(&secret, &key).and_then(|sealed| ticket.wrap(&sealed));
    let sent = server.post(
        "/v1/secrets",
        &json!({
            "to": args.to,
            "fingerprint": fingerprint.hex(),
            "find": Fingerprint(*ticket.find()).hex(),
            "sealed": STANDARD.encode(sealed.map_err(failure)?),
            "expires_in": args.expires,
        }),
    )?;
    let text = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let id = ticket.reveal();
    if args.json {
        let name = text("id");
        say!("{:#}", json!({ "id": id.as_str(), "name": name, "expires_at": text("expires_at") }));
        return Ok(());
    }
    say!("{}", id.as_str());
    eprintln_once(&format!(
        "Sent as {}, to be read once before {}. Hand the id above to {} by another way than this server.",
        text("id"),
        text("expires_at"),
        args.to
    ));
    Ok(())
}

/// What is to be sealed.
fn typed() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        eprintln_once("Type or paste the secret, then end it with Ctrl-D on a line of its own.");
    }
    // Room for all of it: a buffer that grows leaves pieces behind.
    let mut secret = Zeroizing::new(Vec::with_capacity(MAX_SECRET + 1));
    let read = stdin.lock().take(MAX_SECRET as u64 + 1).read_to_end(&mut secret);
    read.map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    Ok(secret)
}

/// The key that the sender named, or the newest. The fingerprint is reckoned here: the server's word is not asked.
fn key(found: &Value, told: Option<Fingerprint>) -> Result<RecipientKey, Failure> {
    let keys = found.get("keys").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut keys = keys.iter().filter_map(|key| {
        let pem = key.get("public_key").and_then(Value::as_str)?;
        RecipientKey::read(pem.as_bytes()).ok()
    });
    let Some(told) = told else {
        return keys.next().ok_or_else(|| Failure::failed("the server's answer holds no key"));
    };
    keys.find(|key| key.fingerprint() == told).ok_or_else(|| {
        Failure::usage("they have no key with this fingerprint at the server: nothing was sent")
    })
}

/// A word to whoever is at the terminal, beside the output.
fn eprintln_once(words: &str) {
    use std::io::Write as _;
    // Nobody may be there to read it.
    let _ = writeln!(io::stderr(), "{words}");
}
