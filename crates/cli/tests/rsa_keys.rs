//! RSA keys as an operator meets them: the cloud's own, those of devices, and those of another server's devices.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Moduli of devices: the first two have a prime in common, the third none with any, and the last is a multiple of 3.
const FIRST: &str = "c0abe86420cc47652670a921546f36ec515c55ba8de346ba8e4d9f2ffcfccb43ba259ee74344d363ad4b71737a78fb5358e1\
    f0e202c7b974f7539fdfa3b6d7aa430cb9eefa8f681a542703c00d1c1ccb8fcd81a6126b2edeef7e631ebfdc59b45fc7bba3\
    525af4cc876451969b7f5992c4f8b46b0730519fa0cf8707bd859c41";
const TWIN: &str = "a245a6cd2d8422e0df0494da37710fce6b12a2a077292a6a89ef1f4ffd75e49271c3f6f962e131703bc9b1da17be6fe8e5ae\
    286004960408826ea64053cea77476403f716ce505fcc2a0557294bfb2f3bd5a64e4fc5bad528242482f71db6ee593c45c54\
    2748a398fcfda53942f3649ef8aed98b1b3a652736fde6801cae102b";
const OTHER: &str = "cd70f1bcf14107fe1f801f4f025fe6c6ceb39a83251e013b84cc0764595334c0eaff35680fe7a23fde2709d2d3fc5bf9bf81\
    6746e5ce7ea91275b038199ef5b3f2401f167f082a990c994223f117538a0df817560b70e20921ed0d58aadc14df96e915c8\
    4a1c11ca4f80d510608191339afbd6f569cf8506e444a7fef8e1aa21";
const DAMAGED: &str = "c000002aa64aa04c008c45b58987fc132f958e864d2a58aebb533cf3e38a935107369643ba57e78ad0456579f22eaf2d173f\
    8ac431fa126332b42fcfa0c347faeb8e45b753cd1ba88f3022d0bdf191093f376d2b532a4630199d5fa6c43b974b3a35fe6f\
    e0c85a488c2182f1727b2d94859b9ea031dff25375ddadda52aef7fb";

const ONE: &str = "3a0027000447343337343731";
const TWO: &str = "3a0027000447343337343732";
const THREE: &str = "3a0027000447343337343733";

