//! `pintle init`.

use crate::args::InitArgs;
use crate::failure::Failure;
use crate::say::say;
use pintle_cloud::clock::now_ms;
use pintle_cloud::init::{InitError, InitOptions, InitSummary, create, refuse_taken};
use std::io::{self, BufRead, IsTerminal, Write};
use zeroize::Zeroizing;

pub fn run(args: &InitArgs) -> Result<(), Failure> {
    // Before anyone types a password for nothing.
    refuse_taken(&args.data).map_err(failure)?;
    let options = InitOptions {
        user: args.user.clone(),
        password: password(args.password_stdin)?,
        names: args.names.clone(),
        contact: args.contact.clone(),
        now_ms: now_ms(),
    };
    let summary = create(&args.data, &options).map_err(failure)?;
    match args.json {
        true => say!("{}", serde_json::json!(summary)),
        false => print(&summary),
    }
    Ok(())
}

/// The password, from standard input: typed blind on a terminal, else its first line.
fn password(from_stdin: bool) -> Result<Zeroizing<String>, Failure> {
    if !from_stdin && !io::stdin().is_terminal() {
        return Err(Failure::usage("no terminal to ask for a password on: use --password-stdin"));
    }
    if !from_stdin {
        return typed_twice();
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line).map_err(Failure::failed)?;
    let password = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
    match password.is_empty() {
        true => Err(Failure::usage("no password came on standard input")),
        false => Ok(password),
    }
}

/// Typed blind, so typed twice: a slip would lock the operator out of a new folder.
fn typed_twice() -> Result<Zeroizing<String>, Failure> {
    let ask = |prompt: &str| {
        let mut terminal = io::stderr();
        let _ = terminal.write_all(prompt.as_bytes()).and_then(|()| terminal.flush());
        rpassword::read_password().map(Zeroizing::new).map_err(Failure::failed)
    };
    let password = ask("Password for the first operator: ")?;
    match password == ask("The same again: ")? {
        true => Ok(password),
        false => Err(Failure::usage("the two passwords differ")),
    }
}

fn failure(error: InitError) -> Failure {
    match error.is_usage() {
        true => Failure::usage(error),
        false => Failure::failed(error),
    }
}

fn print(summary: &InitSummary) {
    say!("Made {}.", summary.data.display());
    say!("  public key for devices   {}", summary.udp_public_key.display());
    say!("  its fingerprint          {}", summary.udp_fingerprint);
    say!("  authority to trust       {}", summary.ca.display());
    say!("  configuration            {}", summary.config.display());
    say!("  API                      https://{}", summary.api);
    say!("  first operator           {}", summary.user);
    say!("Keep a copy of {} away from backups of this folder.", summary.node_key.display());
    say!("Start it with: pintle serve --data {}", summary.data.display());
}
