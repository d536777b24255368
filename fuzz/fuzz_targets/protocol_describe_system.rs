//! Any system describe: reading never panics, and what was read is written and read again unchanged.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::describe::System;

fuzz_target!(|message: &[u8]| {
    let Ok(system) = System::parse(message) else { return };
    assert_eq!(System::parse(&system.to_protobuf()), Ok(system));
});
