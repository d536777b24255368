//! `pintle serve`.

use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::say::say;
use crate::service::{notify, watchdog};
use crate::stop::StopSignals;
use pintle_cloud::priority;
use pintle_cloud::serve::{Addresses, Node, ServeError, ServeOptions};
use std::fs;
use std::path::Path;

pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    #[cfg(feature = "weakened")]
    weaken(args)?;
    let runtime = priority::runtime().map_err(Failure::failed)?;
    runtime.block_on(serve(args))
}

#[cfg(feature = "weakened")]
fn weaken(args: &ServeArgs) -> Result<(), Failure> {
    use pintle_cloud::weakened::{Weakness, weaken};
    let Some(name) = &args.weaken else { return Ok(()) };
    let named = Weakness::ALL.iter().find(|(known, _)| known == name);
    let (_, weakness) =
        named.ok_or_else(|| Failure::usage(format!("there is no protection named {name}")))?;
    weaken(Some(*weakness));
    Ok(())
}

async fn serve(args: &ServeArgs) -> Result<(), Failure> {
    let mut stop = StopSignals::listen()?;
    let options = ServeOptions { api: args.api, udp: args.udp, tcp: args.tcp };
    let node = Node::start(&args.data, &options).await.map_err(failure)?;
    let addresses = node.addresses();
    say!("API      https://{}", addresses.api);
    say!("devices  {}/udp", addresses.udp);
    if let Some(tcp) = addresses.tcp {
        say!("devices  {tcp}/tcp (the TCP service: no forward secrecy, no integrity)");
    }
    let ready = args.ready_file.as_ref().map_or(Ok(()), |file| write_ready(file, &addresses));
    if ready.is_ok() {
        notify::ready(&addresses);
        tokio::select! {
            () = stop.told() => {}
            () = watchdog::feed(&node) => {}
        }
    }
    notify::stopping();
    let saved = node.stop().await;
    say!("stopped; {saved} sessions saved");
    ready
}

/// Whole or not at all: a reader never sees half of it.
fn write_ready(file: &Path, addresses: &Addresses) -> Result<(), Failure> {
    let text = serde_json::json!(addresses).to_string() + "\n";
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    fs::write(&name, text)
        .and_then(|()| fs::rename(&name, file))
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))
}

pub fn failure(error: ServeError) -> Failure {
    match error.is_usage() {
        true => Failure::usage(error),
        false => Failure::failed(error),
    }
}
