//! Folders as that server left them over the years.

use super::*;
use crate::pem;
use pintle_protocol::tcp::DevicePublicKey;

const ONE: &str = "3a0027000447343337343731";
const TWO: &str = "3a0027000447343337343732";

fn pem_of(n: u8) -> String {
    let modulus = std::array::from_fn(|at| if at == 0 { 0xc1 } else { n });
    pem::write("PUBLIC KEY", DevicePublicKey::from_modulus(&modulus).unwrap().as_spki())
}

fn record(id: &str, key: &str) -> String {
    let id = id.to_lowercase();
    serde_json::json!({ "_id": id, "deviceID": id, "algorithm": "rsa", "key": key }).to_string()
}

struct Server(tempfile::TempDir);

impl Server {
    fn new(files: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self(folder)
    }

    fn read(&self, within: &str) -> (Vec<String>, Vec<String>) {
        let found = read_peer(&self.0.path().join(within), Some("ann")).unwrap();
        let said = found.skipped.into_iter().map(|skipped| {
            let what = skipped.what.rsplit('/').next().unwrap_or_default().to_owned();
            format!("{what}: {}", skipped.why)
        });
        (found.pins.into_iter().map(|pin| pin.device).collect(), said.collect())
    }
}

#[test]
fn devices_are_found_in_each_layout_from_the_top_and_from_within() {
    let old = Server::new(&[(&format!("core_keys/{ONE}.pub.pem"), pem_of(1))]);
    let files = Server::new(&[
        (&format!("data/deviceKeys/{ONE}.pub.pem"), pem_of(1)),
        (&format!("data/deviceKeys/{ONE}.json"), "{}".into()),
        ("data/default_key.pem", "the server's".into()),
    ]);
    let index = r#"{"$$indexCreated":{"fieldName":"deviceID","unique":false,"sparse":false}}"#;
    let lines = [record(ONE, &pem_of(1)), index.into()].join("\n");
    let records = Server::new(&[("data/db/deviceKeys.db", lines)]);
    for (server, places) in [
        (old, &["", "core_keys"][..]),
        (files, &["", "data", "data/deviceKeys"]),
        (records, &["", "data", "data/db"]),
    ] {
        for place in places {
            assert_eq!(server.read(place), (vec![ONE.to_owned()], vec![]), "{place}");
        }
    }
}

#[test]
fn the_last_record_of_a_device_counts() {
    let deleted = serde_json::json!({ "_id": TWO, "$$deleted": true }).to_string();
    let lines = [
        record(ONE, "no key yet"),
        record(TWO, &pem_of(2)),
        record(ONE, &pem_of(1)),
        deleted,
        String::new(),
    ];
    let server = Server::new(&[("data/db/deviceKeys.db", lines.join("\n"))]);
    assert_eq!(server.read(""), (vec![ONE.to_owned()], vec![]));
    let list = format!("[{},{}]", record(ONE, &pem_of(1)), record(TWO, &pem_of(2)));
    let server = Server::new(&[("deviceKeys.json", list)]);
    assert_eq!(server.read("").0, [ONE, TWO]);
}

#[test]
fn what_is_no_devices_key_is_passed_over_with_the_reason() {
    let server = Server::new(&[
        (&format!("data/deviceKeys/{ONE}.pub.pem"), pem_of(1)),
        (&format!("data/deviceKeys/{TWO}.pub.pem"), "garbage".into()),
        (&format!("data/deviceKeys/{ONE}_new.pub.pem"), pem_of(3)),
        ("data/deviceKeys/default_key.pub.pem", pem_of(4)),
        ("data/db/deviceKeys.db", ["{broken", "7", &record("nobody", &pem_of(5))].join("\n")),
    ]);
    let (devices, skipped) = server.read("");
    assert_eq!(devices, [ONE]);
    let expected = [
        format!("{ONE}_new.pub.pem: its name is no device id"),
        format!("{TWO}.pub.pem: it holds no public key"),
        "default_key.pub.pem: it is the server's own key".to_owned(),
        "deviceKeys.db, line 1: it is no record".to_owned(),
        "deviceKeys.db, line 2: it is no record".to_owned(),
        "deviceKeys.db, line 3: `nobody` is no device id".to_owned(),
    ];
    assert_eq!(skipped.len(), expected.len(), "{skipped:#?}");
    for (said, expected) in skipped.iter().zip(expected) {
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[test]
fn p1_a_device_with_two_keys_is_not_guessed_at() {
    let server = Server::new(&[
        (&format!("data/deviceKeys/{ONE}.pub.pem"), pem_of(1)),
        ("data/db/deviceKeys.db", [record(ONE, &pem_of(2)), record(TWO, &pem_of(2))].join("\n")),
    ]);
    let (devices, skipped) = server.read("");
    assert_eq!(devices, [TWO]);
    assert!(skipped[0].contains("different keys") && skipped[0].contains("pin set"), "{skipped:?}");
}

#[test]
fn a_folder_of_something_else_is_refused() {
    let server = Server::new(&[("photos/cat.jpg", "x".into())]);
    let why =
        |within: &str| read_peer(&server.0.path().join(within), None).unwrap_err().to_string();
    assert!(why("").contains("holds no devices of a spark-server"), "{}", why(""));
    assert!(why("nowhere").contains("nothing was imported"), "{}", why("nowhere"));
}

proptest::proptest! {
    #[test]
    fn whatever_the_records_are_none_ends_the_program_and_each_line_counts_once(
        lines in proptest::collection::vec(r#"(\{"(_id|deviceID|key|\$\$deleted)":("a"|7|null)\}|\[|\{|7|.{0,9})"#, 0..9),
    ) {
        let text = lines.join("\n");
        let (records, bad) = records::read(&text);
        let count = text.lines().count();
        proptest::prop_assert!(records.len() + bad.len() <= count.max(1));
    }
}
