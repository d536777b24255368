//! Weak keys and keys that share a prime, one at a time and in batches.

use super::*;
use crate::node_key::NodeKey;
use crate::store::pin::PinnedBy;

/// Moduli: the first two have a prime in common, the others none with anything, but that the last is a multiple of 3.
const FIRST: &str = "c0abe86420cc47652670a921546f36ec515c55ba8de346ba8e4d9f2ffcfccb43ba259ee74344d363ad4b71737a78fb5358e1\
    f0e202c7b974f7539fdfa3b6d7aa430cb9eefa8f681a542703c00d1c1ccb8fcd81a6126b2edeef7e631ebfdc59b45fc7bba3\
    525af4cc876451969b7f5992c4f8b46b0730519fa0cf8707bd859c41";
const TWIN: &str = "a245a6cd2d8422e0df0494da37710fce6b12a2a077292a6a89ef1f4ffd75e49271c3f6f962e131703bc9b1da17be6fe8e5ae\
    286004960408826ea64053cea77476403f716ce505fcc2a0557294bfb2f3bd5a64e4fc5bad528242482f71db6ee593c45c54\
    2748a398fcfda53942f3649ef8aed98b1b3a652736fde6801cae102b";
const OTHER: &str = "cd70f1bcf14107fe1f801f4f025fe6c6ceb39a83251e013b84cc0764595334c0eaff35680fe7a23fde2709d2d3fc5bf9bf81\
    6746e5ce7ea91275b038199ef5b3f2401f167f082a990c994223f117538a0df817560b70e20921ed0d58aadc14df96e915c8\
    4a1c11ca4f80d510608191339afbd6f569cf8506e444a7fef8e1aa21";
const THIRD: &str = "daf875d359a754eb1abc905dd77377a3554cf7e765f2fae4efc3853bcbc971a7ae2448be90bda4471be680972abb6689a0b2\
    cc486e32ed229e62d92cb02d56f844d032dc24b8ef764ea298e3ed976c1fbc2c45d13698ccae8f2ccc6af8703497d6723036\
    1b98bd8657b17e390242ec674e292fb6333b0697aa42b8d41003ff23";
const DAMAGED: &str = "c000002aa64aa04c008c45b58987fc132f958e864d2a58aebb533cf3e38a935107369643ba57e78ad0456579f22eaf2d173f\
    8ac431fa126332b42fcfa0c347faeb8e45b753cd1ba88f3022d0bdf191093f376d2b532a4630199d5fa6c43b974b3a35fe6f\
    e0c85a488c2182f1727b2d94859b9ea031dff25375ddadda52aef7fb";

fn pin(n: u8, modulus: &str) -> NewPin {
    let digit = |at: usize| u8::from_str_radix(&modulus[2 * at..2 * at + 2], 16).unwrap();
    NewPin {
        device: device(n),
        key: DevicePublicKey::from_modulus(&std::array::from_fn(digit)).unwrap().into(),
        platform_id: None,
        owner: None,
        by: PinnedBy::Operator,
        at_ms: 1,
    }
}

fn device(n: u8) -> DeviceId {
    DeviceId::from_bytes([n; 12])
}

struct Desk {
    pinning: Pinning,
    _folder: tempfile::TempDir,
}

fn desk(known: KnownWeak) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &NodeKey::generate().unwrap()).unwrap();
    Desk { pinning: Pinning::new(store, Arc::new(known)), _folder: folder }
}

async fn pinned(desk: &Desk) -> usize {
    desk.pinning.store.pins().count().await.unwrap()
}

#[tokio::test]
async fn p1_a_weak_key_is_refused_with_the_reason_and_nothing_is_stored() {
    let desk = desk(KnownWeak::default());
    let error = desk.pinning.set(&pin(1, DAMAGED)).await.unwrap_err().to_string();
    assert!(error.starts_with("this key is weak: 3 divides its modulus"), "{error}");
    assert!(desk.pinning.set_first(&pin(1, DAMAGED)).await.is_err());
    assert_eq!(pinned(&desk).await, 0);
    assert_eq!(desk.pinning.set(&pin(1, FIRST)).await.unwrap(), PinChange::First);
}

