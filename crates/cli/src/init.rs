//! `pintle init`.

use crate::args::InitArgs;
use crate::failure::Failure;
use pintle_cloud::clock::now_ms;
use pintle_cloud::init::{InitError, InitOptions, InitSummary, create};
use std::io::{self, BufRead, IsTerminal, Write};
use zeroize::Zeroizing;

pub fn run(args: &InitArgs) -> Result<(), Failure> {
    let options = InitOptions {
        user: args.user.clone(),
        password: password(args.password_stdin)?,
        names: args.names.clone(),
        contact: args.contact.clone(),
        now_ms: now_ms(),
    };
    let summary = create(&args.data, &options).map_err(failure)?;
    match args.json {
        true => println!("{}", serde_json::json!(summary)),
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
        eprint!("Password for the first operator: ");
        let _ = io::stderr().flush();
        return rpassword::read_password().map(Zeroizing::new).map_err(Failure::failed);
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line).map_err(Failure::failed)?;
    let password = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
    match password.is_empty() {
        true => Err(Failure::usage("no password came on standard input")),
        false => Ok(password),
    }
}

fn failure(error: InitError) -> Failure {
    match error {
        InitError::Already(_)
        | InitError::NotEmpty(_)
        | InitError::Contact
        | InitError::Account(_) => Failure::usage(error),
        error => Failure::failed(error),
    }
}

fn print(summary: &InitSummary) {
    println!("Made {}.", summary.data.display());
    println!("  public key for devices   {}", summary.udp_public_key.display());
    println!("  its fingerprint          {}", summary.udp_fingerprint);
    println!("  authority to trust       {}", summary.ca.display());
    println!("  configuration            {}", summary.config.display());
    println!("  API                      {}", summary.api);
    println!("  first operator           {}", summary.user);
    println!("Keep a copy of {} away from backups of this folder.", summary.node_key.display());
    println!("Start it with: pintle serve --data {}", summary.data.display());
}
