//! `pintle device network`: secrets that stay on the device.

mod typed;

use crate::args::{ForgetArgs, ListArgs, NetworkCommand, SetArgs, ToSystem};
use crate::device::failure;
use crate::failure::Failure;
use crate::say::say;
use pintle_device::Error;
use pintle_device::network::{Network, Networks, Protection, Reload, Sim, System, Wifi};
use serde_json::json;
use typed::Typed;

pub fn run(command: &NetworkCommand) -> Result<(), Failure> {
    match command {
        NetworkCommand::Set(args) => set(args),
        NetworkCommand::List(args) => list(args),
        NetworkCommand::Forget(args) => forget(args),
    }
}

fn set(args: &SetArgs) -> Result<(), Failure> {
    // Before anybody types a passphrase for nothing.
    let mut networks = Networks::open(&args.dir).map_err(failure)?;
    let network = network(args)?;
    let (kind, name) = (network.kind(), network.name().to_owned());
    let replaced = networks.set(network).map_err(failure)?;
    let done = if replaced { "Replaced" } else { "Kept" };
    say!("{done} {kind} {}: sealed in {}.", name.escape_debug(), args.dir.display());
    apply(&args.to, &networks)
}

fn network(args: &SetArgs) -> Result<Network, Failure> {
    let fault = |fault| failure(Error::Network(fault));
    let typed = Typed::new(args.secrets_stdin);
    if let Some(apn) = &args.which.apn {
        let user = typed.secret("User (empty for none): ")?;
        let password = typed.secret("Password (empty for none): ")?;
        let pin = typed.secret("PIN (empty for none): ")?;
        return Sim::new(apn, user, password, pin).map(Network::Sim).map_err(fault);
    }
    let protection = match (args.open, args.wpa3) {
        (true, _) => Protection::Open,
        (false, true) => Protection::Wpa3(typed.secret("Passphrase: ")?),
        (false, false) => Protection::Wpa2(typed.secret("Passphrase: ")?),
    };
    let ssid = args.which.ssid.as_deref().unwrap_or_default();
    Wifi::new(ssid, args.hidden, protection).map(Network::Wifi).map_err(fault)
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let networks = Networks::open(&args.dir).map_err(failure)?;
    if args.json {
        let line =
            |one: &Network| json!({ "kind": one.kind(), "name": one.name(), "keeps": one.keeps() });
        say!("{:#}", networks.iter().map(line).collect::<serde_json::Value>());
        return Ok(());
    }
    for one in networks.iter() {
        let nothing = if one.kind() == "wifi" { "open" } else { "nothing secret" };
        let keeps = if one.keeps().is_empty() { vec![nothing] } else { one.keeps() }.join(", ");
        say!("{:<5} {}  ({keeps})", one.kind(), one.name().escape_debug());
    }
    Ok(())
}

fn forget(args: &ForgetArgs) -> Result<(), Failure> {
    if args.all {
        let networks = Networks::forget_all(&args.dir).map_err(failure)?;
        say!("Forgot all networks of {}.", args.dir.display());
        return apply(&args.to, &networks);
    }
    let mut networks = Networks::open(&args.dir).map_err(failure)?;
    let (kind, name) = match (&args.ssid, &args.apn) {
        (Some(ssid), _) => ("wifi", ssid),
        (None, Some(apn)) => ("sim", apn),
        (None, None) => return Err(Failure::usage("which network: --ssid, --apn or --all")),
    };
    networks.forget(kind, name).map_err(failure)?;
    say!("Forgot {kind} {}.", name.escape_debug());
    apply(&args.to, &networks)
}

fn apply(to: &ToSystem, networks: &Networks) -> Result<(), Failure> {
    if !to.apply {
        return Ok(());
    }
    let system = to.root.as_deref().map_or_else(System::this, System::at);
    let applied = system.apply(networks).map_err(failure)?;
    for file in &applied.files {
        say!("Wrote {}.", file.display());
    }
    if applied.removed > 0 {
        say!("Removed {} of networks that are no longer kept.", applied.removed);
    }
    match applied.reload {
        Reload::Done => say!("{} has read them.", applied.tool),
        Reload::Failed => say!("{} does not answer; it reads them when it starts.", applied.tool),
        Reload::NotHere => {}
    }
    Ok(())
}
