//! The configuration of a twin: that of its node, less what is a place of that node (addresses, files that it writes, its
//! certificate). Files that it reads are named from the node's folder.

use super::Like;
use crate::failure::Failure;
use pintle_cloud::config::{Config, FILE_NAME};
use pintle_cloud::control::{Request, Response, ask_if_running};
use std::fs;
use std::path::Path;
use std::time::Duration;
use toml::{Table, Value};

/// What is not taken over: table and key.
const PLACES: &[(&str, &str)] = &[
    ("api", "listen"),
    ("api", "certificate"),
    ("api", "private_key"),
    ("udp", "listen"),
    ("tcp", "listen"),
    ("node", "key_file"),
    ("audit", "heads"),
];
/// Listeners that are there where the node has them, at a free port.
const LISTENERS: &[(&str, &str)] = &[("api", "redirect"), ("metrics", "listen")];
/// Files that are only read.
const READ: &[(&str, &str)] = &[("webhooks", "ca_file"), ("security", "weak_keys")];

/// The configuration of the twin, and whether it has the TCP service.
pub fn of(like: &Like<'_>) -> Result<(String, bool), Failure> {
    let Some(data) = like.data else { return Ok((String::new(), like.tcp)) };
    let path = data.join(FILE_NAME);
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    // It says with the line what is wrong.
    let config = Config::parse(&text, &path).map_err(Failure::usage)?;
    let table: Table = text.parse().map_err(Failure::usage)?;
    let text = toml::to_string(&moved(table, data)).map_err(Failure::failed)?;
    Ok((text, like.tcp || config.tcp.enabled || runs_with_tcp(data)))
}

fn moved(mut table: Table, data: &Path) -> Table {
    let mut change = |(room, key): (&str, &str), change: &dyn Fn(&str) -> Option<String>| {
        let Some(Value::Table(room)) = table.get_mut(room) else { return };
        let Some(old) = room.remove(key) else { return };
        if let Some(new) = change(old.as_str().unwrap_or_default()) {
            room.insert(key.to_owned(), Value::String(new));
        }
    };
    PLACES.iter().for_each(|place| change(*place, &|_| None));
    LISTENERS.iter().for_each(|place| change(*place, &|_| Some("127.0.0.1:0".to_owned())));
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    READ.iter().for_each(|place| {
        change(*place, &|path| Some(data.join(path).to_string_lossy().into_owned()));
    });
    table
}

/// A node may have been started with the TCP service though its configuration has it off.
fn runs_with_tcp(data: &Path) -> bool {
    let asked = ask_if_running(data, &Request::Heartbeat, Duration::from_secs(5));
    matches!(asked, Ok(Some(Response::Alive { addresses, .. })) if addresses.tcp.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_has_the_rules_of_its_node_and_none_of_its_places() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[api]\nlisten = \"0.0.0.0:443\"\ncertificate = \"a.pem\"\nprivate_key = \"a.key\"\n\
                    redirect = \"0.0.0.0:80\"\n[tcp]\nenabled = true\n[limits]\nlogins = 7\n\
                    [webhooks]\nca_file = \"own.pem\"\nallow = [\"10.0.0.0/8\"]\n[node]\nkey_file = \"/k\"\n\
                    [audit]\nheads = \"/mnt/heads\"\nkeep_days = 30\n";
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
        let like = Like { data: Some(folder.path()), ..Like::default() };
        let (text, with_tcp) = of(&like).unwrap();
        assert!(with_tcp);
        let config = Config::parse(&text, Path::new("config.toml")).unwrap();
        assert_eq!(config.limits.logins.get(), 7);
        assert_eq!(config.webhooks.allow.len(), 1);
        assert_eq!(config.webhooks.ca_file, Some(folder.path().join("own.pem")));
        assert_eq!(config.api.redirect, Some("127.0.0.1:0".parse().unwrap()));
        assert_eq!(
            config.audit.keep_days,
            Config::parse("[audit]\nkeep_days = 30\n", Path::new("x")).unwrap().audit.keep_days
        );
        for place in ["0.0.0.0:", "a.pem", "a.key", "/k", "/mnt"] {
            assert!(!text.contains(place), "{place} is in\n{text}");
        }
    }

    #[test]
    fn a_folder_without_a_configuration_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let like = Like { data: Some(folder.path()), ..Like::default() };
        assert!(matches!(of(&like), Err(Failure::Usage(_))));
    }
}
