//! `pintle attack`: the penetration suite against a twin of a node, or against a target that its operator confirmed to own.

mod record;
mod show;

use crate::args::{AttackArgs, AttackCommand};
use crate::failure::Failure;
use crate::say::say;
use crate::twin::cradle::{Cradle, interruptible};
use crate::twin::{Like, Twin};
use pintle_attack::{Case, Outcome, Outcomes, Selection, Target, cases, consent};
use pintle_cloud::init::is_data_folder;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// The exit code where an attack got through.
const BROKE: u8 = 5;

pub fn run(args: AttackArgs) -> Result<ExitCode, Failure> {
    if let Some(AttackCommand::Token) = args.command {
        return token().map(|()| ExitCode::SUCCESS);
    }
    let chosen = chosen(&args)?;
    if args.list {
        show::list(&chosen, args.json);
        return Ok(ExitCode::SUCCESS);
    }
    let json = args.json;
    let kept = record::place(&args);
    let attacked = chosen.clone();
    let outcomes = interruptible(move |cradle| attack(cradle, &args, &attacked))?;
    show::outcomes(&chosen, &outcomes, json);
    if let Some(path) = kept {
        record::keep(&path, &outcomes)?;
    }
    let broke = outcomes.values().any(|outcome| matches!(outcome, Outcome::Broke { .. }));
    Ok(if broke { ExitCode::from(BROKE) } else { ExitCode::SUCCESS })
}

fn token() -> Result<(), Failure> {
    let token = consent::new_token().ok_or_else(|| Failure::failed("no random bytes"))?;
    say!("{token}");
    Ok(())
}

/// The cases that were asked for.
fn chosen(args: &AttackArgs) -> Result<Vec<&'static Case>, Failure> {
    let unknown = |id: &String| {
        Failure::usage(format!("there is no attack `{id}`: `pintle attack --list` names all"))
    };
    let selection = Selection { full: args.full || args.list, seed: args.seed };
    if args.only.is_empty() {
        return Ok(cases().filter(|case| selection.has(case)).collect());
    }
    let mut chosen = Vec::new();
    for id in &args.only {
        let begins = |case: &Case| id.ends_with('-') && case.id.starts_with(id.as_str());
        let is_meant = |case: &&Case| case.id == id || (begins(case) && selection.has(case));
        let before = chosen.len();
        chosen.extend(cases().filter(is_meant));
        if chosen.len() == before {
            return Err(unknown(id));
        }
    }
    Ok(chosen)
}

fn attack(
    cradle: &Cradle,
    args: &AttackArgs,
    chosen: &[&'static Case],
) -> Result<Outcomes, Failure> {
    let selection = Selection { full: args.full, seed: args.seed };
    let tell = |case: &Case, outcome: Option<&Outcome>| {
        if !args.json {
            show::progress(case, outcome);
        }
    };
    if args.target.is_file() {
        let target = read(&args.target)?;
        consent::ask(&target, args.token.as_deref()).map_err(Failure::usage)?;
        return Ok(selection.run(&target, chosen.iter().copied(), tell));
    }
    if !is_data_folder(&args.target) {
        let path = args.target.display();
        return Err(Failure::usage(format!(
            "{path} is neither a data folder nor a file that describes a target: name one with --target"
        )));
    }
    let like = Like { data: Some(&args.target), tcp: args.tcp, weaken: weaken(args) };
    let twin = Twin::start(cradle, &like)?;
    Ok(selection.run(&twin.target, chosen.iter().copied(), tell))
}

#[cfg(feature = "weakened")]
fn weaken(args: &AttackArgs) -> Option<&str> {
    args.weaken.as_deref()
}

#[cfg(not(feature = "weakened"))]
const fn weaken(_: &AttackArgs) -> Option<&str> {
    None
}

/// The target that a file describes. Nothing of it is ever printed.
fn read(path: &Path) -> Result<Target, Failure> {
    let cannot = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let text = fs::read(path).map_err(|error| cannot(error.to_string()))?;
    let broken = |error: serde_json::Error| {
        // Not what the error says of the text: that may be a password.
        cannot(format!("not the description of a target, at line {}", error.line()))
    };
    serde_json::from_slice(&text).map_err(broken)
}
