//! P7 with the whole program: network secrets are typed into a device, which then does with a real node all that it can;
//! they are looked for in what the two say to each other, decrypted by a tap that has the keys of both, in what both
//! print, in what the API answers, and in what either keeps.

#[path = "../../crates/device/src/runner/tests/needle.rs"]
mod needle;

use crate::cloud::{Cloud, pintle};
use crate::device::{Device, FUNCTION, VARIABLE};
use crate::running::Running;
use needle::find;
use pintle_checklist::communication::tap::Tap;
use pintle_dtls::PublicKey;
use std::fs;
use std::path::Path;

const ID: &str = "0b1e0000000000000000ca17";
const SSID: &str = "canary-ssid-Qx7";
const PASSPHRASE: &str = "canary passphrase ~ 5v";
const APN: &str = "canary-apn.example";
const LOGIN: [&str; 3] = ["canary-user?", "canary>password", "73902846"];

fn keep(folder: &Path, which: [&str; 2], lines: &str) -> String {
    let mut command = pintle();
    command.args(["device", "network", "set", "--secrets-stdin", "--dir"]).arg(folder).args(which);
    let mut set = Running::start(&mut command);
    set.write(lines.as_bytes());
    let status = set.wait_for_end();
    assert!(status.success(), "{}", set.said());
    set.said()
}

/// The content of all files below.
fn files(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            all.extend(files(&entry.path()));
        } else if kind.is_file() {
            all.extend(fs::read(entry.path()).expect("a file"));
        }
    }
    all
}

/// With the keys of both.
fn tap(device: &Device, cloud: &Cloud) -> Tap {
    let key = |path: &Path| fs::read(path).expect("a key");
    let (own, device) = (key(&cloud.data().join("keys/udp.der")), key(&device.private_key()));
    let public = PublicKey::from_spki(&key(&cloud.data().join("udp_public.der")));
    Tap::with_key(&own, &device, public.expect("a P-256 key"), cloud.udp()).expect("a socket")
}

#[test]
fn p7_secrets_typed_into_a_device_reach_no_message_log_or_file_of_a_real_node() {
    let mut cloud = Cloud::start();
    // The keys do not depend on the address, and the tap needs them to have one.
    let keys = Device::new(&cloud, "0b1e0000000000000000ca18", cloud.udp());
    let tap = tap(&keys, &cloud);
    let device = Device::new(&cloud, ID, tap.address());
    device.take_keys_of(&keys);
    cloud.pin(ID, &device.public_key());
    let folder = device.private_key().parent().expect("a folder").to_owned();
    let mut printed = keep(&folder, ["--ssid", SSID], &format!("{PASSPHRASE}\n"));
    printed += &keep(&folder, ["--apn", APN], &format!("{}\n", LOGIN.join("\n")));
    let secrets = [&[PASSPHRASE][..], &LOGIN].concat();
    assert_eq!(find(&secrets, printed.as_bytes()), Vec::<String>::new(), "in what `set` prints");

    let mut command = pintle();
    command.env("PINTLE_LOG", "trace").args(["device", "run", "--dir"]).arg(&folder);
    let mut running = Running::start(&mut command);
    let api = cloud.log_in();
    cloud.wait_for_device(&api, ID, FUNCTION);
    let path = |rest: &str| format!("/v1/devices/{ID}{rest}");
    let mut answers = String::new();
    for rest in ["", &format!("/{VARIABLE}")] {
        let (status, body) = api.get(&path(rest));
        assert_eq!(status, 200, "{rest}: {body}");
        answers += &body.to_string();
    }
    let (status, body) = api.post(&path(&format!("/{FUNCTION}")), &[("args", "networks.sealed")]);
    assert_eq!(status, 200, "{body}");
    answers += &body.to_string();
    running.write(b"canary sings\n");
    running.wait_until("its event", |seen| {
        seen.iter().any(|line| line.contains("taken by the cloud")).then_some(())
    });

    let secrets = [&secrets[..], &[SSID, APN]].concat();
    let mut logs = running.said();
    assert!(running.terminate().success());
    logs += &cloud.node().said();
    cloud.stop();
    let kept = [files(&cloud.data()), files(&folder)].concat();
    let said = tap.said();
    let said = said.opened.concat();
    for proof in [FUNCTION, VARIABLE, "canary", "sings", "particle/device/updates"] {
        assert!(!find(&[proof], &said).is_empty(), "the tap heard {proof}");
    }
    for (what, bytes) in [
        ("what they say to each other", &said[..]),
        ("what both print", logs.as_bytes()),
        ("what the API answers", answers.as_bytes()),
        ("what both keep", &kept[..]),
    ] {
        assert_eq!(find(&secrets, bytes), Vec::<String>::new(), "in {what}");
    }
    assert!(!find(&[ID], &kept).is_empty(), "the files were read");
}
