//! What lies in a device's folder, and what is said of what should not lie there.

use super::*;
use std::os::unix::fs::PermissionsExt;

fn cloud_key() -> PublicKey {
    PublicKey::from_spki(&udp::generate().unwrap().public).unwrap()
}

fn options(dir: &Path, cloud: &str) -> CreateOptions {
    CreateOptions {
        dir: dir.join("d"),
        id: None,
        service: Service::Udp { cloud_key: cloud_key() },
        cloud: cloud.to_owned(),
    }
}

#[test]
fn a_new_device_has_the_files_of_a_device_os_build() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path(), "cloud.example.com:5684");
    let folder = Folder::create(options.clone()).unwrap();
    let read = |name: &str| fs::read(folder.dir().join(name)).unwrap();
    assert_eq!(read(PRIVATE_KEY).len(), 121);
    assert_eq!(read(PUBLIC_KEY), folder.public_key());
    let Service::Udp { cloud_key } = options.service else { panic!("another service") };
    let block = ServerBlock::parse(&read(SERVER_KEY)).unwrap();
    assert_eq!(block.key(), cloud_key.to_spki());
    assert_eq!(block.address().to_string(), "cloud.example.com");
    let mode =
        |name: &str| fs::metadata(folder.dir().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(PRIVATE_KEY), mode(".")), (0o600, 0o700));
    assert_eq!(folder.cloud_key(), cloud_key.to_spki());
}

#[test]
fn a_folder_that_holds_a_device_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path(), "127.0.0.1:5684");
    let first = Folder::create(options.clone()).unwrap();
    assert!(matches!(Folder::create(options), Err(Error::AlreadyADevice(_))));
    assert_eq!(Folder::open(first.dir()).unwrap().public_key(), first.public_key());
}

#[test]
fn a_cloud_with_an_ipv6_address_is_pinned_too() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path(), "[::1]:5684");
    let Service::Udp { cloud_key } = options.service.clone() else { panic!("another service") };
    assert_eq!(Folder::create(options).unwrap().cloud_key(), cloud_key.to_spki());
}

#[test]
fn a_damaged_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::create(options(dir.path(), "127.0.0.1:5684")).unwrap();
    fs::write(folder.dir().join(SERVER_KEY), b"junk").unwrap();
    let error = Folder::open(folder.dir()).err().unwrap().to_string();
    assert!(error.contains("server_key.der: a server record has 320 bytes"), "{error}");
    fs::write(folder.dir().join(PRIVATE_KEY), b"junk").unwrap();
    let error = Folder::open(folder.dir()).err().unwrap().to_string();
    assert!(error.contains("device_key.der is not a P-256 private key"), "{error}");
}

#[test]
#[cfg(feature = "tcp")]
fn a_device_of_the_tcp_service_has_an_rsa_key_and_takes_its_clouds_as_pem_or_der() {
    use base64::Engine;
    let dir = tempfile::tempdir().unwrap();
    let cloud_key = crate::tcp::tests::cloud::key().public().as_spki().to_vec();
    for generation in Generation::ALL {
        let dir = dir.path().join(generation.name());
        let service = Service::Tcp { cloud_key: cloud_key.clone(), generation };
        let cloud = "127.0.0.1:5683".to_owned();
        let folder = Folder::create(CreateOptions { dir, id: None, service, cloud }).unwrap();
        assert_eq!(folder.config().tcp, Some(generation));
        let public = fs::read(folder.public_key_file()).unwrap();
        assert_eq!((public.len(), folder.cloud_key()), (162, cloud_key.clone()));
        assert_eq!(folder.public_key(), public);
    }
    let dir = dir.path().join("core");
    let text = base64::engine::general_purpose::STANDARD.encode(&cloud_key);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
    for content in [pem.into_bytes(), cloud_key.clone()] {
        fs::write(dir.join(SERVER_KEY), content).unwrap();
        assert_eq!(Folder::open(&dir).unwrap().cloud_key(), cloud_key);
    }
    fs::write(dir.join(PRIVATE_KEY), b"junk").unwrap();
    let error = Folder::open(&dir).err().unwrap().to_string();
    assert!(error.contains("device_key.der is not an RSA-1024 private key"), "{error}");
}
