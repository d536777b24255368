//! The handshakes of six generations of device code, opened with our keys, and answered by us as they were answered.
//!
//! The recordings are in `tests/vectors/tcp-device`.

use pintle_protocol::tcp::{CloudRsa, Credentials, DeviceRsa};
use pintle_rsa::{CloudKey, DeviceKey, DeviceSide};
use std::fs;
use std::path::PathBuf;
use zeroize::Zeroizing;

struct Recorded {
    name: String,
    block: Vec<u8>,
    claim: Vec<u8>,
    credentials: Vec<u8>,
    reply: Vec<u8>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/tcp-device")
}

fn hex(digits: &str) -> Vec<u8> {
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    pairs
        .iter()
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn recordings() -> Vec<Recorded> {
    let logs = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let logs = logs.filter(|path| path.extension().is_some_and(|end| end == "log"));
    logs.map(|path| recording(&path)).collect()
}

fn recording(path: &std::path::Path) -> Recorded {
    let text = fs::read_to_string(path).unwrap();
    let field = |kind: &str| {
        let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        hex(lines.find(|words| words[1] == kind).unwrap()[3])
    };
    Recorded {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        block: field("BLOCK"),
        claim: field("CLIENT"),
        credentials: field("CREDENTIALS"),
        reply: field("REPLY"),
    }
}

fn cloud() -> CloudKey {
    CloudKey::read(&fs::read(folder().join("server_key.pem")).unwrap()).unwrap()
}

fn device(cloud: &CloudKey) -> DeviceSide {
    let key = DeviceKey::read(&fs::read(folder().join("device_key.pem")).unwrap()).unwrap();
    DeviceSide { key, cloud: cloud.public().clone() }
}

#[test]
fn the_blocks_of_six_generations_are_opened() {
    let (cloud, rejected) = (cloud(), [0xee; 214]);
    let recordings = recordings();
    assert_eq!(recordings.len(), 9);
    for recorded in recordings {
        let opened = cloud.open(recorded.block.as_slice().try_into().unwrap(), &rejected);
        assert!(bool::from(opened.valid), "{}", recorded.name);
        assert_eq!(opened.bytes[..], recorded.claim, "{}", recorded.name);
        assert_eq!(
            recorded.claim[52..],
            device(&cloud).public().as_spki()[..],
            "{}",
            recorded.name
        );
    }
}

#[test]
fn the_answers_they_took_are_opened_and_verified() {
    let cloud = cloud();
    let device = device(&cloud);
    for recorded in recordings() {
        let (ciphertext, signature) = recorded.reply.split_first_chunk().unwrap();
        let signature: &[u8; 256] = signature.try_into().unwrap();
        let credentials = device.open(ciphertext).unwrap();
        assert_eq!(credentials[..], recorded.credentials, "{}", recorded.name);
        let mac = mac(&credentials, ciphertext);
        assert!(device.verify(&mac, signature), "{}", recorded.name);
        // There is one signature of these bytes, so ours is what the device took.
        assert_eq!(cloud.sign(&mac).unwrap(), *signature, "{}", recorded.name);
    }
}

#[test]
fn credentials_sealed_by_us_are_opened_by_the_recorded_device() {
    let cloud = cloud();
    let device = device(&cloud);
    let credentials = Credentials::new(Zeroizing::new([9; 40]));
    let sealed = cloud.seal(&device.public(), &credentials).unwrap();
    assert_eq!(device.open(&sealed).unwrap()[..], [9; 40]);
}

/// HMAC-SHA1, keyed with the credentials, over the ciphertext.
fn mac(credentials: &[u8; 40], ciphertext: &[u8; 128]) -> [u8; 20] {
    let key = openssl::pkey::PKey::hmac(credentials).unwrap();
    let mut signer =
        openssl::sign::Signer::new(openssl::hash::MessageDigest::sha1(), &key).unwrap();
    signer.sign_oneshot_to_vec(ciphertext).unwrap().try_into().unwrap()
}
