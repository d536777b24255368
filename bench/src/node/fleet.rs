//! `pintle fleet` in a process of its own, on the load's core: what is asked of it, when it is all in, and what it says at the end.

use super::process::{Addresses, Folder, Node, OPERATOR, tell};
use nix::sys::signal::Signal;
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long a fleet may take to come in.
const ARRIVAL: Duration = Duration::from_secs(1800);

/// A fleet whose keys the node knows.
pub struct Fleet<'a> {
    folder: &'a Folder,
    node: &'a Node,
    seed: u32,
    /// How many devices it has.
    pub devices: u32,
    service: Service,
}

/// The service that a fleet uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Udp,
    Tcp,
}

impl<'a> Fleet<'a> {
    /// Pins the keys of so many devices, which the operator owns.
    pub fn pin(folder: &'a Folder, node: &'a Node, seed: u32, devices: u32) -> Self {
        Self { folder, node, seed, devices, service: Service::Udp }.pinned()
    }

    /// The same over the TCP service.
    pub fn pin_tcp(folder: &'a Folder, node: &'a Node, seed: u32, devices: u32) -> Self {
        Self { folder, node, seed, devices, service: Service::Tcp }.pinned()
    }

    /// One over the TCP service whose keys the node has already.
    pub fn pinned_tcp(folder: &'a Folder, node: &'a Node, seed: u32, devices: u32) -> Self {
        Self { folder, node, seed, devices, service: Service::Tcp }
    }

    fn pinned(self) -> Self {
        let mut command = self.command();
        command.args(["--pin-only", "--owner", OPERATOR]).stderr(Stdio::null());
        assert!(command.status().expect("pintle runs").success(), "the fleet's keys are pinned");
        self
    }

    /// Lets them connect, with these arguments of `pintle fleet`.
    pub fn start(&self, arguments: &str) -> Running {
        let json = self.folder.beside(&format!("fleet-{}.json", self.seed));
        let mut command = self.command();
        command.args(["--pinned", "--keep", "--core", "1", "--json"]).arg(&json);
        if self.service == Service::Udp {
            command.arg("--lean");
        }
        command.args(arguments.split(' '));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("pintle runs");
        let lines = BufReader::new(process.stderr.take().expect("it is piped")).lines();
        let (sender, all_in) = channel();
        thread::spawn(move || {
            let lines = lines.map_while(Result::ok).filter(|line| says_running(line));
            lines.for_each(|_| {
                // Whoever does not listen any more needs no more.
                let _ = sender.send(());
            });
        });
        Running { process, all_in, json }
    }

    fn command(&self) -> Command {
        let mut command = self.folder.command("fleet");
        let Addresses { udp, tcp, .. } = self.node.addresses;
        match (self.service, tcp) {
            (Service::Tcp, Some(tcp)) => {
                command.args(["--protocol", "tcp", "--tcp", &tcp.to_string()]);
            }
            _ => {
                command.args(["--udp", &udp.to_string()]);
            }
        }
        command.args(["--seed", &self.seed.to_string(), "--devices", &self.devices.to_string()]);
        command
    }
}

/// Whether a line of progress says that all devices are in.
fn says_running(line: &str) -> bool {
    line.split_once("] ").is_some_and(|(_, words)| words.starts_with("running "))
}

/// A fleet's process; it ends with this value.
pub struct Running {
    process: Child,
    all_in: Receiver<()>,
    json: PathBuf,
}

impl Running {
    /// Waits until all are in; that is told a quarter of a second late at most.
    pub fn until_all_are_in(&self) {
        self.all_in.recv_timeout(ARRIVAL).expect("the fleet comes in, and stays a while");
    }

    /// Ends it before its time, and what it says.
    pub fn end(self) -> Report {
        tell(&self.process, Signal::SIGTERM);
        self.report()
    }

    /// Waits for its end, and what it says.
    pub fn report(mut self) -> Report {
        // It fails when it lost a device; the report says that too.
        self.process.wait().expect("a child can be waited for");
        let text = std::fs::read_to_string(&self.json).expect("the fleet leaves its report");
        serde_json::from_str(&text).expect("the report is JSON")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has usually ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a fleet says at its end, as far as it is of interest here.
#[derive(Debug, Deserialize)]
pub struct Report {
    pub devices_lost: u32,
    pub connecting_seconds: f64,
    pub running_seconds: f64,
    pub sessions: Sessions,
    pub events: Events,
    pub event_latency: Latency,
    pub ping_latency: Latency,
    pub retransmissions: u64,
    pub outages: Vec<Outage>,
    pub updates: Updates,
    pub cost: Cost,
}

/// A time when the node was gone.
#[derive(Debug, Deserialize)]
pub struct Outage {
    pub lost: u32,
    pub back_seconds: f64,
}

/// What became of updates.
#[derive(Debug, Deserialize)]
pub struct Updates {
    pub installed: u64,
    pub chunks: u64,
    pub bytes: u64,
    pub seconds: f64,
}

#[derive(Debug, Deserialize)]
pub struct Sessions {
    pub done: u32,
}

#[derive(Debug, Deserialize)]
pub struct Events {
    pub sent: u64,
    pub acknowledged: u64,
}

#[derive(Debug, Deserialize)]
pub struct Latency {
    pub p50_us: f64,
    pub p99_us: f64,
}

#[derive(Debug, Deserialize)]
pub struct Cost {
    pub cpu_us_per_handshake: f64,
    pub running_cpu_share: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_when_all_devices_are_in() {
        assert!(says_running("[      ] running 0s · 1000 of 1000 connected"));
        assert!(!says_running("[###   ] connecting 7s · 336 of 1000 connected"));
        assert!(!says_running("[######] 1000 of 1000 keys pinned"));
        assert!(!says_running("pintle: no node is running here"));
    }

    #[test]
    fn a_report_is_read_with_more_in_it_than_is_of_interest() {
        let report: Report = serde_json::from_str(REPORT).expect("as `pintle fleet` writes it");
        assert_eq!((report.sessions.done, report.events.acknowledged), (1000, 7166));
        assert!(report.event_latency.p99_us > report.event_latency.p50_us);
    }

    const REPORT: &str = r#"{"asked_by_node":0,"connected_at_end":1000,"connecting_seconds":7.698,
        "cost":{"cpu_seconds":0.7,"cpu_us_per_datagram":25.4,"cpu_us_per_handshake":335.0,
        "resident_bytes":24252416,"resident_bytes_per_device":11669.5,"running_cpu_share":0.049,
        "state_bytes_per_device":136},"devices":1000,"devices_lost":0,
        "event_latency":{"count":7166,"max_us":334165.6,"p50_us":23068.6,"p90_us":192937.9,
        "p99_9_us":331350.0,"p99_us":306184.1},
        "events":{"acknowledged":7166,"given_up":0,"held_back":7962,"refused":0,"sent":7166},
        "events_per_second":947.14,"first_failure":null,
        "ping_latency":{"count":357,"max_us":328455.9,"p50_us":1212.4,"p90_us":150994.9,
        "p99_9_us":328455.9,"p99_us":314572.7},"pings":357,"retransmissions":316,
        "outages":[{"lost":1000,"away_seconds":0.2,"back_seconds":1.1}],
        "updates":{"begun":0,"taken":0,"installed":0,"chunks":0,"bytes":0,"seconds":0.0},
        "running_seconds":7.566,"seed":1,"sessions":{"begun":1000,"done":1000,"failed":0,"lost":0}}"#;
}
