//! `pintle checklist`: tries every claim, and hands out what came of it.

use crate::args::ChecklistCommand;
use crate::failure::Failure;
use crate::twin::cradle::interruptible;
use std::process::ExitCode;

mod ground;
mod node;
mod profile;
mod progress;
mod run;
mod sources;
mod summary;

pub use ground::RECORD;

pub fn run(command: ChecklistCommand) -> Result<ExitCode, Failure> {
    match command {
        ChecklistCommand::Run(args) => interruptible(move |cradle| run::run(&args, cradle)),
    }
}
