//! A cloud of the test's own: `pintle init` in a temporary folder, `pintle serve` on free ports.

use crate::api::Api;
use crate::place::Place;
use crate::running::Running;
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The first operator's name.
pub(crate) const USER: &str = "ada@example.com";
/// The first operator's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A command of the binary under test.
pub(crate) fn pintle() -> Command {
    Command::new(pintle_path())
}

fn pintle_path() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_pintle"))
}

/// Runs a command to its end; returns what it printed, or panics with both streams.
pub(crate) fn output_of(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// A data folder and the node that serves it.
pub(crate) struct Cloud {
    node: Option<Running>,
    place: Place,
    folder: TempDir,
    printed: Value,
    bound: Bound,
}

/// Where a node listens, or is to listen.
#[derive(Clone, Copy)]
struct Bound {
    api: SocketAddr,
    udp: SocketAddr,
    /// Nothing where the TCP service is off.
    tcp: Option<SocketAddr>,
}

impl Cloud {
    /// Makes a data folder and serves it.
    pub(crate) fn start() -> Self {
        Self::start_in(|_| Place::here(), "")
    }

    /// Makes a data folder with these further lines of configuration, and serves it.
    pub(crate) fn start_with(config: &str) -> Self {
        Self::start_in(|_| Place::here(), config)
    }

    /// Makes a data folder and serves it over TCP, too.
    pub(crate) fn start_with_tcp() -> Self {
        Self::begin(|_| Place::here(), "", true)
    }

    /// The same in a place of its own, which is told where the data folder will be.
    pub(crate) fn start_in(place: impl FnOnce(&Path) -> Place, config: &str) -> Self {
        Self::begin(place, config, false)
    }

    fn begin(place: impl FnOnce(&Path) -> Place, config: &str, tcp: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let place = place(&data);
        let printed = init(&place, &data, tcp);
        add_to_config(&place.seen_from_here(&data), config);
        let free = "127.0.0.1:0".parse().expect("an address");
        let wanted = Bound { api: free, udp: free, tcp: tcp.then_some(free) };
        let (node, bound) = serve(&place, folder.path(), wanted);
        Self { node: Some(node), place, folder, printed, bound }
    }

    /// Ends the node with SIGTERM.
    pub(crate) fn stop(&mut self) {
        let status = self.node.take().expect("the node runs").terminate();
        assert!(status.success(), "serve ended with {status}");
    }

    /// Ends the node with SIGKILL.
    pub(crate) fn kill(&mut self) {
        drop(self.node.take().expect("the node runs"));
    }

    /// Serves the same folder again, on the same addresses.
    pub(crate) fn start_again(&mut self) {
        let (node, bound) = serve(&self.place, self.folder.path(), self.bound);
        (self.node, self.bound) = (Some(node), bound);
    }

    /// The node, to wait for what it logs.
    pub(crate) fn node(&mut self) -> &mut Running {
        self.node.as_mut().expect("the node runs")
    }

    pub(crate) fn udp(&self) -> SocketAddr {
        self.bound.udp
    }

    pub(crate) fn tcp(&self) -> SocketAddr {
        self.bound.tcp.expect("the TCP service is on")
    }

    pub(crate) fn api_address(&self) -> SocketAddr {
        self.bound.api
    }

    pub(crate) fn api_url(&self) -> String {
        format!("https://{}", self.bound.api)
    }

    /// The file with the certificate of the local CA (PEM).
    pub(crate) fn ca(&self) -> PathBuf {
        self.printed_path("ca")
    }

    /// The file with the cloud's public key for devices.
    pub(crate) fn public_key(&self) -> PathBuf {
        self.printed_path("udp_public_key")
    }

    /// The file with the cloud's public key for devices of the TCP service.
    pub(crate) fn tcp_public_key(&self) -> PathBuf {
        self.printed_path("tcp_public_key")
    }

    /// A folder for the test's own files, gone with the cloud.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(&path).expect("a folder can be made");
        path
    }

    /// The operator, logged in.
    pub(crate) fn log_in(&self) -> Api {
        Api::log_in(&self.api_url(), &self.ca(), USER, PASSWORD)
    }

    /// `pintle pin set`, owned by the operator.
    pub(crate) fn pin(&self, device: &str, key: &Path) {
        output_of(
            self.pin_command("set").args(["--device", device, "--owner", USER, "--key"]).arg(key),
        );
    }

    /// `pintle pin <verb>` on this cloud, to be finished by the caller.
    pub(crate) fn pin_command(&self, verb: &str) -> Command {
        self.command(&["pin", verb])
    }

    /// A command on this cloud's data folder, to be finished by the caller.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = pintle();
        command.args(words).arg("--data").arg(self.data());
        command
    }

    /// The data folder, as the test sees it.
    pub(crate) fn data(&self) -> PathBuf {
        self.place.seen_from_here(&self.folder.path().join("data"))
    }

    /// Mounts the data folder's disk again, with other options.
    pub(crate) fn remount(&self, options: &str) {
        self.place.remount(&self.folder.path().join("data"), options);
    }

    /// `pintle serve` on the same folder, to its end: for a node that is not to start.
    pub(crate) fn fail_to_start(&self) -> Output {
        let mut command = self.place.run(pintle_path());
        command.args(["serve", "--api", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--data"]);
        command.arg(self.folder.path().join("data")).stdin(Stdio::null());
        command.output().expect("the program starts")
    }

    /// Waits until the API shows the device connected with `function` in its describe.
    pub(crate) fn wait_for_device(&mut self, api: &Api, device: &str, function: &str) {
        let path = format!("/v1/devices/{device}");
        let what = format!("{device} with the function {function}");
        self.node().wait_until(&what, |_| {
            let (_, body) = api.get(&path);
            let functions = body["functions"].as_array()?;
            let connected = body["connected"] == true;
            (connected && functions.iter().any(|name| name == function)).then_some(())
        });
    }

    fn printed_path(&self, name: &str) -> PathBuf {
        let path = self.printed[name].as_str();
        let path = path.unwrap_or_else(|| panic!("init printed no {name}: {}", self.printed));
        self.place.seen_from_here(&self.folder.path().join("data").join(path))
    }
}

fn init(place: &Place, data: &Path, tcp: bool) -> Value {
    let mut command = place.run(pintle_path());
    command.args(["init", "--json", "--password-stdin", "--user", USER, "--data"]).arg(data);
    command.args(tcp.then_some("--tcp"));
    let mut init = Running::start(&mut command);
    init.write(PASSWORD.as_bytes());
    init.write(b"\n");
    let status = init.wait_for_end();
    let said = init.said();
    assert!(status.success(), "init: {status}\n{said}");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("init --json: {error}\n{said}"))
}

/// What `init` writes, and below it the test's own tables.
fn add_to_config(data: &Path, lines: &str) {
    let path = data.join("config.toml");
    let mut text = fs::read_to_string(&path).expect("init writes a config.toml");
    text.push_str(lines);
    fs::write(&path, text).expect("config.toml can be written");
}

fn serve(place: &Place, folder: &Path, wanted: Bound) -> (Running, Bound) {
    let ready = folder.join("ready.json");
    let _ = fs::remove_file(&ready);
    let mut command = place.run(pintle_path());
    command.arg("serve").arg("--data").arg(folder.join("data"));
    command.args(["--api", &wanted.api.to_string(), "--udp", &wanted.udp.to_string()]);
    if let Some(tcp) = wanted.tcp {
        command.args(["--tcp", &tcp.to_string()]);
    }
    command.arg("--ready-file").arg(&ready);
    let mut node = Running::start(&mut command);
    let bound = node.wait_until("the ready file", |_| {
        let text = fs::read_to_string(&ready).ok()?;
        let json: Value = serde_json::from_str(&text).ok()?;
        let address = |name: &str| json[name].as_str()?.parse().ok();
        Some(Bound { api: address("api")?, udp: address("udp")?, tcp: address("tcp") })
    });
    (node, bound)
}
