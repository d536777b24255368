//! Reports of hired testers, in SARIF and in CSV.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_checklist::penetration::reader;

fuzz_target!(|bytes: &[u8]| {
    let _ = reader::sarif(bytes);
    let _ = reader::csv(bytes);
});