#[tokio::test]
async fn p1_a_key_on_the_operators_list_is_refused() {
    // How the list names a key: the end of the SHA-1 of `Modulus=...`.
    let text = format!("Modulus={}\n", FIRST.to_uppercase());
    let hash =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    let line: String = hash.as_ref()[10..].iter().map(|byte| format!("{byte:02x}")).collect();
    let desk = desk(KnownWeak::parse(line.as_bytes()).unwrap());
    let error = desk.pinning.set(&pin(1, FIRST)).await.unwrap_err().to_string();
    assert!(error.contains("CVE-2008-0166"), "{error}");
    desk.pinning.set(&pin(1, OTHER)).await.unwrap();
}

#[tokio::test]
async fn p1_a_key_that_shares_a_prime_with_a_pinned_one_is_refused_and_names_its_device() {
    let desk = desk(KnownWeak::default());
    desk.pinning.set(&pin(1, FIRST)).await.unwrap();
    let error = desk.pinning.set(&pin(2, TWIN)).await.unwrap_err();
    assert!(matches!(error, PinError::SharedFactor { with } if with == device(1)), "{error}");
    let error = desk.pinning.set(&pin(1, TWIN)).await.unwrap_err();
    assert!(matches!(error, PinError::SharedFactor { .. }), "its own old key counts: {error}");
    assert_eq!(desk.pinning.set(&pin(1, FIRST)).await.unwrap(), PinChange::Same);
    let error = desk.pinning.set(&pin(2, FIRST)).await.unwrap_err();
    assert!(matches!(error, PinError::KeyAlreadyPinned { to } if to == device(1)), "{error}");
    assert_eq!(desk.pinning.set(&pin(2, OTHER)).await.unwrap(), PinChange::First);
}

#[tokio::test]
async fn p1_a_batch_with_two_keys_that_share_a_prime_changes_nothing_and_names_the_first() {
    let desk = desk(KnownWeak::default());
    let batch = [pin(1, OTHER), pin(2, FIRST), pin(3, THIRD), pin(4, TWIN)];
    let BatchError { index, error, .. } = desk.pinning.set_all(&batch).await.unwrap_err();
    assert!(matches!(error, PinError::SharedFactor { with } if with == device(4)), "{error}");
    assert_eq!((index, pinned(&desk).await), (1, 0));
    desk.pinning.set_all(&batch[..3]).await.unwrap();
    let again = desk.pinning.set_all(&batch[..3]).await.unwrap();
    assert_eq!(again, [PinChange::Same; 3]);
}

#[tokio::test]
async fn p1_of_two_such_keys_at_the_same_moment_one_is_refused() {
    let desk = desk(KnownWeak::default());
    let (one, two) = (pin(1, FIRST), pin(2, TWIN));
    let (one, two) = tokio::join!(desk.pinning.set(&one), desk.pinning.set(&two));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
}

#[tokio::test]
async fn of_another_servers_devices_all_are_pinned_that_can_be_and_nothing_here_changes() {
    let desk = desk(KnownWeak::default());
    desk.pinning.set(&pin(1, FIRST)).await.unwrap();
    desk.pinning.set(&pin(2, OTHER)).await.unwrap();
    let batch =
        [pin(1, FIRST), pin(2, THIRD), pin(3, TWIN), pin(4, DAMAGED), pin(5, OTHER), pin(6, THIRD)];
    let (changes, bad) = desk.pinning.set_sound(&batch).await.unwrap();
    assert_eq!(changes, [PinChange::Same, PinChange::First]);
    let why: Vec<_> = bad.iter().map(|(index, error)| (*index, error.to_string())).collect();
    let expected = [
        (1, "another key pinned"),
        (2, "shares a prime factor with the key of device 0101"),
        (3, "weak"),
        (4, "pinned to device 0202"),
    ];
    assert_eq!(why.len(), expected.len(), "{why:#?}");
    for ((index, said), (at, part)) in why.iter().zip(expected) {
        assert!(*index == at && said.contains(part), "{index}: {said}");
    }
}