/// How a command ended: its exit code, what it printed, and what it complained of.
struct Ended(Option<i32>, String, String);

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `pintle VERB... --data data ARGS...`
    fn run(&self, verbs: &[&str], args: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
        command.args(verbs).arg("--data").arg(self.path("data")).args(args);
        command.env_remove("PINTLE_LOG").env_remove("JOURNAL_STREAM").current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("pintle starts");
        let mut stdin = child.stdin.take().expect("its input is piped");
        // Only `init` reads it.
        let _ = stdin.write_all(b"correct horse battery staple\n");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ended(output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn init(&self, args: &[&str]) -> Ended {
        self.run(&["init"], &[&["--user", "ada", "--password-stdin"], args].concat())
    }

    /// One that must work, and print JSON.
    fn json(&self, verbs: &[&str], args: &[&str]) -> Value {
        let Ended(code, out, err) = self.run(verbs, &[args, &["--json"]].concat());
        assert_eq!(code, Some(0), "{verbs:?}: {err}");
        serde_json::from_str(&out).expect("JSON")
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
        fs::write(path, content).expect("a file can be written");
    }

    fn set(&self, device: &str, modulus: &str) -> Ended {
        self.write("device.pem", pem("PUBLIC KEY", &spki(modulus)));
        self.run(&["pin", "set"], &["--device", device, "--key", "device.pem"])
    }
}

/// That a command was refused: nothing printed, exit code 2, and one line that says so.
fn assert_refused(Ended(code, out, err): Ended, parts: &[&str]) {
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    for part in parts {
        assert!(err.contains(part), "no {part:?} in {err}");
    }
}

fn spki(modulus: &str) -> Vec<u8> {
    let bytes = |hex: &str| -> Vec<u8> {
        let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
        (0..hex.len()).step_by(2).map(digit).collect()
    };
    let before = "30819f300d06092a864886f70d010101050003818d0030818902818100";
    bytes(&[before, modulus, "0203010001"].concat())
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<_> = body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Each pin as `pin list --json` has it: device and kind of key.
fn kinds(pins: &Value) -> Vec<[&str; 2]> {
    let list = pins["pins"].as_array().expect("a list").iter();
    list.map(|pin| ["device", "kind"].map(|key| pin[key].as_str().expect("text"))).collect()
}

#[test]
fn a_folder_gets_a_key_for_the_tcp_service_at_first_or_later_and_keeps_it() {
    let place = Place::new();
    assert_eq!(place.init(&[]).0, Some(0));
    assert!(!place.path("data/keys/tcp.der").exists());
    assert_refused(place.init(&["--tcp"]), &["without --user"]);
    let added = place.json(&["init"], &["--tcp"]);
    let public = fs::read(added["tcp_public_key"].as_str().expect("a path")).expect("it is there");
    assert_eq!(public.len(), 294);
    assert_refused(place.run(&["init"], &["--tcp"]), &["keys/tcp.der", "not replaced"]);
    assert_refused(place.run(&["init"], &[]), &["is a data folder already"]);

    let next = Place::new();
    let key = place.path("data/keys/tcp.der");
    let udp = place.path("data/keys/udp.der");
    let (key, udp) = (key.to_str().expect("text"), udp.to_str().expect("text"));
    assert_refused(next.run(&["init"], &["--tcp"]), &["--user"]);
    assert_refused(next.init(&["--import-tcp-key", udp]), &["udp.der", "--import-udp-key"]);
    assert!(!next.path("data").exists(), "nothing was made");
    let Ended(code, out, err) = next.init(&["--import-tcp-key", key, "--import-udp-key", udp]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("stays off"), "{out}");
    for name in ["udp_public.der", "tcp_public.der"] {
        let read = |place: &Place| fs::read(place.path(&format!("data/{name}"))).expect("a key");
        assert_eq!(read(&place), read(&next), "{name}");
    }
}

#[test]
fn p1_rsa_keys_of_devices_are_pinned_and_weak_ones_refused_with_the_reason() {
    let place = Place::new();
    assert_eq!(place.init(&["--tcp"]).0, Some(0));
    let Ended(code, out, err) = place.set(ONE, FIRST);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("RSA-1024 (first pin)"), "{out}");
    assert_refused(place.set(TWO, TWIN), &["shares a prime factor", ONE, "make a new key"]);
    assert_refused(place.set(TWO, DAMAGED), &["this key is weak: 3 divides its modulus"]);
    assert_refused(place.set(TWO, FIRST), &["pinned to device", ONE]);
    let server = place.path("data/tcp_public.der");
    let server = ["--device", TWO, "--key", server.to_str().expect("text")];
    assert_refused(place.run(&["pin", "set"], &server), &["2048 bits", "the server's own?"]);
    assert_eq!(kinds(&place.json(&["pin", "list"], &[])), [[ONE, "rsa1024"]]);
    let history = place.json(&["pin", "history"], &["--device", TWO]);
    let entries = history["entries"].as_array().expect("a list").iter();
    let what: Vec<_> = entries.map(|entry| (&entry["what"], &entry["kind"])).collect();
    let weak = (&Value::from("refused-weak-key"), &Value::from("rsa1024"));
    assert_eq!(what, [weak, weak, (&Value::from("refused-key-in-use"), weak.1)]);
}

#[test]
fn p1_a_batch_may_hold_both_kinds_and_two_keys_that_share_a_prime_stop_it() {
    let place = Place::new();
    assert_eq!(place.init(&[]).0, Some(0));
    let udp = STANDARD.encode(fs::read(place.path("data/udp_public.der")).expect("a key"));
    place.write("one.pem", pem("PUBLIC KEY", &spki(FIRST)));
    let line = |device: &str, key: &str| format!("{device},{key}\n");
    let good = ["device_id,public_key\n", &line(ONE, "one.pem"), &line(TWO, &udp)].concat();
    place.write("bad.csv", format!("{good}{}", line(THREE, &STANDARD.encode(spki(TWIN)))));
    let refused = place.run(&["pin", "import", "bad.csv"], &[]);
    assert_refused(refused, &["line 2", "shares a prime", THREE, "nothing was imported"]);
    assert!(kinds(&place.json(&["pin", "list"], &[])).is_empty());
    place.write("good.csv", format!("{good}{}", line(THREE, &STANDARD.encode(spki(OTHER)))));
    place.json(&["pin", "import", "good.csv"], &[]);
    let all = [[ONE, "rsa1024"], [TWO, "p256"], [THREE, "rsa1024"]];
    assert_eq!(kinds(&place.json(&["pin", "list"], &[])), all);
}

#[test]
fn the_devices_of_a_spark_server_move_over_and_what_cannot_is_said() {
    let place = Place::new();
    assert_eq!(place.init(&["--tcp"]).0, Some(0));
    let key = |modulus| pem("PUBLIC KEY", &spki(modulus));
    place.write(&format!("old/data/deviceKeys/{ONE}.pub.pem"), key(FIRST));
    place.write(&format!("old/data/deviceKeys/{TWO}.pub.pem"), key(DAMAGED));
    place.write("old/data/deviceKeys/lamp.pub.pem", key(OTHER));
    let record = serde_json::json!({ "_id": THREE, "deviceID": THREE, "algorithm": "rsa", "key": key(OTHER) });
    place.write("old/data/db/deviceKeys.db", record.to_string());
    let args = ["--from-spark-server", "old", "--owner", "ada"];
    let Ended(code, out, err) = place.run(&["pin", "import"], &args);
    assert_eq!(code, Some(0), "{err}");
    let lines: Vec<_> = out.lines().collect();
    let [file, weak, sum] = lines.as_slice() else { panic!("{out}") };
    assert!(file.contains("lamp.pub.pem: its name is no device id"), "{out}");
    assert!(weak.starts_with(&format!("skipped {TWO}: this key is weak")), "{out}");
    assert_eq!(*sum, "2 devices imported, 2 skipped");
    let pins = place.json(&["pin", "list"], &[]);
    assert_eq!(kinds(&pins), [[ONE, "rsa1024"], [THREE, "rsa1024"]]);
    assert!(pins["pins"][0]["owner"].is_string(), "{pins}");
    let again = place.json(&["pin", "import"], &args);
    assert_eq!((&again["new"], &again["same"]), (&0.into(), &2.into()));

    let nobody = ["--from-spark-server", "old", "--owner", "nobody"];
    assert_refused(place.run(&["pin", "import"], &nobody), &["no account `nobody`"]);
    let empty = ["--from-spark-server", "data"];
    assert_refused(place.run(&["pin", "import"], &empty), &["holds no devices of a spark-server"]);
    assert_refused(
        place.run(&["pin", "import"], &["--from-spark-server", "x"]),
        &["nothing was imported"],
    );
}

/// A node that ends with its test.
struct Node(Child);

impl Node {
    /// Starts it on free ports of loopback, and waits until it says where it listens.
    fn start(place: &Place, tcp: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
        command.args(["serve", "--api", "127.0.0.1:0", "--udp", "127.0.0.1:0"]).args(tcp);
        command.arg("--data").arg(place.path("data")).stderr(Stdio::null()).stdout(Stdio::piped());
        let mut node = Self(command.spawn().expect("the node starts"));
        let out = node.0.stdout.take().expect("its output is piped");
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        let listens = lines.filter(|line| line.starts_with("API") || line.contains("/udp"));
        assert_eq!(listens.take(2).count(), 2, "it says where it listens");
        node
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn p1_leave_to_be_enrolled_is_given_for_one_device_without_a_pin_where_the_tcp_service_is_on() {
    let place = Place::new();
    assert_eq!(place.init(&["--tcp"]).0, Some(0));
    assert_eq!(place.set(ONE, FIRST).0, Some(0));
    let enrol = |device: &str, minutes: &str| {
        place.run(&["pin", "enrol"], &["--device", device, "--minutes", minutes])
    };
    assert_refused(enrol(TWO, "5"), &["no node runs"]);
    let node = Node::start(&place, &[]);
    assert_refused(enrol(TWO, "5"), &["the TCP service is off", "--tcp"]);
    drop(node);
    let _node = Node::start(&place, &["--tcp", "127.0.0.1:0"]);
    assert_refused(enrol(ONE, "5"), &[ONE, "has a key pinned", "pintle pin set"]);
    assert_refused(enrol(TWO, "61"), &["1 to 60 minutes"]);
    assert_refused(enrol("lamp", "5"), &["`lamp` is not a device id"]);
    let Ended(code, out, err) = enrol(TWO, "5");
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with(TWO) && out.contains("5 minutes"), "{out}");
    let history = place.json(&["pin", "history"], &["--device", TWO]);
    let [entry] = history["entries"].as_array().expect("a list").as_slice() else {
        panic!("{history}")
    };
    assert_eq!((&entry["what"], &entry["kind"]), (&"enrolment-allowed".into(), &Value::Null));
}
