//! `pintle device firmware`: the first firmware of a device, and what is in its slots.

use crate::args::{DeviceFirmwareCommand, FirmwareInstallArgs, FirmwareStatusArgs};
use crate::device::failure;
use crate::failure::Failure;
use crate::firmware;
use crate::say::say;
use pintle_device::{Folder, InSlot, install, installed, pin_keyring};
use pintle_firmware::Digest;
use serde_json::json;

const MIB: u32 = 1 << 20;

pub fn run(command: &DeviceFirmwareCommand) -> Result<(), Failure> {
    match command {
        DeviceFirmwareCommand::Install(args) => install_first(args),
        DeviceFirmwareCommand::Status(args) => status(args),
    }
}

fn install_first(args: &FirmwareInstallArgs) -> Result<(), Failure> {
    let folder = Folder::open(&args.dir).map_err(failure)?;
    let module = firmware::read(&args.file)?;
    let release = args.release.as_deref().map(firmware::read).transpose()?.unwrap_or_default();
    if let Some(path) = &args.keyring {
        pin_keyring(&folder, &firmware::read(path)?).map_err(failure)?;
    }
    install(&folder, &module, &release, args.room.saturating_mul(MIB)).map_err(failure)?;
    say!("Installed {} ({} bytes).", args.file.display(), module.len());
    say!("  sha256  {}", Digest::of(&module));
    if folder.config().application.is_none() {
        let settings = args.dir.join("device.toml");
        say!("It is run once {} has a section [application].", settings.display());
    }
    Ok(())
}

fn status(args: &FirmwareStatusArgs) -> Result<(), Failure> {
    let folder = Folder::open(&args.dir).map_err(failure)?;
    let installed = installed(&folder).map_err(failure)?;
    if args.json {
        let slot = |slot: InSlot| {
            json!({
                "standing": slot.standing(),
                "last_known_good": slot.is_last_good,
                "sha256": Digest(slot.sha256).to_string(),
                "size": slot.length,
                "counter": slot.counter,
            })
        };
        let slots =
            installed.slots().map(|(name, entry)| (name.to_owned(), json!(entry.map(slot))));
        let slots: serde_json::Map<_, _> = slots.collect();
        say!("{:#}", json!({ "slots": slots, "counter": installed.counter() }));
        return Ok(());
    }
    for (name, entry) in installed.slots() {
        match entry {
            Some(entry) => say!("slot {name}   {entry}"),
            None => say!("slot {name}   empty"),
        }
    }
    say!("security counter {}", installed.counter());
    Ok(())
}
