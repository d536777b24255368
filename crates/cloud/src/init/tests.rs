//! A data folder is made whole or not at all, and what is in it opens.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::{der, pem};

fn options(password: &str) -> InitOptions {
    InitOptions {
        user: "ada".into(),
        password: Zeroizing::new(password.into()),
        names: vec!["cloud.example.com".into()],
        contact: Some("mailto:security@example.com".into()),
        node_key: None,
        now_ms: 1_800_000_000_000,
    }
}

#[test]
fn a_new_folder_is_whole_private_and_opens() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let summary = create(&folder, &options("correct horse")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("keys")), 0o700);
    for key in fs::read_dir(folder.join("keys")).unwrap() {
        assert_eq!(mode(&key.unwrap().path()), 0o600);
    }
    assert_eq!(fs::read(&summary.udp_public_key).unwrap().len(), 91);
    let config = Config::load(&folder).unwrap();
    assert_eq!(config.security.contact.as_ref().unwrap().get_ref(), "mailto:security@example.com");
    let node_key = NodeKey::load(&config.node.key_file).unwrap();
    let store = Store::open(&folder, &node_key).unwrap();
    let ada = Accounts::new(store.clone(), &node_key).name_hash(" Ada ");
    assert!(store.accounts().find(&ada.0).wait().unwrap().is_some());
    certificate::Held::open(&folder, &config, 1_800_000_000_000).unwrap();
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["api"], "127.0.0.1:8443");
    assert_eq!(json["user"], "ada");
    assert!(json["ca"].as_str().unwrap().ends_with("ca.pem"));
}

#[test]
fn a_data_folder_is_not_made_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    create(&folder, &options("correct horse")).unwrap();
    let before = fs::read(folder.join(UDP_KEY_FILE)).unwrap();
    assert!(matches!(create(&folder, &options("correct horse")), Err(InitError::Already(_))));
    assert_eq!(fs::read(folder.join(UDP_KEY_FILE)).unwrap(), before);
}

#[test]
fn a_folder_with_other_things_in_it_is_refused_and_an_empty_one_taken() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("photo.jpg"), "x").unwrap();
    assert!(matches!(
        create(folder.path(), &options("correct horse")),
        Err(InitError::NotEmpty(_))
    ));
    fs::remove_file(folder.path().join("photo.jpg")).unwrap();
    create(folder.path(), &options("correct horse")).unwrap();
    // It was taken as it is: a mounted disk cannot be replaced.
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with('.')), "{names:?}");
    Config::load(folder.path()).unwrap();
    crate::folder::Folder::open(folder.path()).unwrap();
}

#[test]
fn a_failed_init_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    // The password is looked at last, when everything else is built.
    assert!(matches!(
        create(&folder, &options("short")),
        Err(InitError::Account(AccountError::Password))
    ));
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

/// A folder to take keys from, with one of each kind.
struct Old {
    _parent: tempfile::TempDir,
    folder: PathBuf,
}

impl Old {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("old");
        let keys = CloudKeys { udp: None, tcp: Some(TcpKey::generate().unwrap()) };
        create_with(&folder, &options("correct horse"), keys).unwrap();
        Self { _parent: parent, folder }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap()
    }

    /// A file with this content, to import.
    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.folder.join("given");
        fs::write(&path, content).unwrap();
        path
    }
}

fn pkcs8(algorithm: &[u8], parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let name = der::write(der::OBJECT_ID, &[algorithm]);
    let algorithm = der::write(der::SEQUENCE, &[&name, parameters]);
    let key = der::write(der::OCTET_STRING, &[key]);
    der::write(der::SEQUENCE, &[&[der::INTEGER, 1, 0], &algorithm, &key])
}

fn text(label: &str, der: &[u8]) -> Vec<u8> {
    pem::write(label, der).into_bytes()
}

