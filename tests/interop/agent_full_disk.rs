//! The disk of a gateway is full: what it needs for an update is there already or refused in one sentence, what it runs
//! goes on, and with space again so do updates.

use crate::agent_update::{kill, module, wait_for_line};
use crate::cloud::Cloud;
use crate::place::{Ballast, Place};
use crate::running::Running;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output};

const ID: &str = "0b1e0000000000000000f011";

/// A device on a small disk of its own.
struct Gateway {
    place: Place,
    disk: PathBuf,
    folder: PathBuf,
}

impl Gateway {
    fn new(cloud: &Cloud) -> Self {
        let disk = cloud.scratch("small-disk");
        let place = Place::with_disk(&disk, 4);
        let gateway = Self { folder: disk.join("device"), place, disk };
        let mut new = gateway.pintle(&["device", "new", "--id", ID]);
        new.args(["--cloud", &cloud.udp().to_string(), "--cloud-key"]).arg(cloud.public_key());
        let made = new.arg("--dir").arg(&gateway.folder).output().expect("it runs");
        assert!(made.status.success(), "{made:?}");
        gateway
    }

    fn pintle(&self, words: &[&str]) -> Command {
        let mut command = self.place.run(env!("CARGO_BIN_EXE_pintle"));
        command.args(words);
        command
    }

    fn seen(&self, name: &str) -> PathBuf {
        self.place.seen_from_here(&self.folder.join(name))
    }

    fn install(&self, room: &str) -> Output {
        let file = self.seen("first.bin");
        fs::write(file, module(1)).expect("a file");
        let mut install = self.pintle(&["device", "firmware", "install", "--room", room, "--dir"]);
        install.arg(&self.folder).arg(self.folder.join("first.bin")).output().expect("it runs")
    }

    fn run(&self) -> Running {
        Running::start(self.pintle(&["device", "run", "--dir"]).arg(&self.folder))
    }
}

#[test]
fn p8_a_gateway_whose_disk_is_full_refuses_in_one_sentence_and_goes_on_with_what_it_runs() {
    let cloud = Cloud::start();
    let gateway = Gateway::new(&cloud);
    let refused = gateway.install("4");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("slots.bin: No space left on device"), "{said}");
    assert!(!gateway.seen("slots.bin").exists() && !gateway.seen("slots.bin.new").exists());
    assert!(gateway.install("1").status.success());

    let config = fs::OpenOptions::new().append(true).open(gateway.seen("device.toml"));
    config.and_then(|mut file| file.write_all(b"\n[application]\n")).expect("its settings");
    cloud.pin(ID, &gateway.seen("device_pub.der"));
    let mut agent = gateway.run();
    wait_for_line(&mut agent, "connected");
    let ballast = Ballast::fill(&gateway.place.seen_from_here(&gateway.disk));
    let api = cloud.log_in();
    let path = format!("/v1/devices/{ID}");
    assert_eq!(api.put_file(&path, &module(2)).0, 200);
    wait_for_line(
        &mut agent,
        "the device cannot put the program beside its settings: its disk is full",
    );

    kill(&agent);
    let mut agent = gateway.run();
    wait_for_line(&mut agent, "connected");
    drop(ballast);
    assert_eq!(api.put_file(&path, &module(2)).0, 200);
    wait_for_line(&mut agent, "the new firmware is well");
    agent.terminate();
}
