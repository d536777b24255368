//! `pintle serve` in a process of its own, on the server's core, and the data folder it runs on.

use super::vitals::Vitals;
use crate::cores;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The operator that `pintle init` makes, who owns what devices there are.
pub const OPERATOR: &str = "bench";
pub const PASSWORD: &str = "correct horse battery staple";
/// What one address may ask for is for strangers: here one address is all the clients there are.
const LIMITS: &str = "\n[limits]\nrequests = 1000000000\naccount_requests = 1000000000\nlogins = 1000000000\n\
streams_opened = 1000000000\nstreams = 100000\nconnections_an_address = 100000\n";
/// Connections to the API; the door for TCP gets what these leave of the process's descriptors.
const CONNECTIONS: &str = "connections = 100000\n";
/// How long a node may take to be ready, with however many sessions.
const START: Duration = Duration::from_secs(120);
/// How finely that is measured.
const LOOK: Duration = Duration::from_millis(1);

/// Lets one address ask for all that the clients of a benchmark do, over as many connections as there may be.
pub fn lift_limits(data: &Path) {
    append(data, &[LIMITS, CONNECTIONS].concat());
}

fn append(data: &Path, limits: &str) {
    let config = File::options().append(true).open(data.join("config.toml"));
    config.and_then(|mut file| file.write_all(limits.as_bytes())).expect("the folder is ours");
}

/// A fresh data folder; it goes with this value.
pub struct Folder {
    program: PathBuf,
    around: tempfile::TempDir,
}

impl Folder {
    /// Made by `pintle init`.
    pub fn new(program: &Path) -> Self {
        let folder = Self::made(program, &[]);
        lift_limits(&folder.data());
        folder
    }

    /// One with a key for the TCP service.
    pub fn with_tcp(program: &Path) -> Self {
        let folder = Self::made(program, &["--tcp"]);
        append(&folder.data(), LIMITS);
        folder
    }

    fn made(program: &Path, more: &[&str]) -> Self {
        let around = tempfile::tempdir().expect("there is a folder for temporary files");
        let folder = Self { program: program.into(), around };
        let mut init = folder.command("init");
        init.args(["--user", OPERATOR, "--password-stdin"]).args(more).stdin(Stdio::piped());
        let mut init = init.stdout(Stdio::null()).spawn().expect("pintle runs");
        let mut input = init.stdin.take().expect("it is piped");
        writeln!(input, "{PASSWORD}").expect("pintle reads the password");
        drop(input);
        assert!(init.wait().expect("pintle ends").success(), "`pintle init` makes a folder");
        folder
    }

    /// `pintle VERB --data` with this folder; it ends with this process however that ends.
    pub fn command(&self, verb: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(&self.program).arg(verb);
        command.arg("--data").arg(self.data()).stdin(Stdio::null());
        command
    }

    /// Where a file of the benchmark's own may be, beside the data.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.around.path().join(name)
    }

    /// The certificate that the API's is signed with.
    pub fn authority(&self) -> PathBuf {
        self.data().join("ca.pem")
    }

    /// The data folder itself.
    pub fn data(&self) -> PathBuf {
        self.around.path().join("data")
    }
}

/// Where a node listens, as its ready file says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Addresses {
    pub api: SocketAddr,
    pub udp: SocketAddr,
    /// Where the TCP service is on.
    pub tcp: Option<SocketAddr>,
}

impl Addresses {
    fn any() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { api: any, udp: any, tcp: None }
    }

    fn with_tcp() -> Self {
        let any = Self::any();
        Self { tcp: Some(any.udp), ..any }
    }
}

/// A running node; it ends with this value.
pub struct Node {
    process: Child,
    /// When its process began.
    pub began: Instant,
    /// How long it took until it was ready.
    pub start: Duration,
    pub addresses: Addresses,
}

impl Node {
    /// Starts one on free ports and waits until it is ready.
    pub fn start(folder: &Folder) -> Self {
        Self::start_on(folder, Addresses::any())
    }

    /// One with the TCP service on.
    pub fn start_with_tcp(folder: &Folder) -> Self {
        Self::start_on(folder, Addresses::with_tcp())
    }

    /// One with the TCP service on, on all cores: the load has its own again.
    pub fn start_everywhere_with_tcp(folder: &Folder) -> Self {
        Self::started(folder, Addresses::with_tcp(), cores::start_everywhere)
    }

    /// Starts one where another was.
    pub fn start_on(folder: &Folder, addresses: Addresses) -> Self {
        Self::started(folder, addresses, cores::start_server)
    }

    /// Starts one where another was, on all cores.
    pub fn start_everywhere_on(folder: &Folder, addresses: Addresses) -> Self {
        Self::started(folder, addresses, cores::start_everywhere)
    }

    fn started(
        folder: &Folder,
        addresses: Addresses,
        start: fn(&mut Command) -> std::io::Result<Child>,
    ) -> Self {
        let ready = folder.beside("ready.json");
        // There is none before the first start.
        let _ = fs::remove_file(&ready);
        let mut command = folder.command("serve");
        command.arg("--api").arg(addresses.api.to_string());
        command.arg("--udp").arg(addresses.udp.to_string());
        if let Some(tcp) = addresses.tcp {
            command.arg("--tcp").arg(tcp.to_string());
        }
        command.arg("--ready-file").arg(&ready).stdout(Stdio::null());
        let log = File::options().create(true).append(true).open(folder.beside("node.log"));
        command.stderr(log.expect("a temporary file can be written"));
        let began = Instant::now();
        let mut process = start(&mut command).expect("pintle runs");
        while !ready.exists() {
            let ended = process.try_wait().expect("a child can be asked");
            assert!(ended.is_none() && began.elapsed() < START, "`pintle serve` is ready in time");
            std::thread::sleep(LOOK);
        }
        let start = began.elapsed();
        let said = fs::read_to_string(&ready).expect("the ready file is whole");
        let addresses = serde_json::from_str(&said).expect("the ready file is JSON");
        Self { process, began, start, addresses }
    }

    /// How it is now.
    pub fn vitals(&self) -> Vitals {
        Vitals::of(self.process.id())
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        tell(&self.process, Signal::SIGTERM);
        let status = self.process.wait().expect("a child can be waited for");
        assert!(status.success(), "the node stops when asked");
    }

    /// `kill -9`.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a signal to a child that was not waited for yet.
pub fn tell(process: &Child, signal: Signal) {
    let id = Pid::from_raw(process.id().try_into().expect("process ids are small"));
    kill(id, signal).expect("a child can be told");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_file_says_where_a_node_listens() {
        let said = "{\"api\":\"127.0.0.1:8443\",\"udp\":\"0.0.0.0:5684\"}\n";
        let addresses: Addresses = serde_json::from_str(said).expect("as `pintle serve` writes it");
        assert_eq!((addresses.api.port(), addresses.udp.port()), (8443, 5684));
        assert_eq!(addresses.tcp, None);
    }
}
