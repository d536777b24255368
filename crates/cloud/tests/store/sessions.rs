//! Saved sessions: each is taken once.

use pintle_cloud::store::session::SavedSession;

use super::{copy_of, device, open};

#[test]
fn p3_a_saved_session_is_taken_once_and_never_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let saved = SavedSession {
        device: device(1),
        slot: 3,
        generation: 4,
        sealed: b"a sealed session".to_vec(),
    };
    store.sessions().put_all(&[saved]).wait().unwrap();
    drop(store);
    let store = open(dir.path());
    let taken = store.sessions().take_all().wait().unwrap();
    assert_eq!((taken.len(), taken[0].slot, taken[0].generation), (1, 3, 4));
    assert!(store.sessions().take_all().wait().unwrap().is_empty());
    drop(store);
    assert!(open(dir.path()).sessions().take_all().wait().unwrap().is_empty());
}

#[test]
fn p3_a_copy_of_the_files_after_taking_has_no_session_left() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let saved = SavedSession { device: device(1), slot: 0, generation: 0, sealed: vec![1; 200] };
    store.sessions().put_all(&[saved]).wait().unwrap();
    assert_eq!(store.sessions().take_all().wait().unwrap().len(), 1);
    let copy = copy_of(dir.path());
    assert!(open(copy.path()).sessions().take_all().wait().unwrap().is_empty());
}
