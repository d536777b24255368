//! Exported sessions as they are read back: whatever imports also seals, opens and exports again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_dtls::{ExportedSession, Session};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut session) = Session::import(bytes, [1, 2, 3, 4], 1000) else { return };
    let sent = session.sent();
    let mut out = Vec::new();
    if session.seal(b"text", &mut out).is_ok() {
        assert_eq!(session.sent(), sent + 1);
        assert!(out.len() <= 4 + Session::max_overhead());
    }
    let _ = session.open(&mut bytes.to_vec());
    let exported = session.export();
    assert!(exported.as_bytes().len() <= ExportedSession::MAX_LENGTH);
    assert!(Session::import(exported.as_bytes(), [5; 4], 0).is_ok());
});
