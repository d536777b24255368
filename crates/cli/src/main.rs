//! The `pintle` command line: parse, call, print. Everything else lives in the crates below.
//!
//! Exit codes: 0 done, 1 failed, 2 the person who typed can mend it (one line says how), 3 to 5 what a
//! checklist or an attack found.

mod args;
mod attack;
mod audit;
mod backup;
mod checklist;
mod device;
mod device_firmware;
mod failure;
mod firmware;
mod fleet;
mod init;
mod key;
mod keyring;
mod login;
mod network;
mod new_password;
mod outbox;
mod person;
mod pin;
mod product;
mod quickstart;
mod release;
mod rollout;
mod say;
mod secret;
mod serve;
mod service;
mod signing;
mod stop;
mod team;
mod twin;
mod user;

use args::{Args, Command, ServiceCommand};
use clap::Parser;
use failure::Failure;
use mimalloc::MiMalloc;
use service::journal;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Gives memory back to the system: what a million handshakes needed for a minute is not held for ever.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    log_to_stderr(args.command.is_quiet());
    match run(args.command) {
        Ok(_) if say::failed() => Failure::failed("cannot write to standard output").report(),
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    let done = match command {
        Command::Checklist(command) => return checklist::run(command),
        Command::Attack(args) => return attack::run(*args),
        Command::Init(args) => init::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Pin(args) => pin::run(args),
        Command::Audit(command) => audit::run(command),
        Command::Backup(args) => backup::back_up(&args),
        Command::Restore(args) => backup::restore_from(&args),
        Command::Key(command) => key::run(command),
        Command::Outbox(args) => outbox::run(args),
        Command::Device(args) => device::run(args),
        Command::User(args) => user::run(args),
        Command::Firmware(args) => firmware::run(&args),
        Command::Keyring(args) => keyring::run(&args),
        Command::Product(args) => product::run(args),
        Command::Org(command) => team::run_org(command),
        Command::Team(command) => team::run_team(command),
        Command::Release(args) => release::run(&args),
        Command::Rollout(command) => rollout::run(command),
        Command::Login(args) => login::run(&args),
        Command::Logout => login::end(),
        Command::Secret(command) => secret::run(&command),
        Command::Service(ServiceCommand::Check(args)) => service::check::run(&args),
        Command::Fleet(args) => fleet::run(&args),
        Command::Quickstart(args) => quickstart::run(&args),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The log goes to standard error, `PINTLE_LOG` says how much of it; colour only on a terminal, and to the journal of
/// the system what that knows how to read.
fn log_to_stderr(quiet: bool) {
    let default = if quiet { "warn" } else { "info" };
    let filter = EnvFilter::try_from_env("PINTLE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    if journal::is_stderr() {
        // The journal has a time and a level of its own for each line.
        let plain = log.without_time().with_level(false).with_ansi(false);
        return plain.with_writer(journal::Lines).init();
    }
    log.with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).init();
}
