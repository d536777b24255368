//! `pintle device`.

use crate::args::{DeviceCommand, DeviceNewArgs, DeviceRunArgs, Protocol};
use crate::failure::Failure;
use crate::say::say;
use crate::stop::StopSignals;
use pintle_device::server_block::{BlockKind, dfu_util_lines};
use pintle_device::{
    CreateOptions, Error, Folder, Generation, Notice, RunOptions, ServerBlock, Service, Stop,
    read_cloud_key, read_rsa_cloud_key,
};
use serde_json::json;
use std::fs;
use std::path::Path;
use tokio::runtime::Builder;

pub fn run(command: DeviceCommand) -> Result<(), Failure> {
    match command {
        DeviceCommand::New(args) => new(args),
        DeviceCommand::Run(args) => run_device(&args),
        DeviceCommand::Firmware(command) => crate::device_firmware::run(&command),
        DeviceCommand::Network(command) => crate::network::run(&command),
        DeviceCommand::ServerBlock { cloud_key, cloud, port, tcp, out } => {
            server_block(&cloud_key, &cloud, port, tcp, &out)
        }
    }
}

fn new(args: DeviceNewArgs) -> Result<(), Failure> {
    let service = service(&args)?;
    let DeviceNewArgs { dir, id, cloud, json, .. } = args;
    let id = id
        .map(|id| {
            id.parse()
                .map_err(|_| Failure::usage(format!("`{id}` is not a device id: 24 hex digits")))
        })
        .transpose()?;
    let folder = Folder::create(CreateOptions { dir, id, service, cloud }).map_err(failure)?;
    let (dir, key) = (folder.dir(), folder.public_key_file());
    if json {
        let fingerprint = folder.fingerprint().to_string();
        say!(
            "{}",
            json!({ "device": folder.id().to_string(), "dir": dir, "public_key": key, "fingerprint": fingerprint })
        );
        return Ok(());
    }
    say!("Made device {} in {}.", folder.id(), dir.display());
    say!("  its public key  {}", key.display());
    say!("  its settings    {}", dir.join("device.toml").display());
    say!(
        "Pin it:  pintle pin set --data DIR --device {} --key {} --owner NAME",
        folder.id(),
        key.display()
    );
    say!("Run it:  pintle device run --dir {}", dir.display());
    Ok(())
}

/// The service of a new device, and the cloud key that it pins.
fn service(args: &DeviceNewArgs) -> Result<Service, Failure> {
    match (args.protocol, args.generation) {
        (Protocol::Udp, None) => {
            Ok(Service::Udp { cloud_key: read_cloud_key(&args.cloud_key).map_err(failure)? })
        }
        (Protocol::Udp, Some(_)) => Err(Failure::usage(
            "--generation is for devices of the TCP service: add --protocol tcp",
        )),
        (Protocol::Tcp, generation) => tcp_service(&args.cloud_key, generation),
    }
}

/// The TCP service with the cloud's key from this file.
#[cfg(feature = "tcp")]
pub fn tcp_service(cloud_key: &Path, generation: Option<Generation>) -> Result<Service, Failure> {
    let cloud_key = read_rsa_cloud_key(cloud_key).map_err(failure)?;
    Ok(Service::Tcp { cloud_key, generation: generation.unwrap_or(Generation::Photon) })
}

#[cfg(not(feature = "tcp"))]
pub fn tcp_service(_: &Path, _: Option<Generation>) -> Result<Service, Failure> {
    Err(Failure::usage("this build has no TCP service"))
}

fn run_device(args: &DeviceRunArgs) -> Result<(), Failure> {
    let folder = Folder::open(&args.dir).map_err(failure)?;
    say!("device {}", folder.id());
    let stop = Stop::new().map_err(failure)?;
    let stopper = stop.clone();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(Failure::failed)?;
    let mut signals = runtime.block_on(async { StopSignals::listen() })?;
    runtime.spawn(async move {
        signals.told().await;
        stopper.stop();
    });
    let options = RunOptions { on_notice: Some(Box::new(print)), ..RunOptions::default() };
    pintle_device::run(folder, options, &stop).map_err(failure)
}

fn print(notice: Notice) {
    say!("{notice}");
}

fn server_block(
    cloud_key: &Path,
    host: &str,
    port: Option<u16>,
    tcp: bool,
    out: &Path,
) -> Result<(), Failure> {
    let kind = if tcp { BlockKind::Tcp } else { BlockKind::Udp };
    let port = port.unwrap_or(kind.default_port());
    let block = match kind {
        BlockKind::Tcp => {
            let key = read_rsa_cloud_key(cloud_key).map_err(failure)?;
            ServerBlock::tcp(&key, host, port)
        }
        BlockKind::Udp => {
            let key = read_cloud_key(cloud_key).map_err(failure)?;
            ServerBlock::udp(&key, host, port)
        }
    };
    let block = block.map_err(Failure::usage)?;
    // A bad block makes a device restore its vendor's key: read it back before anyone flashes it.
    ServerBlock::parse(block.as_bytes()).map_err(Failure::failed)?;
    fs::write(out, block.as_bytes())
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", out.display())))?;
    let read_back = out.with_extension("read-back.bin");
    let lines = dfu_util_lines(kind, out, &read_back);
    say!("Wrote {} ({} bytes, checked).", out.display(), block.as_bytes().len());
    if !tcp && port != 5684 {
        say!("Note: Device OS over UDP connects to port 5684, whatever the block says.");
    }
    say!("With the device in DFU mode:");
    say!("  {}", lines.write);
    say!("  {}", lines.read_back);
    say!("  {}", lines.compare);
    Ok(())
}

pub fn failure(error: Error) -> Failure {
    match error {
        Error::AlreadyADevice(_)
        | Error::File { .. }
        | Error::Config { .. }
        | Error::PrivateKey { .. }
        | Error::PublicKey { .. }
        | Error::ServerKey { .. }
        | Error::LongDescribe { .. }
        | Error::LongName { .. }
        | Error::Network(_)
        | Error::Keyring { .. }
        | Error::HasKeyring(_)
        | Error::Firmware(_)
        | Error::NoFirmware(_)
        | Error::HasFirmware(_)
        | Error::InUse(_)
        | Error::CloudAddress(_) => Failure::usage(error),
        error => Failure::failed(error),
    }
}
