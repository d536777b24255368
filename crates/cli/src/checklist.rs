//! `pintle checklist`: tries every claim, and hands out what came of it.

use crate::args::ChecklistCommand;
use crate::failure::Failure;
use std::process::ExitCode;

mod profile;
mod progress;
mod run;
mod sources;
mod summary;

pub fn run(command: ChecklistCommand) -> Result<ExitCode, Failure> {
    match command {
        ChecklistCommand::Run(args) => run::run(&args),
    }
}
