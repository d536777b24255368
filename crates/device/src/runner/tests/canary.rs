//! P7: secrets are planted where a device keeps them, and looked for in everything that it says. The cloud of these
//! tests decrypts all of it.

use super::needle::{find, spellings};
use super::*;
use crate::network::{Network, Networks, Protection, Secret, Sim, Wifi};
use pintle_protocol::describe::DescribeKind;

const SSID: &str = "canary-ssid-Qx7";
const PASSPHRASE: &str = "canary passphrase ~ 5v";
const APN: &str = "canary-apn.example";
const LOGIN: [&str; 3] = ["canary-user?", "canary>password", "73902846"];

fn plant(home: &Path) {
    let secret = |text: &str| Secret::new(text.to_owned().into());
    let wifi = Wifi::new(SSID, true, Protection::Wpa2(secret(PASSPHRASE))).unwrap();
    let [user, password, pin] = LOGIN.map(secret);
    let sim = Sim::new(APN, user, password, pin).unwrap();
    let mut networks = Networks::open(home).unwrap();
    networks.set(Network::Wifi(wifi)).unwrap();
    networks.set(Network::Sim(sim)).unwrap();
}

fn planted() -> Vec<&'static str> {
    [&[SSID, PASSPHRASE, APN][..], &LOGIN].concat()
}

/// A run of a device in which everything is asked that a cloud can ask; what the device told whoever watches it.
fn live(door: &mut Door, folder: Folder, joined: &str) -> String {
    let board = VirtualBoard::new().function("length", |argument| argument.len() as i32).variable(
        "temp",
        VariableType::Double,
        || Value::Double(1.0),
    );
    let options = RunOptions { board: Some(Arc::new(board)), ..RunOptions::default() };
    let (agent, notices) = spawn(folder, options);
    door.serve_until(joined);
    let describes = [DescribeKind::System, DescribeKind::Application, DescribeKind::Metrics];
    for (token, kind) in (1..).zip(describes) {
        let ask = door.cloud.ask(|out, id| {
            from_cloud::describe(out, id, RequestToken(token), kind, None).unwrap();
        });
        door.send(&ask);
        door.serve_until("2.05");
    }
    for (token, name) in [(4, "length"), (5, "networks.sealed")] {
        let ask = door.cloud.ask(|out, id| {
            from_cloud::call(out, id, RequestToken(token), name, b"../network.key").unwrap();
        });
        door.send(&ask);
        door.serve_until(if token == 4 { "2.04" } else { "4.04" });
    }
    let ask = door.cloud.ask(|out, id| {
        from_cloud::read(out, id, RequestToken(6), "temp").unwrap();
    });
    door.send(&ask);
    door.serve_until("2.05");
    agent.publish("temperature", b"21").unwrap();
    door.serve_until("event temperature");
    stop(agent, door);
    notices.try_iter().map(|notice| format!("{notice} {notice:?}\n")).collect()
}

#[test]
fn p7_secrets_planted_on_a_device_are_nowhere_in_its_decrypted_traffic() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let folder = door.folder(dir.path());
    let home = folder.dir().to_path_buf();
    plant(&home);

    let mut told = live(&mut door, folder, "subscribe spark");
    // And once more in the session that was kept.
    told += &live(&mut door, Folder::open(&home).unwrap(), "event particle/device/updates/forced");

    let said = door.cloud.plain.concat();
    for proof in ["temperature", "length", "particle/device/updates"] {
        assert!(find(&[proof], &said).contains(&format!("{proof} (plain)")), "{proof} was heard");
    }
    assert!(door.cloud.describes.len() >= 2 && told.contains("connected"), "{told}");
    let describes = door.cloud.describes.values().flatten().copied().collect::<Vec<u8>>();
    for (what, bytes) in
        [("traffic", &said[..]), ("describe", &describes), ("log", told.as_bytes())]
    {
        assert_eq!(find(&planted(), bytes), Vec::<String>::new(), "in the {what}");
    }
    assert_eq!(Networks::open(&home).unwrap().iter().count(), 2, "they are still there");
}

#[test]
fn a_secret_is_found_however_it_is_spelled() {
    for (how, spelled) in spellings(PASSPHRASE) {
        let hay = [b"before", &spelled[..], b"after"].concat();
        let found = find(&planted(), &hay);
        assert!(found.contains(&format!("{PASSPHRASE} ({how})")), "{how}: {found:?}");
    }
    for before in 0..3 {
        let text = [&vec![b'x'; before], PASSPHRASE.as_bytes(), b"yz"].concat();
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        assert!(!find(&[PASSPHRASE], encoded.as_bytes()).is_empty(), "{encoded}");
    }
}
