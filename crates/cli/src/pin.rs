//! `pintle pin`.

use crate::args::{PinCommand, PinImportArgs};
use crate::failure::Failure;
use crate::say::say;
use pintle_cloud::control::{
    ControlError, Entry, PeerDevices, PinLine, Pinned, Request, Response, Skipped, ask, read_batch,
    read_peer,
};
use std::path::Path;

pub fn run(command: PinCommand) -> Result<(), Failure> {
    match command {
        PinCommand::Set { data, device, key, owner, json } => {
            let pin = PinLine::from_file(&device, &key, owner).map_err(Failure::usage)?;
            print(&carry_out(&data, Request::PinSet { pin })?, json)
        }
        PinCommand::Import(args) => import(&args),
        PinCommand::Enrol { data, device, minutes, json } => {
            print(&carry_out(&data, Request::PinEnrol { device, minutes })?, json)
        }
        PinCommand::List { data, json } => print(&carry_out(&data, Request::PinList)?, json),
        PinCommand::History { data, device, json } => {
            print(&carry_out(&data, Request::PinHistory { device })?, json)
        }
    }
}

fn import(args: &PinImportArgs) -> Result<(), Failure> {
    if let Some(folder) = &args.from_spark_server {
        return take_over(args, folder);
    }
    let file = args.file.as_deref().ok_or_else(|| Failure::usage("no file to import"))?;
    let pins = read_batch(file).map_err(Failure::usage)?;
    print(&carry_out(&args.data, Request::PinImport { pins })?, args.json)
}

/// What was of no use in the folder is told together with what the node did not take.
fn take_over(args: &PinImportArgs, folder: &Path) -> Result<(), Failure> {
    let found = read_peer(folder, args.owner.as_deref()).map_err(Failure::usage)?;
    let PeerDevices { pins, skipped: mut all, .. } = found;
    let mut response = carry_out(&args.data, Request::PinTakeOver { pins })?;
    if let Response::TakenOver { skipped, .. } = &mut response {
        all.append(skipped);
        *skipped = all;
    }
    print(&response, args.json)
}

pub fn carry_out(data: &Path, request: Request) -> Result<Response, Failure> {
    match ask(data, request) {
        Ok(Response::Refused { why }) => Err(Failure::usage(why)),
        Ok(response) => Ok(response),
        Err(ControlError::Folder(error)) if error.is_usage() => Err(Failure::usage(error)),
        Err(error) => Err(Failure::failed(error)),
    }
}

fn print(response: &Response, json: bool) -> Result<(), Failure> {
    if json {
        say!("{}", serde_json::json!(response));
        return Ok(());
    }
    match response {
        Response::Set { device, fingerprint, kind, change } => {
            say!("{device} {fingerprint} {kind} ({change} pin)");
        }
        Response::Imported { pins, new } => say!("{pins} pins imported, {new} of them new"),
        Response::TakenOver { new, same, skipped } => print_taken_over(*new, *same, skipped),
        Response::Enrolling { device, minutes } => {
            say!(
                "{device} may come in for {minutes} minutes, and the key that it comes with is pinned"
            );
        }
        Response::Forgotten { devices } => say!("{devices} devices forgotten"),
        Response::Pins { pins } => pins.iter().for_each(print_pin),
        Response::History { entries } => entries.iter().for_each(print_entry),
        Response::Alive { version, .. } => say!("pintle {version} runs"),
        Response::Refused { why } => return Err(Failure::usage(why)),
        Response::Keys { .. }
        | Response::Rotated { .. }
        | Response::Noted
        | Response::BackedUp { .. }
        | Response::Survey { .. }
        | Response::Outbox { .. }
        | Response::Taken { .. }
        | Response::WrittenDown {}
        | Response::Organizations { .. }
        | Response::Team { .. }
        | Response::Products { .. }
        | Response::Firmware { .. }
        | Response::Rollout { .. }
        | Response::People { .. }
        | Response::Person { .. } => {
            return Err(Failure::failed(ControlError::Version));
        }
    }
    Ok(())
}

fn print_taken_over(new: usize, same: usize, skipped: &[Skipped]) {
    skipped.iter().for_each(|Skipped { what, why }| say!("skipped {what}: {why}"));
    let rest = if same == 0 { String::new() } else { format!(", {same} were pinned already") };
    say!("{new} devices imported{rest}, {} skipped", skipped.len());
}

fn print_pin(pin: &Pinned) {
    let owner = pin.owner.as_deref().unwrap_or("unclaimed");
    say!("{} {} {:8} {owner}", pin.device, pin.fingerprint, pin.kind);
}

fn print_entry(entry: &Entry) {
    let dash = || "-".to_owned();
    say!(
        "{} {:18} {} {} {:8} {}",
        pintle_cloud::clock::iso8601(entry.at_ms),
        entry.what,
        entry.device.clone().unwrap_or_else(dash),
        entry.fingerprint.clone().unwrap_or_else(dash),
        entry.kind.map_or_else(dash, |kind| kind.to_string()),
        entry.detail,
    );
}
