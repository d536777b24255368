//! Wycheproof's vectors of PKCS#1 v1.5 decryption: none of the bad ones is taken, and the good ones only by a cloud
//! whose devices send texts of their length.

use pintle_protocol::tcp::CloudRsa;
use pintle_rsa::CloudKey;
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_decrypt::{TestName, TestSet};

#[test]
fn no_bad_padding_is_taken_for_a_good_one() {
    let set = TestSet::load(TestName::Rsa2048).unwrap();
    let (mut tried, mut bad) = (0, 0);
    for group in &set.test_groups {
        let key = CloudKey::read(&group.pkcs8).unwrap();
        for test in &group.tests {
            // A cloud reads exactly 256 bytes, so it has no others.
            let Ok(block) = <&[u8; 256]>::try_from(&test.ct[..]) else { continue };
            let opened = key.open(block, &[0xee; 214]);
            let good = test.result == TestResult::Valid && test.pt.len() == 214;
            assert_eq!(bool::from(opened.valid), good, "test {}: {}", test.tc_id, test.comment);
            assert_eq!(*opened.bytes == [0xee; 214], !good, "test {}", test.tc_id);
            tried += 1;
            bad += usize::from(test.result == TestResult::Invalid);
        }
    }
    assert!(tried > 40 && bad >= 20, "{tried} tried, {bad} of them bad");
}
