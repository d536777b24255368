//! `pintle pin`.

use crate::args::PinCommand;
use crate::failure::Failure;
use crate::say::say;
use pintle_cloud::control::{
    ControlError, Entry, PinLine, Pinned, Request, Response, ask, read_batch,
};
use std::path::Path;

pub fn run(command: PinCommand) -> Result<(), Failure> {
    match command {
        PinCommand::Set { data, device, key, owner, json } => {
            let pin = PinLine::from_file(&device, &key, owner).map_err(Failure::usage)?;
            print(&carry_out(&data, Request::PinSet { pin })?, json)
        }
        PinCommand::Import { file, data, json } => {
            let pins = read_batch(&file).map_err(Failure::usage)?;
            print(&carry_out(&data, Request::PinImport { pins })?, json)
        }
        PinCommand::List { data, json } => print(&carry_out(&data, Request::PinList)?, json),
        PinCommand::History { data, device, json } => {
            print(&carry_out(&data, Request::PinHistory { device })?, json)
        }
    }
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
        Response::Set { device, fingerprint, change } => {
            say!("{device} {fingerprint} ({change} pin)");
        }
        Response::Imported { pins, new } => say!("{pins} pins imported, {new} of them new"),
        Response::Forgotten { devices } => say!("{devices} devices forgotten"),
        Response::Pins { pins } => pins.iter().for_each(print_pin),
        Response::History { entries } => entries.iter().for_each(print_entry),
        Response::Alive { version, .. } => say!("pintle {version} runs"),
        Response::Refused { why } => return Err(Failure::usage(why)),
        Response::Outbox { .. } | Response::Taken { .. } => {
            return Err(Failure::failed(ControlError::Version));
        }
    }
    Ok(())
}

fn print_pin(pin: &Pinned) {
    let owner = pin.owner.as_deref().unwrap_or("unclaimed");
    say!("{} {} {owner}", pin.device, pin.fingerprint);
}

fn print_entry(entry: &Entry) {
    let dash = || "-".to_owned();
    say!(
        "{} {:18} {} {} {}",
        pintle_cloud::clock::iso8601(entry.at_ms),
        entry.what,
        entry.device.clone().unwrap_or_else(dash),
        entry.fingerprint.clone().unwrap_or_else(dash),
        entry.detail,
    );
}
