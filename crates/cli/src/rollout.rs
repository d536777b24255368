//! `pintle rollout`.

mod show;

use crate::args::{RolloutArgs, RolloutCommand, RolloutStartArgs, RolloutStatusArgs};
use crate::failure::Failure;
use crate::pin::carry_out;
use crate::say::{failed, say};
use pintle_cloud::control::{ControlError, Request, Response, RolloutRequest, Which};
use pintle_cloud::product::rollout::{Kind, Plan, Status};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// How often it is looked again.
const EACH: Duration = Duration::from_secs(1);

pub fn run(command: RolloutCommand) -> Result<(), Failure> {
    match command {
        RolloutCommand::Start(args) => start(args),
        RolloutCommand::Status(args) => status(&args),
        RolloutCommand::Halt(args) => {
            let status = ask(&args.data, RolloutRequest::Halt { which: which(&args) })?;
            print(&status, args.json);
            Ok(())
        }
        RolloutCommand::Resume(args) => {
            let status = ask(&args.data, RolloutRequest::Resume { which: which(&args) })?;
            print(&status, args.json);
            Ok(())
        }
    }
}

fn start(args: RolloutStartArgs) -> Result<(), Failure> {
    let RolloutStartArgs { data, product, version, stages, success, at_once, json, .. } = args;
    let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let (wait_ms, patience_ms) = (ms(args.wait), ms(args.patience));
    let plan = Plan { stages, wait_ms, success, at_once, patience_ms };
    plan.check().map_err(Failure::usage)?;
    print(&ask(&data, RolloutRequest::Start { product, version, plan })?, json);
    Ok(())
}

fn status(args: &RolloutStatusArgs) -> Result<(), Failure> {
    let look = |which| ask(&args.rollout.data, RolloutRequest::Status { which, all: args.all });
    let mut status = look(which(&args.rollout))?;
    if !args.watch {
        print(&status, args.rollout.json);
        return Ok(());
    }
    // The one that was meant at first: another may be started meanwhile.
    let this = Which { rollout: Some(status.rollout), product: None };
    let mut shown = None;
    loop {
        if shown.as_ref() != Some(&status) {
            if !args.rollout.json && io::stdout().is_terminal() {
                say!("{}", show::CLEAR);
            }
            print(&status, args.rollout.json);
        }
        if is_over(&status) || failed() {
            return Ok(());
        }
        shown = Some(status);
        sleep(EACH);
        status = look(this.clone())?;
    }
}

/// Whether nothing will change by itself.
fn is_over(status: &Status) -> bool {
    let under_way = status.count(Kind::Sending) + status.count(Kind::Sent);
    !status.node || status.phase != "running" && under_way == 0
}

fn which(args: &RolloutArgs) -> Which {
    Which { rollout: args.rollout, product: args.product.clone() }
}

fn ask(data: &Path, rollout: RolloutRequest) -> Result<Status, Failure> {
    match carry_out(data, Request::Rollout { rollout })? {
        Response::Rollout { status } => Ok(*status),
        _ => Err(Failure::failed(ControlError::Version)),
    }
}

fn print(status: &Status, json: bool) {
    if json {
        return say!("{}", serde_json::json!(status));
    }
    for line in show::lines(status, io::stdout().is_terminal()) {
        say!("{line}");
    }
}
