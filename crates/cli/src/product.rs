//! `pintle product`.

use crate::args::{ProductCommand, ProductFirmwareCommand};
use crate::failure::Failure;
use crate::pin::carry_out;
use crate::say::say;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pintle_cloud::control::{
    ControlError, FirmwareLine, ProductLine, ProductRequest, Request, Response,
};
use pintle_cloud::product::MAX_IMAGE;
use pintle_firmware::module::Platform;
use std::fs;
use std::path::{Path, PathBuf};

pub fn run(command: ProductCommand) -> Result<(), Failure> {
    let (data, json, product) = match command {
        ProductCommand::Create(args) => {
            let (name, owner, platform_id) = (args.name, args.owner, args.platform);
            let (id, slug) = (args.id, args.slug);
            let create = ProductRequest::Create { name, platform_id, owner, id, slug };
            (args.data, args.json, create)
        }
        ProductCommand::List { data, json } => (data, json, ProductRequest::List),
        ProductCommand::Keyring { product, file, data, json } => {
            let keyring = in_base64(&file)?;
            (data, json, ProductRequest::SetKeyring { product, keyring })
        }
        ProductCommand::Firmware(command) => of_firmware(command)?,
    };
    print(&carry_out(&data, Request::Product { product })?, json)
}

fn of_firmware(
    command: ProductFirmwareCommand,
) -> Result<(PathBuf, bool, ProductRequest), Failure> {
    Ok(match command {
        ProductFirmwareCommand::Add { product, module, release, title, data, json } => {
            let file_name = module.display().to_string();
            let file = in_base64(&module)?;
            let statement = release.as_deref().map(in_base64).transpose()?;
            let add = ProductRequest::AddFirmware { product, file_name, file, title, statement };
            (data, json, add)
        }
        ProductFirmwareCommand::Attach { product, number: version, release, data, json } => {
            let statement = in_base64(&release)?;
            (data, json, ProductRequest::StateFirmware { product, version, statement })
        }
        ProductFirmwareCommand::List { product, data, json } => {
            (data, json, ProductRequest::ListFirmware { product })
        }
        ProductFirmwareCommand::Release { product, number, groups, now, data, json } => {
            let (version, at_once) = (number, now);
            (data, json, ProductRequest::ReleaseFirmware { product, version, groups, at_once })
        }
    })
}

fn in_base64(path: &Path) -> Result<String, Failure> {
    let unreadable = |error| Failure::usage(format!("{}: {error}", path.display()));
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_IMAGE as u64 {
        return Err(Failure::usage(format!(
            "{}: too large, at most {MAX_IMAGE} bytes",
            path.display()
        )));
    }
    Ok(STANDARD.encode(fs::read(path).map_err(unreadable)?))
}

fn print(response: &Response, json: bool) -> Result<(), Failure> {
    if json {
        say!("{}", serde_json::json!(response));
        return Ok(());
    }
    match response {
        Response::Products { products } => products.iter().for_each(print_product),
        Response::Firmware { firmware } => firmware.iter().for_each(print_firmware),
        _ => return Err(Failure::failed(ControlError::Version)),
    }
    Ok(())
}

fn print_product(line: &ProductLine) {
    let signed = match (&line.locked, line.keyring) {
        (Some(why), _) => format!("LOCKED: {why}"),
        (None, Some(number)) => format!("signed releases, keyring {number}"),
        (None, None) => "no signatures asked for".to_owned(),
    };
    say!("{:5} {:24} {:12} {signed}", line.id, line.slug, Platform(line.platform_id).to_string());
}

fn print_firmware(line: &FirmwareLine) {
    let mut to: Vec<&str> = line.groups.iter().map(String::as_str).collect();
    if line.product_default {
        to.insert(0, "all");
    }
    let state = match (&line.missing, to.is_empty()) {
        (Some(why), _) => format!("cannot be released: {why}"),
        (None, true) => "not released".to_owned(),
        (None, false) => format!("released to {}", to.join(", ")),
    };
    let FirmwareLine { version, title, devices, .. } = line;
    say!("{version:5} {title:24} {:8} bytes {devices:6} devices  {state}", line.size);
}
