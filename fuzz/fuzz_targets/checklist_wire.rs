//! What a stranger's server answers to the scanner of the checklist, and the certificate that it shows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_checklist::communication::{answer, certificate::Certificate};

fuzz_target!(|bytes: &[u8]| {
    let _ = answer::read(bytes);
    let _ = Certificate::read(bytes);
});
