//! `pintle firmware`: modules, before anybody gets them.

mod show;
mod verify;

use crate::args::{FirmwareCommand, InspectArgs};
use crate::failure::Failure;
use crate::say::say;
use pintle_firmware::module::Module;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No board takes a larger module, nor two combined.
const MAX_FILE: u64 = 32 << 20;

pub fn run(command: &FirmwareCommand) -> Result<(), Failure> {
    match command {
        FirmwareCommand::Inspect(args) => inspect(args),
        FirmwareCommand::Verify(args) => verify::run(args),
    }
}

fn inspect(args: &InspectArgs) -> Result<(), Failure> {
    let bytes = read(&args.file)?;
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", args.file.display());
    let module = Module::read(&bytes).map_err(|why| Failure::usage(named(&why)))?;
    let faults = module.faults();
    if args.json {
        say!("{:#}", show::json(&module, bytes.len(), &faults));
    } else {
        show::table(&module, bytes.len(), &faults);
    }
    match faults.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::failed(named(one))),
        [first, more @ ..] => {
            Err(Failure::failed(named(&format!("{first}; and {} more", more.len()))))
        }
    }
}

/// The file of a module.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let named = |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", path.display()));
    let file = File::open(path).map_err(|error| named(&error))?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_FILE + 1).read_to_end(&mut bytes);
    let length = read.map_err(|error| named(&error))?;
    if length as u64 > MAX_FILE {
        return Err(named(&format_args!("larger than {MAX_FILE} bytes: no module is")));
    }
    Ok(bytes)
}
