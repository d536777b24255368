//! A data folder is made whole or not at all, and what is in it opens.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn options(password: &str) -> InitOptions {
    InitOptions {
        user: "ada".into(),
        password: Zeroizing::new(password.into()),
        names: vec!["cloud.example.com".into()],
        contact: Some("mailto:security@example.com".into()),
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
    certificate::server_config(&folder, &config, 1_800_000_000_000).unwrap();
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
