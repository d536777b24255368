//! The node key, its labels and its file.

use super::*;

#[test]
fn labels_give_unrelated_keys_and_the_same_one_twice() {
    let key = NodeKey::from_bytes(Zeroizing::new([7; 32]));
    assert_eq!(*key.derive(Label::SESSION), *key.derive(Label::SESSION));
    assert_ne!(*key.derive(Label::SESSION), *key.derive(Label::TOKEN));
    assert_ne!(
        *key.derive(Label::SESSION),
        *NodeKey::from_bytes(Zeroizing::new([8; 32])).derive(Label::SESSION)
    );
}

#[test]
fn sealed_bytes_open_only_with_the_same_key_label_and_context() {
    let key = NodeKey::generate().unwrap();
    let sealed = key.seal(Label::SESSION, b"device 1", b"secret").unwrap();
    assert_eq!(sealed.len(), 6 + 28);
    assert_eq!(key.open(Label::SESSION, b"device 1", &sealed).unwrap().as_slice(), b"secret");
    assert!(key.open(Label::SESSION, b"device 2", &sealed).is_err());
    assert!(key.open(Label::TOKEN, b"device 1", &sealed).is_err());
    assert!(NodeKey::generate().unwrap().open(Label::SESSION, b"device 1", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(key.open(Label::SESSION, b"device 1", &changed).is_err());
    }
    assert!(key.open(Label::SESSION, b"", &[]).is_err());
}

#[test]
fn the_key_file_is_private_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("node.key");
    NodeKey::generate().unwrap().save(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&path).unwrap();
    assert!(NodeKey::generate().unwrap().save(&path).is_err());
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_short_key_file_is_refused_by_its_length() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("node.key");
    fs::write(&path, [1; 31]).unwrap();
    let error = NodeKey::load(&path).err().unwrap().to_string();
    assert!(error.contains("31 bytes"), "{error}");
}
