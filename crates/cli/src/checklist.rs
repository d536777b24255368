//! `pintle checklist`: tries every claim, and hands out what came of it.

use crate::args::ChecklistCommand;
use crate::failure::Failure;
use crate::twin::cradle::interruptible;
use std::process::ExitCode;

mod difference;
mod explain;
mod ground;
mod init;
mod inventory;
mod key;
mod node;
mod pack;
mod profile;
mod progress;
mod run;
mod schedule;
mod sources;
mod summary;
mod verify;

pub use ground::RECORD;

pub fn run(command: ChecklistCommand) -> Result<ExitCode, Failure> {
    let done = match command {
        ChecklistCommand::Run(args) => return interruptible(move |cradle| run::run(&args, cradle)),
        ChecklistCommand::Diff { before, after, json } => {
            return difference::run(&before, &after, json);
        }
        ChecklistCommand::Init(args) => init::run(&args),
        ChecklistCommand::List { json } => explain::list(json),
        ChecklistCommand::Explain { check } => explain::one(&check),
        ChecklistCommand::Verify(args) => verify::run(&args),
        ChecklistCommand::Key { data } => key::print(&data),
        ChecklistCommand::Schedule(args) => schedule::run(&args),
        ChecklistCommand::Pack(args) => pack::run(&args),
        ChecklistCommand::Sbom(args) => inventory::sbom(&args),
        ChecklistCommand::Vex(args) => inventory::vex(&args),
    };
    done.map(|()| ExitCode::SUCCESS)
}