#[test]
fn a_key_for_the_tcp_service_is_there_only_where_it_was_asked_for() {
    let old = Old::new();
    assert_eq!(old.read(TCP_PUBLIC_FILE).len(), 294);
    let mode = fs::metadata(old.folder.join(TCP_KEY_FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let summary = create(&folder, &options("correct horse")).unwrap();
    assert!(!folder.join(TCP_KEY_FILE).exists() && !folder.join(TCP_PUBLIC_FILE).exists());
    let json = serde_json::to_value(&summary).unwrap();
    assert!(json.get("tcp_public_key").is_none(), "{json}");
}

#[test]
fn the_keys_of_another_server_are_taken_over_in_each_of_their_forms() {
    let old = Old::new();
    let (sec1, pkcs1) = (old.read(UDP_KEY_FILE), old.read(TCP_KEY_FILE));
    let p256 = der::write(der::OBJECT_ID, &[der::P256]);
    let (ec8, rsa8) = (pkcs8(der::EC, &p256, &sec1), pkcs8(der::RSA, &[5, 0], &pkcs1));
    let forms = [
        (sec1.clone(), pkcs1.clone()),
        (ec8.clone(), rsa8.clone()),
        (text("PRIVATE KEY", &ec8), text("PRIVATE KEY", &rsa8)),
        (
            [text("EC PARAMETERS", &p256), text("EC PRIVATE KEY", &sec1)].concat(),
            text("RSA PRIVATE KEY", &pkcs1),
        ),
        ([sec1, vec![0xff; 9]].concat(), [pkcs1, vec![0xff; 9]].concat()),
    ];
    let parent = tempfile::tempdir().unwrap();
    for (at, (udp, tcp)) in forms.iter().enumerate() {
        let folder = parent.path().join(at.to_string());
        let keys = CloudKeys {
            udp: Some(UdpKey::import(&old.file(udp)).unwrap()),
            tcp: Some(TcpKey::import(&old.file(tcp)).unwrap()),
        };
        create_with(&folder, &options("correct horse"), keys).unwrap();
        for name in
            [UDP_KEY_FILE, UDP_PUBLIC_FILE, TCP_KEY_FILE, TCP_PUBLIC_FILE, TCP_PUBLIC_PEM_FILE]
        {
            assert_eq!(fs::read(folder.join(name)).unwrap(), old.read(name), "form {at}: {name}");
        }
    }
}

#[test]
fn a_key_that_devices_cannot_have_pinned_is_refused_with_the_reason() {
    let old = Old::new();
    let (sec1, pkcs1) = (old.read(UDP_KEY_FILE), old.read(TCP_KEY_FILE));
    let exponent = [2, 3, 1, 0, 1];
    let at = pkcs1.windows(5).position(|window| window == exponent).unwrap();
    let mut other_exponent = pkcs1.clone();
    other_exponent[at + 4] = 3;
    let mut damaged = pkcs1.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let number = |length: usize| der::write(der::INTEGER, &[&vec![0x41; length]]);
    let parts =
        [vec![2, 1, 0], number(128), exponent.to_vec(), number(128), number(64), number(64)];
    let small = [parts.concat(), number(64), number(64), number(64)].concat();
    let small = der::write(der::SEQUENCE, &[&small]);
    let p384 =
        [vec![2, 1, 1], der::write(4, &[&[7; 48]]), vec![0xa0, 7, 6, 5, 0x2b, 0x81, 4, 0, 0x22]];
    let p384 = der::write(der::SEQUENCE, &[&p384.concat()]);
    let public = old.read(TCP_PUBLIC_PEM_FILE);
    let locked = text("ENCRYPTED PRIVATE KEY", &pkcs1);

    let tcp = |content: &[u8]| TcpKey::import(&old.file(content)).err().unwrap().to_string();
    for (content, why) in [
        (&other_exponent, "exponent"),
        (&small, "1023 bits"),
        (&damaged, "do not fit"),
        (&sec1, "--import-udp-key"),
        (&public, "public key"),
        (&locked, "passphrase"),
        (&b"garbage".to_vec(), "no private key"),
        (&vec![b'x'; 70_000], "too long"),
    ] {
        let said = tcp(content);
        assert!(said.contains("given: ") && said.contains(why), "{why}: {said}");
    }
    let udp = |content: &[u8]| UdpKey::import(&old.file(content)).err().unwrap().to_string();
    for (content, why) in [
        (&pkcs1, "--import-tcp-key"),
        (&p384, "P-256"),
        (&sec1[..40].to_vec(), "no private key"),
        (&locked, "passphrase"),
    ] {
        let said = udp(content);
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn a_key_for_the_tcp_service_is_added_once_and_to_a_folder_at_rest() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let add = || add_tcp_key(&folder, TcpKey::generate);
    assert!(matches!(add(), Err(InitError::Folder(FolderError::NotOne(_)))));
    create(&folder, &options("correct horse")).unwrap();
    let running = crate::folder::Folder::open(&folder).unwrap();
    assert!(matches!(add(), Err(InitError::Folder(FolderError::InUse(_)))));
    drop(running);
    let summary = add().unwrap();
    assert_eq!(fs::read(&summary.tcp_public_key).unwrap().len(), 294);
    let key = fs::read(folder.join(TCP_KEY_FILE)).unwrap();
    assert!(matches!(add(), Err(InitError::HasTcpKey(_))));
    assert_eq!(fs::read(folder.join(TCP_KEY_FILE)).unwrap(), key);
}
