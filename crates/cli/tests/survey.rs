//! What a node tells an audit, and what the checklist reads: types of two crates that do not know each other, held against
//! each other here; and that asking leaves no trace.

use pintle_checklist::survey::Survey;
use pintle_cloud::init::{InitOptions, create};
use pintle_cloud::serve::{Node, ServeOptions};
use pintle_cloud::survey as told;
use pintle_cloud::survey::offline;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use zeroize::Zeroizing;

/// A name, which is in no survey.
const USER: &str = "ottilie";

/// One of everything, each field with something in it.
fn everything() -> told::Survey {
    let text = || "x".to_owned();
    let at: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let repeat = || told::Repeat { first: text(), again: text() };
    let weak = || told::WeakKey { device: text(), with: Some(text()), why: text() };
    told::Survey {
        version: "1",
        running: Some(told::Running {
            process: 1,
            watch: told::Seen {
                handshakes: 1,
                remembers: 1,
                randoms: vec![repeat()],
                points: vec![repeat()],
                signatures: vec![repeat()],
                places: vec![told::Place { device: text(), turns: 1 }],
            },
        }),
        settings: told::Settings {
            api: at,
            udp: at,
            tcp: Some(at),
            redirect: Some(at),
            metrics: Some(at),
            given_certificate: true,
            registration: true,
            password_grant: true,
            token_days: 1,
            endless_tokens: true,
            refresh_days: 1,
            webhook_networks: vec![text()],
            webhook_plain_http: true,
            webhook_authorities: true,
            contact: true,
            weak_keys: true,
            audit_heads: Some("x".into()),
            audit_keep_days: Some(1),
            data: "x".into(),
            key_file: "x".into(),
            limits: vec![told::Limit { name: "logins", value: 1, usual: 1 }],
        },
        milestones: told::Milestones {
            began_ms: Some(1),
            backed_up_ms: Some(1),
            restored_ms: Some(1),
            key_copied_ms: Some(1),
        },
        data_keys: vec![told::DataKey {
            label: text(),
            generation: 1,
            made_at_ms: 1,
            newest: true,
        }],
        own_keys: vec![told::OwnKey {
            name: "udp",
            kind: "p256",
            bits: 256,
            fingerprint: text(),
            fault: Some(text()),
        }],
        people: vec![told::Person {
            handle: text(),
            kind: "customer",
            second_factor: true,
            recovery_codes: 1,
            devices: 1,
            product: Some(1),
            created_at_ms: 1,
            full_cost: true,
            newest_pepper: true,
        }],
        organizations: vec![told::Organization { slug: text() }],
        members: vec![told::Member {
            handle: text(),
            product: Some(1),
            organization: Some(text()),
            role: Some("administrator"),
            scopes: vec![text()],
            added_at_ms: 1,
        }],
        tokens: vec![told::Token {
            handle: text(),
            kind: "client",
            client: text(),
            product: Some(1),
            scopes: vec![text()],
            created_at_ms: 1,
            expires_at_ms: Some(1),
            second_factor: true,
            refreshed: true,
        }],
        clients: vec![told::Client {
            id: text(),
            handle: text(),
            product: Some(1),
            kind: text(),
            scopes: vec![text()],
            redirect: Some(text()),
            created_at_ms: 1,
        }],
        hooks: vec![told::Hook {
            id: text(),
            handle: text(),
            product: Some(1),
            event: text(),
            one_device: true,
            tls: true,
            disabled: true,
        }],
        secrets: told::Secrets { overdue: 1, read_and_kept: 1 },
        products: vec![product()],
        devices: vec![told::Device {
            id: text(),
            owner: Some(text()),
            product: Some(1),
            says_product: Some(1),
            says_version: Some(1),
            platform_id: Some(1),
            image: Some(text()),
            confirmed: true,
            seen: true,
            development: true,
            desired_version: Some(1),
            groups: vec![text()],
            fell_back: Some(text()),
        }],
        pins: vec![told::Pin {
            device: text(),
            kind: text(),
            fingerprint: text(),
            by: text(),
            at_ms: 1,
            fault: Some(text()),
        }],
        rsa: told::RsaLook {
            untried: Some(text()),
            keys: 1,
            debian: true,
            weak: vec![weak()],
            shared: vec![weak()],
        },
        history: vec![told::Entry {
            at_ms: 1,
            what: text(),
            device: Some(text()),
            fingerprint: Some(text()),
        }],
    }
}

