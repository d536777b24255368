//! Records as devices hold them, and each way in which one can be wrong.

use super::*;
use std::path::Path;

fn key() -> PublicKey {
    let mut point = [7; 65];
    point[0] = 4;
    PublicKey::from_point(&point).unwrap()
}

fn rsa() -> Vec<u8> {
    let mut spki = RSA_PREFIX.to_vec();
    spki.extend_from_slice(&[0xc5; 256]);
    spki.extend_from_slice(&RSA_SUFFIX);
    spki
}

#[test]
fn a_udp_record_has_its_fields_at_their_places() {
    let block = ServerBlock::udp(&key(), "192.0.2.7", 5684).unwrap();
    let bytes = block.as_bytes();
    assert_eq!(bytes.len(), 320);
    assert_eq!(bytes[..91], key().to_spki());
    assert!(bytes[91..192].iter().all(|byte| *byte == 0xff));
    assert_eq!(bytes[192..198], [0, 4, 192, 0, 2, 7]);
    assert_eq!(bytes[258..260], 5684_u16.to_be_bytes());
    assert!(bytes[260..].iter().all(|byte| *byte == 0xff));
}

#[test]
fn a_tcp_record_has_its_fields_at_their_places() {
    let block = ServerBlock::tcp(&rsa(), "cloud.example.com", 5683).unwrap();
    let bytes = block.as_bytes();
    assert_eq!(bytes.len(), 512);
    assert_eq!(bytes[384..386], [1, 17]);
    assert_eq!(&bytes[386..403], b"cloud.example.com");
    assert_eq!(bytes[450..452], 5683_u16.to_be_bytes());
    assert_eq!(block.key(), rsa());
}

#[test]
fn a_record_survives_a_round() {
    let block = ServerBlock::udp(&key(), "$id.udp.example.com", 1234).unwrap();
    let read = ServerBlock::parse(block.as_bytes()).unwrap();
    assert_eq!(read, block);
    assert_eq!((read.address().to_string().as_str(), read.port()), ("$id.udp.example.com", 1234));
    assert_eq!(ServerBlock::udp_key(block.as_bytes()), Ok(key()));
}

#[test]
fn an_open_port_is_the_service_port() {
    let mut bytes = ServerBlock::udp(&key(), "a.example", 1).unwrap().as_bytes().to_vec();
    bytes[258..260].fill(0xff);
    assert_eq!(ServerBlock::parse(&bytes).unwrap().port(), 5684);
}

#[test]
fn each_way_to_be_wrong_has_its_own_reason() {
    use ServerBlockError as E;
    let good = ServerBlock::udp(&key(), "192.0.2.7", 5684).unwrap().as_bytes().to_vec();
    let with = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        ServerBlock::parse(&bytes).unwrap_err()
    };
    assert_eq!(ServerBlock::parse(&good[..319]), Err(E::Size(319)));
    assert_eq!(with(0, 0x31), E::Key("P-256"));
    assert_eq!(with(91, 0), E::StrayAfterKey);
    assert_eq!(with(192, 0xff), E::Address(AddressError::Type(0xff)));
    assert_eq!(with(193, 5), E::Address(AddressError::Length(5)));
    assert_eq!(with(193, 200), E::Address(AddressError::Length(200)));
    assert_eq!(with(198, 0), E::StrayAfterAddress);
    assert_eq!(with(319, 0), E::StrayAfterAddress);
    assert_eq!(ServerBlock::udp(&key(), "192.0.2.7", 0), Err(E::Port));
    assert_eq!(ServerBlock::tcp(&key().to_spki(), "a.example", 1), Err(E::Key("RSA-2048")));
}

#[test]
fn hosts_that_a_device_cannot_use_are_refused() {
    for host in
        ["", "::1", "192.0.2.300", "12", "caf\u{e9}.example", "a b", &"a".repeat(64), "0.0.0.0"]
    {
        let refused = ServerBlock::udp(&key(), host, 5684);
        assert!(matches!(refused, Err(ServerBlockError::Address(_))), "{host:?}: {refused:?}");
    }
    assert!(ServerBlock::udp(&key(), &"a".repeat(63), 5684).is_ok());
}

#[test]
fn the_dfu_lines_name_offset_and_size() {
    let lines = dfu_util_lines(BlockKind::Udp, Path::new("server.bin"), Path::new("read back.bin"));
    assert_eq!(lines.write, "dfu-util -a 1 -s 3298 -D server.bin");
    assert_eq!(lines.read_back, "dfu-util -a 1 -s 3298:320 -U 'read back.bin'");
    assert_eq!(lines.compare, "cmp server.bin 'read back.bin'");
    let lines = dfu_util_lines(BlockKind::Tcp, Path::new("-x"), Path::new("b"));
    assert_eq!(lines.write, "dfu-util -a 1 -s 2082 -D './-x'");
    assert_eq!(lines.read_back, "dfu-util -a 1 -s 2082:512 -U b");
}
