//! `pintle init`.

use crate::args::InitArgs;
use crate::failure::Failure;
use crate::new_password;
use crate::say::say;
use pintle_cloud::account::check_new_password;
use pintle_cloud::clock::now_ms;
use pintle_cloud::init::{
    CloudKeys, InitError, InitOptions, InitSummary, TcpKey, TcpKeySummary, UdpKey, add_tcp_key,
    create_with, is_data_folder, refuse_taken,
};
use zeroize::Zeroizing;

pub fn run(args: &InitArgs) -> Result<(), Failure> {
    let wants_tcp = args.tcp || args.import_tcp_key.is_some();
    match &args.user {
        None if wants_tcp && is_data_folder(&args.data) => add(args),
        None if is_data_folder(&args.data) => Err(failure(InitError::Already(args.data.clone()))),
        None => Err(Failure::usage("a new data folder needs a first operator: --user NAME")),
        Some(user) => make(args, user),
    }
}

fn make(args: &InitArgs, user: &str) -> Result<(), Failure> {
    // Before anyone types a password for nothing.
    refuse_taken(&args.data).map_err(|error| with_hint(args, error))?;
    let udp = args.import_udp_key.as_deref().map(UdpKey::import).transpose().map_err(failure)?;
    let import = args.import_tcp_key.is_some();
    let tcp = (args.tcp || import).then(|| tcp_key(args)).transpose().map_err(failure)?;
    let options = InitOptions {
        user: user.to_owned(),
        password: new_password(args, user)?,
        names: args.names.clone(),
        contact: args.contact.clone(),
        node_key: args.node_key.clone(),
        now_ms: now_ms(),
    };
    let keys = CloudKeys { udp, tcp };
    let summary = create_with(&args.data, &options, keys).map_err(failure)?;
    match args.json {
        true => say!("{}", serde_json::json!(summary)),
        false => print(&summary),
    }
    Ok(())
}

/// Adds a key for the TCP service to a folder that was made without one.
fn add(args: &InitArgs) -> Result<(), Failure> {
    if args.import_udp_key.is_some() {
        let why = "the folder has a key for devices on UDP, and devices may have it pinned: it is not replaced";
        return Err(Failure::usage(why));
    }
    let summary = add_tcp_key(&args.data, || tcp_key(args)).map_err(failure)?;
    match args.json {
        true => say!("{}", serde_json::json!(summary)),
        false => print_added(&summary),
    }
    Ok(())
}

fn tcp_key(args: &InitArgs) -> Result<TcpKey, InitError> {
    args.import_tcp_key.as_deref().map_or_else(TcpKey::generate, TcpKey::import)
}

/// A password that guessers try is refused before anything is made.
fn new_password(args: &InitArgs, user: &str) -> Result<Zeroizing<String>, Failure> {
    let password = new_password::read("Password for the first operator: ", args.password_stdin)?;
    check_new_password(user, &password).map_err(Failure::usage)?;
    Ok(password)
}

fn failure(error: InitError) -> Failure {
    match error.is_usage() {
        true => Failure::usage(error),
        false => Failure::failed(error),
    }
}

/// Who asks for a key for the TCP service in a folder that is there is told how to get just that.
fn with_hint(args: &InitArgs, error: InitError) -> Failure {
    let wants_tcp = args.tcp || args.import_tcp_key.is_some();
    match error {
        InitError::Already(folder) if wants_tcp => Failure::usage(format!(
            "{} is a data folder already: without --user, a key for the TCP service is added to it",
            folder.display()
        )),
        error => failure(error),
    }
}

fn print(summary: &InitSummary) {
    say!("Made {}.", summary.data.display());
    say!("  public key for devices   {}", summary.udp_public_key.display());
    say!("  its fingerprint          {}", summary.udp_fingerprint);
    if let (Some(key), Some(fingerprint)) = (&summary.tcp_public_key, &summary.tcp_fingerprint) {
        say!("  for the TCP service      {}", key.display());
        say!("  its fingerprint          {fingerprint}");
    }
    say!("  first audit key          {}", summary.audit_key);
    say!("  authority to trust       {}", summary.ca.display());
    say!("  configuration            {}", summary.config.display());
    say!("  API                      https://{}", summary.api);
    say!("  first operator           {}", summary.user);
    warn_of_loss(summary);
    say!("Start it with: pintle serve --data {}", summary.data.display());
    if summary.tcp_public_key.is_some() {
        say!(
            "The TCP service stays off until config.toml says [tcp] enabled = true, or serve --tcp ADDR."
        );
    }
}

fn warn_of_loss(summary: &InitSummary) {
    let key = summary.node_key.display();
    say!("");
    say!("  THE NODE KEY IS {key}");
    say!(
        "  Without it nothing in the store opens, ever: no account, no product, no firmware, and the keys that every"
    );
    say!(
        "  pinned device trusts are lost with a backup that cannot be opened. Every device is stranded then."
    );
    say!("  It is in no backup. Make a copy now, and keep it away from this machine:");
    say!("    pintle key backup --data {} --to COPY", summary.data.display());
    if summary.node_key.starts_with(&summary.data) {
        say!(
            "  It lies in the data folder, so whoever copies the folder has it: move it, and set [node] key_file in"
        );
        say!("  config.toml (docs/keys.md), or make the folder with --node-key FILE.");
    }
    say!("");
}

fn print_added(summary: &TcpKeySummary) {
    say!("Added a key for the TCP service to {}.", summary.data.display());
    say!("  public key for devices   {}", summary.tcp_public_key.display());
    say!("  its fingerprint          {}", summary.tcp_fingerprint);
    say!(
        "The TCP service stays off until config.toml says [tcp] enabled = true, or serve --tcp ADDR."
    );
}