fn product() -> told::Product {
    let text = || "x".to_owned();
    told::Product {
        id: 1,
        slug: text(),
        platform_id: 1,
        organization: Some(text()),
        owner: Some(text()),
        quarantine: true,
        locked: Some(text()),
        counter: 1,
        keyring: Some(told::Keyring {
            number: 1,
            expiry: 1,
            thresholds: [1, 1, 1],
            keys: vec![told::KeyringKey { role: "root", id: text(), algorithm: "p256" }],
            envelope: text(),
        }),
        firmware: vec![told::Firmware {
            version: 1,
            size: 1,
            sha256: text(),
            module_sha256: Some(text()),
            fault: Some(text()),
            uploaded_by: text(),
            released_at_ms: Some(1),
            is_default: true,
            groups: vec![text()],
            statement: Some(text()),
        }],
    }
}

#[test]
fn what_a_node_tells_and_what_the_checklist_reads_are_in_step() {
    let told = serde_json::to_value(everything()).unwrap();
    let read: Survey = serde_json::from_value(told.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), told);
}

/// Everything that can be seen of a folder's files: names, sizes, modes, owners, times of writing, contents.
fn state(folder: &Path) -> BTreeMap<String, (u64, u32, u32, i64, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        let content = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        let (size, mode, owner) = (meta.len(), meta.mode(), meta.uid());
        found.insert(
            path.display().to_string(),
            (size, mode, owner, meta.mtime(), meta.mtime_nsec(), content),
        );
        if meta.is_dir() {
            found.extend(state(&path));
        }
    }
    found
}

fn data_folder(path: &Path) {
    let options = InitOptions {
        user: USER.into(),
        password: Zeroizing::new("correct horse battery staple".into()),
        names: Vec::new(),
        contact: None,
        node_key: None,
        now_ms: 1_800_000_000_000,
    };
    create(path, &options).unwrap();
}

fn surveyed(data: &Path) -> (Value, Survey) {
    let told = offline::read(data).unwrap();
    (told.clone(), serde_json::from_value(told).unwrap())
}

#[test]
fn a_survey_of_a_node_at_rest_changes_nothing_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    data_folder(&data);
    let before = state(&data);
    let (_, survey) = surveyed(&data);
    let report = pintle_cloud::audit::check::store(&data, pintle_cloud::audit::Trust::default());
    assert!(report.unwrap().is_sound());
    assert_eq!(state(&data), before);
    assert!(survey.running.is_none());
    assert_eq!(survey.people.len(), 1);
    assert_eq!(survey.milestones.began_ms, Some(1_800_000_000_000));
    assert_eq!(survey.own_keys.len(), 1);
    assert_eq!(survey.own_keys[0].fault, None);
    assert_eq!(survey.settings.data, data);
}

#[test]
fn a_survey_of_a_running_node_tells_the_same_writes_nothing_down_and_names_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    data_folder(&data);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let options = ServeOptions { api: Some(any), udp: Some(any), tcp: None };
    let node = runtime.block_on(Node::start(&data, &options)).unwrap();
    node.store().flush().wait().unwrap();
    let head = node.store().audit_head().map(|signed| signed.head);
    let (told, survey) = surveyed(&data);
    node.store().flush().wait().unwrap();
    assert_eq!(node.store().audit_head().map(|signed| signed.head), head);
    assert!(!told.to_string().contains(USER), "{told}");
    assert_eq!(survey.running.as_ref().map(|running| running.process), Some(std::process::id()));
    assert_eq!(survey.settings.udp, node.addresses().udp);
    runtime.block_on(node.stop());
    let (_, rest) = surveyed(&data);
    assert_eq!(rest.people, survey.people);
    let of = |survey: Survey| (survey.products, survey.pins, survey.data_keys);
    assert_eq!(of(rest), of(survey));
}
