//! `pintle audit show`.

use super::{failure, open, write_down};
use crate::args::AuditShowArgs;
use crate::failure::Failure;
use crate::say::say;
use pintle_cloud::audit::Logged;
use pintle_cloud::audit::export::{self, Said};
use pintle_cloud::config::Config;
use pintle_cloud::control::AuditReading;
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::store::audit::OfflineLog;
use std::collections::VecDeque;
use std::path::Path;

pub fn run(args: &AuditShowArgs) -> Result<(), Failure> {
    let mut log = open(&args.data)?;
    if args.reasons {
        write_down(&args.data, AuditReading::Reasons, args.because.clone())?;
        log = log.with_node_key(&node_key(&args.data)?).map_err(failure)?;
    }
    for (row, said) in fitting(&log, args)? {
        let reason = log.reason(&row).map_err(failure)?;
        match args.json {
            true => say!("{}", json(&row, &said, reason.as_deref())),
            false => say!("{}", line(&row, &said, reason.as_deref())),
        }
    }
    Ok(())
}

fn node_key(data: &Path) -> Result<NodeKey, Failure> {
    let config = Config::load(data).map_err(Failure::usage)?;
    NodeKey::load(&config.node.key_file).map_err(Failure::usage)
}

/// The last that fit, in order.
fn fitting(log: &OfflineLog, args: &AuditShowArgs) -> Result<VecDeque<(Logged, Said)>, Failure> {
    let mut kept = VecDeque::new();
    for row in log.rows(0) {
        let row = row.map_err(failure)?;
        let Some(entry) = row.entry() else { continue };
        let said = export::said(&entry);
        if fits(&said, args) {
            kept.push_back((row, said));
        }
        if kept.len() > args.last {
            kept.pop_front();
        }
    }
    Ok(kept)
}

fn fits(said: &Said, args: &AuditShowArgs) -> bool {
    let what = args.what.as_deref().is_none_or(|what| said.what.starts_with(what));
    let has = |about: &str| said.who.contains(about) || said.on.contains(about);
    what && args.about.as_deref().is_none_or(has)
}

fn json(row: &Logged, said: &Said, reason: Option<&str>) -> serde_json::Value {
    serde_json::json!({ "seq": row.seq, "entry": said, "reason": reason })
}

/// For a person: nothing that was named by somebody else may move the cursor.
fn line(row: &Logged, said: &Said, reason: Option<&str>) -> String {
    let mut line =
        format!("{} {} {} by {}", row.seq, said.at, visible(&said.what), visible(&said.who));
    let mut add = |before: &str, text: Option<&str>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            line.push_str(before);
            line.push_str(&visible(text));
        }
    };
    add(" on ", Some(&said.on));
    add(" from token ", said.token.as_deref());
    add(" REFUSED: ", said.refused.as_deref());
    add(" because: ", reason);
    if said.reason.is_some() && reason.is_none() {
        line.push_str(" (with a reason)");
    }
    if said.times > 1 {
        line.push_str(&format!(" ({} times)", said.times));
    }
    line
}

fn visible(text: &str) -> String {
    let show = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(show).collect()
}
