//! `particle-cli` in the two versions that people have, driven as a user would.

use crate::cloud::{Cloud, PASSWORD, USER};
use crate::device::{Device, FUNCTION, GENERATIONS, VARIABLE};
use crate::peers;
use crate::running::Running;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const ID: &str = "0b1e0000000000000000c113";
const NEW_ID: &str = "0b1e0000000000000000c114";

/// One version of the CLI with a home folder of its own.
pub(crate) struct Cli {
    node: PathBuf,
    script: PathBuf,
    home: PathBuf,
    ca: PathBuf,
}

impl Cli {
    pub(crate) fn new(cloud: &Cloud, peer: &str, node: PathBuf) -> Self {
        let home = cloud.scratch("home");
        let settings = home.join(".particle");
        fs::create_dir_all(&settings).expect("a folder can be made");
        let profile = format!("{{\"apiUrl\": {:?}}}", cloud.api_url());
        fs::write(settings.join("particle.config.json"), profile).expect("the profile");
        let script = peers::npm(peer, "node_modules/particle-cli/src/index.js");
        Self { node, script, home, ca: cloud.ca() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(&self.script).args(arguments).current_dir(&self.home);
        command.env("HOME", &self.home).env("NODE_EXTRA_CA_CERTS", &self.ca);
        command.env("PARTICLE_DISABLE_UPDATE", "1");
        peers::without_proxies(&mut command);
        command
    }

    /// Runs it to its end; returns what it said, and whether it ended well.
    pub(crate) fn try_run(&self, arguments: &[&str]) -> (bool, String) {
        let mut running = Running::start(&mut self.command(arguments));
        let status = running.wait_for_end();
        (status.success(), running.said())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let (success, said) = self.try_run(arguments);
        assert!(success, "particle {arguments:?} failed:\n{said}");
        said
    }

    /// Runs it to its end and wants `part` in what it says.
    pub(crate) fn expect(&self, arguments: &[&str], part: &str) {
        let said = self.run(arguments);
        assert!(said.contains(part), "particle {arguments:?} does not say {part:?}:\n{said}");
    }
}

fn everything(cloud: &mut Cloud, cli: &Cli) {
    let device = Device::new(cloud, ID, cloud.udp());
    cloud.pin(ID, &device.public_key());
    let _running = device.run();
    cloud.wait_for_device(&cloud.log_in(), ID, FUNCTION);

    let (success, said) = cli.try_run(&["login", "-u", USER, "-p", "wrong"]);
    assert!(!success || said.contains("invalid"), "a wrong password was taken:\n{said}");
    cli.run(&["login", "-u", USER, "-p", PASSWORD]);
    cli.expect(&["whoami"], USER);
    let listed = cli.run(&["list"]);
    for part in [ID, "online", FUNCTION, VARIABLE] {
        assert!(listed.contains(part), "list does not show {part:?}:\n{listed}");
    }
    cli.expect(&["call", ID, FUNCTION, "please"], "42");
    cli.expect(&["get", ID, VARIABLE], "21.5");
    cli.run(&["cloud", "name", ID, "greenhouse"]);
    cli.expect(&["list"], "greenhouse");
    cli.expect(&["call", "greenhouse", FUNCTION], "42");
    let (success, said) = cli.try_run(&["call", "greenhouse", "nothing"]);
    assert!(!success || said.contains("not found"), "an unknown function was called:\n{said}");
    publish_and_subscribe(cli);
    send_key(cloud, cli);
    revoke_a_token(cloud, cli);
    cli.run(&["logout"]);
    let (success, said) = cli.try_run(&["list"]);
    assert!(!success || !said.contains(ID), "the list is shown after logout:\n{said}");
}

/// Nothing says when the stream is open: publishes until the subscriber has seen one.
fn revoke_a_token(cloud: &Cloud, cli: &Cli) {
    let other = cloud.log_in();
    assert_eq!(other.get("/v1/user").0, 200);
    cli.run(&["token", "revoke", other.token()]);
    assert_eq!(other.get("/v1/user").0, 401);
}

fn publish_and_subscribe(cli: &Cli) {
    let mut subscriber = Running::start(&mut cli.command(&["subscribe", "harvest", "--max", "1"]));
    subscriber.wait_until("the event", |seen| {
        if seen.iter().any(|line| line.contains("ripe")) {
            return Some(());
        }
        cli.run(&["publish", "harvest", "ripe"]);
        None
    });
    subscriber.wait_for_end();
}

/// `keys send` registers a new device: id and key in one call.
fn send_key(cloud: &mut Cloud, cli: &Cli) {
    let device = Device::new(cloud, NEW_ID, cloud.udp());
    let pem = cli.home.join("new.pub.pem");
    let mut openssl = Command::new("openssl");
    openssl.args(["pkey", "-pubin", "-inform", "DER", "-in"]).arg(device.public_key());
    crate::cloud::output_of(openssl.arg("-out").arg(&pem));
    cli.run(&["keys", "send", NEW_ID, &pem.to_string_lossy()]);
    let _running = device.run();
    cloud.wait_for_device(&cloud.log_in(), NEW_ID, FUNCTION);
}

#[test]
fn particle_cli_3_43_drives_a_device() {
    let mut cloud = Cloud::start();
    let cli = Cli::new(&cloud, "particle-cli-3.43", peers::node());
    everything(&mut cloud, &cli);
}

/// The Node that 3.51 wants.
pub(crate) fn node_22() -> PathBuf {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    peers::npm("particle-cli-3.51", &format!("node_modules/node-linux-{architecture}/bin/node"))
}

#[test]
fn particle_cli_3_51_drives_a_device() {
    let mut cloud = Cloud::start();
    let cli = Cli::new(&cloud, "particle-cli-3.51", node_22());
    everything(&mut cloud, &cli);
}

#[test]
fn particle_cli_3_51_drives_a_device_of_each_generation_over_tcp() {
    let mut cloud = Cloud::start_with_tcp();
    let api = cloud.log_in();
    let cli = Cli::new(&cloud, "particle-cli-3.51", node_22());
    let id = |number: usize| format!("0b1e0000000000000000c7{number:02x}");
    let mut running = Vec::new();
    for (number, generation) in GENERATIONS.into_iter().enumerate() {
        let device = Device::over_tcp(&cloud, &id(number), generation, cloud.tcp());
        cloud.pin(device.id(), &device.public_key());
        running.push(device.run());
    }
    (0..GENERATIONS.len()).for_each(|number| cloud.wait_for_device(&api, &id(number), FUNCTION));
    cli.run(&["login", "-u", USER, "-p", PASSWORD]);
    let listed = cli.run(&["list"]);
    std::thread::scope(|scope| {
        for number in 0..GENERATIONS.len() {
            assert!(listed.contains(&id(number)), "{listed}");
            let cli = &cli;
            scope.spawn(move || {
                let (id, name) = (id(number), format!("greenhouse-{number}"));
                cli.expect(&["call", &id, FUNCTION, "please"], "42");
                cli.expect(&["get", &id, VARIABLE], "21.5");
                cli.run(&["cloud", "name", &id, &name]);
                cli.expect(&["call", &name, FUNCTION], "42");
            });
        }
    });
    // What one device publishes, a person and the other devices see.
    let mut subscriber = Running::start(&mut cli.command(&["subscribe", "cmd/", "--max", "1"]));
    let [core, others @ ..] = running.as_mut_slice() else { panic!("four devices") };
    subscriber.wait_until("the event", |seen| {
        core.write(b"cmd/go north\n");
        seen.iter().any(|line| line.contains("north")).then_some(())
    });
    for device in others {
        device.wait_until("the event", |seen| {
            seen.iter().any(|line| line == "event cmd/go north").then_some(())
        });
    }
}
