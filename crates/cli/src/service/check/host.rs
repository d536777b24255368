//! What all checks start from: the data folder's settings, the unit as systemd knows it, the node that runs.

use super::process::Process;
use super::unit::Unit;
use crate::failure::Failure;
use pintle_cloud::config::Config;
use pintle_cloud::control::{Request, Response, ask_if_running};
use pintle_cloud::init::is_data_folder;
use pintle_cloud::serve::Addresses;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The data folder of the service.
pub const SERVICE_DATA: &str = "/var/lib/pintle";

/// How long a node has to answer on its control socket: a little more than it gives itself.
const WITHIN: Duration = Duration::from_secs(6);

/// The data folder, as far as it can be seen.
pub enum Data {
    /// Its settings; paths are absolute.
    Open(Box<Config>),
    /// There is none yet.
    None,
    /// There may be one: whoever asks may not look.
    Closed,
    /// Its settings are wrong: why.
    Broken(String),
}

/// The node on this folder.
pub enum Node {
    /// It answered.
    Alive {
        /// Its process, as far as the kernel tells.
        process: Option<Process>,
        /// Its version.
        version: String,
        /// Where it listens.
        addresses: Box<Addresses>,
    },
    /// It is there and something in it does not answer: what.
    Sick(String),
    /// None runs.
    None,
    /// Nobody may ask.
    Closed,
}

/// A host.
pub struct Host {
    /// The data folder.
    pub data: PathBuf,
    /// What is in it.
    pub folder: Data,
    /// The unit; `None` where no systemd runs.
    pub unit: Option<Unit>,
    /// The node that runs.
    pub node: Node,
}

impl Host {
    /// Looks at `data`, or at the service's own folder, which need not be there yet.
    pub fn look_at(data: Option<&Path>) -> Result<Self, Failure> {
        let path = data.unwrap_or(Path::new(SERVICE_DATA));
        let path = std::path::absolute(path).map_err(Failure::usage)?;
        let folder = folder(&path);
        if data.is_some() && matches!(folder, Data::None) {
            return Err(Failure::usage(format!(
                "{} is not a data folder: make one with `pintle init`, or name another with --data",
                path.display()
            )));
        }
        let node = node(&path);
        Ok(Self { data: path, folder, unit: Unit::ask(), node })
    }

    /// The settings, or why there are none to look at.
    pub fn config(&self) -> Result<&Config, String> {
        match &self.folder {
            Data::Open(config) => Ok(config),
            Data::None => Err("there is no data folder yet".into()),
            Data::Closed => {
                Err(format!("only its owner and root may look into {}", self.data.display()))
            }
            Data::Broken(_) => Err("the configuration cannot be read".into()),
        }
    }

    /// The process of the node, where one runs and can be seen.
    pub fn process(&self) -> Option<&Process> {
        match &self.node {
            Node::Alive { process, .. } => process.as_ref(),
            _ => None,
        }
    }
}

fn folder(path: &Path) -> Data {
    match fs::read_dir(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Data::Closed,
        _ if !is_data_folder(path) => Data::None,
        _ => match Config::load(path) {
            Ok(config) => Data::Open(Box::new(config)),
            Err(error) => Data::Broken(error.to_string()),
        },
    }
}

fn node(path: &Path) -> Node {
    match ask_if_running(path, &Request::Heartbeat, WITHIN) {
        Ok(Some(Response::Alive { process, version, addresses })) => Node::Alive {
            process: Process::look_at(process),
            version,
            addresses: Box::new(addresses),
        },
        Ok(Some(Response::Refused { why })) => Node::Sick(why),
        Ok(Some(_)) => Node::Sick("it answered something else than it was asked".into()),
        Ok(None) => Node::None,
        Err(error) if may_not_ask(&error) => Node::Closed,
        Err(error) => Node::Sick(error.to_string()),
    }
}

fn may_not_ask(error: &pintle_cloud::control::ControlError) -> bool {
    use pintle_cloud::control::ControlError::Socket;
    matches!(error, Socket { source, .. } if source.kind() == ErrorKind::PermissionDenied)
}
