//! What is kept is sealed, opens again, and reaches the files of the system whole.

use super::system::{network_manager_text, wpa_supplicant_text};
use super::*;
use crate::error::Error;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned().into())
}

fn wifi(ssid: &str, passphrase: &str) -> Network {
    let protection = Protection::Wpa2(secret(passphrase));
    Network::Wifi(Wifi::new(ssid, false, protection).expect("a network"))
}

fn sim() -> Network {
    let parts = ["user one", "pass\\word", "1234"].map(secret);
    let [user, password, pin] = parts;
    Network::Sim(Sim::new("internet.example", user, password, pin).expect("a SIM"))
}

/// A folder that looks like a device's.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("device.toml"), "").expect("a file");
    folder
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

fn fault(result: Result<Networks, Error>) -> NetworkFault {
    match result {
        Err(Error::Network(fault)) => fault,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[test]
fn p7_what_is_kept_is_sealed_and_opens_again() {
    let folder = folder();
    let mut networks = Networks::open(folder.path()).expect("a device");
    assert!(!networks.set(wifi("Cellar", "correct horse")).expect("room"));
    assert!(!networks.set(sim()).expect("room"));
    assert!(networks.set(wifi("Cellar", "battery staple")).expect("room"), "the same name");
    let [sealed, key] = ["networks.sealed", "network.key"].map(|name| folder.path().join(name));
    assert_eq!((mode(&sealed), mode(&key)), (0o600, 0o600));
    let content = fs::read(&sealed).expect("a file");
    for plain in ["Cellar", "battery", "internet", "1234"] {
        assert!(!content.windows(plain.len()).any(|part| part == plain.as_bytes()), "{plain}");
    }

    let networks = Networks::open(folder.path()).expect("it opens");
    let names: Vec<_> = networks.iter().map(|one| (one.kind(), one.name())).collect();
    assert_eq!(names, [("sim", "internet.example"), ("wifi", "Cellar")]);
    let kept: Vec<_> = networks.iter().map(Network::keeps).collect();
    assert_eq!(kept, [vec!["user", "password", "pin"], vec!["passphrase"]]);
}

#[test]
fn what_cannot_be_opened_says_why_and_can_be_forgotten() {
    let folder = folder();
    let open = || Networks::open(folder.path());
    open().and_then(|mut networks| networks.set(sim())).expect("room");
    let [sealed, key] = ["networks.sealed", "network.key"].map(|name| folder.path().join(name));

    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("a mode");
    assert!(matches!(fault(open()), NetworkFault::Loose { mode: 0o640, .. }));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
    let mut content = fs::read(&sealed).expect("a file");
    content[20] ^= 1;
    fs::write(&sealed, &content).expect("a file");
    assert!(matches!(fault(open()), NetworkFault::NotSealed(_)));
    fs::write(&key, [0; 33]).expect("a file");
    assert!(matches!(fault(open()), NetworkFault::BadKey(_)));
    fs::remove_file(&key).expect("a file");
    assert!(matches!(fault(open()), NetworkFault::NoKey(_)));

    Networks::forget_all(folder.path()).expect("it is forgotten");
    assert!(!sealed.exists());
    assert_eq!(open().expect("a device").iter().count(), 0);
    assert!(matches!(Networks::open(Path::new("/nowhere")), Err(Error::File { .. })));
}

#[test]
fn one_is_forgotten_by_kind_and_name_and_no_more_than_fit_are_kept() {
    let folder = folder();
    let mut networks = Networks::open(folder.path()).expect("a device");
    for index in 0..MAX_NETWORKS {
        networks.set(wifi(&format!("net {index}"), "correct horse")).expect("room");
    }
    let full = networks.set(sim());
    assert!(matches!(full, Err(Error::Network(NetworkFault::TooMany { .. }))));
    let unknown = networks.forget("sim", "net 1");
    assert!(matches!(unknown, Err(Error::Network(NetworkFault::Unknown))));
    networks.forget("wifi", "net 1").expect("it is there");
    networks.set(sim()).expect("room again");
}

#[test]
fn what_no_network_takes_is_refused() {
    let of = |ssid: &str, passphrase: &str| {
        Wifi::new(ssid, false, Protection::Wpa2(secret(passphrase))).err()
    };
    assert_eq!(of("", "correct horse"), Some(NetworkFault::Ssid));
    assert_eq!(of(&"s".repeat(33), "correct horse"), Some(NetworkFault::Ssid));
    for bad in ["short", &"p".repeat(64), "correct\nhorse", "correct h\u{f6}rse"] {
        assert_eq!(of("Cellar", bad), Some(NetworkFault::Passphrase), "{bad:?}");
    }
    let of = |apn: &str, user: &str, pin: &str| {
        Sim::new(apn, secret(user), secret(""), secret(pin)).err()
    };
    assert_eq!(of("a\nb", "", ""), Some(NetworkFault::Apn));
    assert_eq!(of("internet", "a\nb", ""), Some(NetworkFault::Login));
    assert_eq!(of("internet", "", "12"), Some(NetworkFault::Pin));
    assert_eq!(of("internet", "", ""), None);
}

#[test]
fn network_manager_gets_a_private_file_for_each_and_loses_those_that_are_forgotten() {
    let (folder, root) = (folder(), tempfile::tempdir().expect("a folder"));
    let connections = root.path().join("etc/NetworkManager/system-connections");
    fs::create_dir_all(&connections).expect("a folder");
    fs::write(connections.join("office.nmconnection"), "not ours").expect("a file");
    let mut networks = Networks::open(folder.path()).expect("a device");
    networks.set(wifi("7;[Cellar]", " two\\words ")).expect("room");
    networks.set(sim()).expect("room");
    let applied = System::at(root.path()).apply(&networks).expect("it is there");
    assert_eq!((applied.tool, applied.reload), (Tool::NetworkManager, Reload::NotHere));
    assert!(applied.files.iter().all(|file| mode(file) == 0o600));
    let text = fs::read_to_string(&applied.files[1]).expect("a file");
    assert!(text.contains("\nssid=55;59;91;67;101;108;108;97;114;93;\n"), "{text}");
    assert!(text.contains("\npsk=\\stwo\\\\words\\s\n"), "{text}");
    let text = network_manager_text(&sim());
    assert!(text.contains("\napn=internet.example\nusername=user\\sone\n"), "{text}");
    assert!(text.contains("\npassword=pass\\\\word\npin=1234\n"), "{text}");

    networks.forget("wifi", "7;[Cellar]").expect("it is there");
    let applied = System::at(root.path()).apply(&networks).expect("it is there");
    assert_eq!((applied.files.len(), applied.removed), (1, 1));
    assert_eq!(fs::read_dir(&connections).expect("a folder").count(), 2, "the SIM's and theirs");
}

#[test]
fn wpa_supplicant_gets_a_block_of_its_file_and_the_rest_stays() {
    let (folder, root) = (folder(), tempfile::tempdir().expect("a folder"));
    let file = root.path().join("etc/wpa_supplicant/wpa_supplicant.conf");
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    fs::write(&file, "ctrl_interface=/run/wpa_supplicant").expect("a file");
    let mut networks = Networks::open(folder.path()).expect("a device");
    // The one of IEEE 802.11, annex J.4.2.
    networks.set(wifi("IEEE", "password")).expect("room");
    let hidden = Wifi::new("cave", true, Protection::Wpa3(secret("correct \"horse")));
    networks.set(Network::Wifi(hidden.expect("a network"))).expect("room");
    System::at(root.path()).apply(&networks).expect("it is there");
    assert_eq!(mode(&file), 0o600);
    let text = fs::read_to_string(&file).expect("a file");
    assert!(text.starts_with("ctrl_interface=/run/wpa_supplicant\n# The networks"), "{text}");
    let key = "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e";
    assert!(text.contains(&format!("\tssid=49454545\n\tkey_mgmt=WPA-PSK\n\tpsk={key}\n")));
    assert!(text.contains("\tscan_ssid=1\n\tkey_mgmt=SAE\n\tieee80211w=2\n"), "{text}");
    assert!(text.contains("\tsae_password=\"correct \"horse\"\n"), "{text}");

    let again = wpa_supplicant_text(format!("{text}# theirs\n").as_bytes(), &networks);
    assert_eq!(again, Some(format!("{text}# theirs\n")), "the block is replaced where it is");
    let cut = text.strip_suffix("# Up to here.\n").expect("its last line");
    assert_eq!(wpa_supplicant_text(cut.as_bytes(), &networks), None, "nobody knows what is theirs");
    networks.set(sim()).expect("room");
    let refused = System::at(root.path()).apply(&networks);
    assert!(matches!(refused, Err(Error::Network(NetworkFault::NoSim))));
    assert_eq!(fs::read_to_string(&file).expect("a file"), text, "untouched");
    let empty = tempfile::tempdir().expect("a folder");
    let none = System::at(empty.path()).apply(&networks);
    assert!(matches!(none, Err(Error::Network(NetworkFault::NoTool(_)))));
}

/// What a network is made of: networks themselves cannot be shown when a test fails.
#[derive(Clone, Debug, PartialEq)]
enum Recipe {
    Wifi { ssid: String, hidden: bool, kind: u8, passphrase: String },
    Sim { apn: String, login: [String; 3] },
}

fn made(recipe: &Recipe) -> Network {
    match recipe {
        Recipe::Wifi { ssid, hidden, kind, passphrase } => {
            let protection = match kind {
                0 => Protection::Open,
                1 => Protection::Wpa2(secret(passphrase)),
                _ => Protection::Wpa3(secret(passphrase)),
            };
            Network::Wifi(Wifi::new(ssid, *hidden, protection).expect("within bounds"))
        }
        Recipe::Sim { apn, login } => {
            let [user, password, pin] = login.each_ref().map(|one| secret(one));
            Network::Sim(Sim::new(apn, user, password, pin).expect("within bounds"))
        }
    }
}

fn recipe_of(network: &Network) -> Recipe {
    let text = |secret: &Secret| String::from_utf8(secret.expose().to_vec()).expect("text");
    match network {
        Network::Wifi(Wifi { ssid, hidden, protection }) => {
            let (kind, passphrase) = match protection {
                Protection::Open => (0, String::new()),
                Protection::Wpa2(secret) => (1, text(secret)),
                Protection::Wpa3(secret) => (2, text(secret)),
            };
            Recipe::Wifi { ssid: ssid.clone(), hidden: *hidden, kind, passphrase }
        }
        Network::Sim(Sim { apn, user, password, pin }) => {
            Recipe::Sim { apn: apn.clone(), login: [user, password, pin].map(text) }
        }
    }
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let wifi = ("[a-zA-Z0-9 \u{f6}\"]{1,16}", any::<bool>(), 0..3u8, "[ -~]{8,63}");
    let wifi = wifi.prop_map(|(ssid, hidden, kind, passphrase)| {
        let passphrase = if kind == 0 { String::new() } else { passphrase };
        Recipe::Wifi { ssid, hidden, kind, passphrase }
    });
    let sim = ("[a-z.-]{1,100}", "[ -~]{0,64}", "[ -~]{0,64}", "([0-9]{4,8})?");
    let sim = sim
        .prop_map(|(apn, user, password, pin)| Recipe::Sim { apn, login: [user, password, pin] });
    prop_oneof![wifi, sim]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_networks_are_kept_are_read_the_same(
        recipes in prop::collection::vec(recipe(), 0..4), cut: prop::sample::Index,
    ) {
        let networks: Vec<Network> = recipes.iter().map(made).collect();
        let bytes = codec::write(&networks);
        let read = codec::read(&bytes).expect("what was written");
        prop_assert_eq!(&read.iter().map(recipe_of).collect::<Vec<_>>(), &recipes);
        if !bytes.is_empty() {
            let cut = codec::read(&bytes[..cut.index(bytes.len())]);
            prop_assert!(cut.is_none_or(|fewer| fewer.len() < networks.len()));
        }
    }

    #[test]
    fn bytes_from_anywhere_are_no_networks_or_well_made_ones(bytes: Vec<u8>) {
        if let Some(networks) = codec::read(&bytes) {
            let written = codec::write(&networks);
            prop_assert_eq!(written.as_slice(), bytes.as_slice());
        }
    }
}
