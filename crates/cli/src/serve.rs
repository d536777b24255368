//! `pintle serve`.

use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::stop::told_to_stop;
use pintle_cloud::folder::FolderError;
use pintle_cloud::serve::{Addresses, Node, ServeError, ServeOptions};
use std::fs;
use std::path::Path;
use tokio::runtime::Runtime;

pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(serve(args))
}

async fn serve(args: &ServeArgs) -> Result<(), Failure> {
    let options = ServeOptions { api: args.api, udp: args.udp };
    let node = Node::start(&args.data, &options).await.map_err(failure)?;
    let addresses = node.addresses();
    println!("API      https://{}", addresses.api);
    println!("devices  {}/udp", addresses.udp);
    if let Some(file) = &args.ready_file {
        write_ready(file, &addresses)?;
    }
    told_to_stop().await?;
    let saved = node.stop().await;
    println!("stopped; {saved} sessions saved");
    Ok(())
}

/// Whole or not at all: a reader never sees half of it.
fn write_ready(file: &Path, addresses: &Addresses) -> Result<(), Failure> {
    let text = serde_json::json!(addresses).to_string() + "\n";
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    fs::write(&name, text)
        .and_then(|()| fs::rename(&name, file))
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", file.display())))
}

pub fn failure(error: ServeError) -> Failure {
    match error {
        ServeError::Folder(
            FolderError::NotOne(_) | FolderError::InUse(_) | FolderError::Config(_),
        )
        | ServeError::Certificate(_)
        | ServeError::Bind { .. }
        | ServeError::Door(_) => Failure::usage(error),
        error => Failure::failed(error),
    }
}
