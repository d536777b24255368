//! `pintle outbox`: the durable consumer as a command.

use crate::args::{OutboxCommand, OutboxTakeArgs};
use crate::failure::Failure;
use pintle_cloud::control::{ControlError, Request, Response, WaitingEvent, ask_if_running};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// How many events are asked for at once. Whoever dies before they are taken gets them again.
const BATCH: usize = 64;

/// How long one question to the node waits for an event.
const EACH_WAIT: Duration = Duration::from_secs(10);

/// How long the node may take for an answer beside that.
const PATIENCE: Duration = Duration::from_secs(10);

pub fn run(command: OutboxCommand) -> Result<(), Failure> {
    match command {
        OutboxCommand::List { data, count, json } => {
            let events = waiting(&data, count, Duration::ZERO)?;
            write(&events, json).map(|_| ())
        }
        OutboxCommand::Take(args) => take(&args),
    }
}

fn take(args: &OutboxTakeArgs) -> Result<(), Failure> {
    let mut left = args.count.unwrap_or(usize::MAX);
    let wait = if args.follow { EACH_WAIT } else { Duration::ZERO };
    while left > 0 {
        let events = waiting(&args.data, left.min(BATCH), wait)?;
        if events.is_empty() && !args.follow {
            return Ok(());
        }
        let written = write(&events, args.json)?;
        forget(&args.data, events.iter().take(written))?;
        if written < events.len() {
            return Ok(());
        }
        left -= written;
    }
    Ok(())
}

fn waiting(data: &Path, count: usize, wait: Duration) -> Result<Vec<WaitingEvent>, Failure> {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    match carry_out(data, &Request::OutboxList { count, wait_ms })? {
        Response::Outbox { events } => Ok(events),
        other => Err(unexpected(&other)),
    }
}

fn forget<'a>(data: &Path, events: impl Iterator<Item = &'a WaitingEvent>) -> Result<(), Failure> {
    let rows: Vec<String> = events.map(|event| event.row.clone()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    match carry_out(data, &Request::OutboxTake { rows })? {
        Response::Taken { .. } => Ok(()),
        other => Err(unexpected(&other)),
    }
}

fn carry_out(data: &Path, request: &Request) -> Result<Response, Failure> {
    match ask_if_running(data, request, EACH_WAIT + PATIENCE).map_err(Failure::failed)? {
        Some(response) => Ok(response),
        None => {
            let data = data.display();
            Err(Failure::usage(format!(
                "no node runs on {data}, and only a running one hands out its outbox: `pintle serve --data {data}`"
            )))
        }
    }
}

fn unexpected(response: &Response) -> Failure {
    match response {
        Response::Refused { why } => Failure::failed(why),
        _ => Failure::failed(ControlError::Version),
    }
}

/// Writes events out, one a line; how many arrived before the reader hung up.
fn write(events: &[WaitingEvent], json: bool) -> Result<usize, Failure> {
    let mut out = io::stdout().lock();
    for (index, event) in events.iter().enumerate() {
        let line = if json { serde_json::json!(event).to_string() } else { line(event) };
        match writeln!(out, "{line}").and_then(|()| out.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(index),
            Err(error) => {
                let why =
                    format!("cannot write to standard output: {error}; nothing more is taken");
                return Err(Failure::failed(why));
            }
        }
    }
    Ok(events.len())
}

/// For a person: what a device says must not move the cursor.
fn line(event: &WaitingEvent) -> String {
    let device = event.device.as_deref().unwrap_or("-");
    let data = match (&event.data, &event.data_base64) {
        (Some(text), _) => visible(text),
        (None, Some(base64)) => format!("base64:{base64}"),
        (None, None) => String::new(),
    };
    let name = visible(&event.name);
    format!("{} {} {device} {name} {data}", event.row, event.published_at).trim_end().to_owned()
}

fn visible(text: &str) -> String {
    let show = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(show).collect()
}
