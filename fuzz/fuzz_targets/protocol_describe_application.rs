//! Any application describe: reading never panics or exceeds its limits, and what was read survives writing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::describe::{Application, MAX_FUNCTIONS, MAX_VARIABLES};

fuzz_target!(|json: &[u8]| {
    let Ok(application) = Application::parse(json) else { return };
    assert!(application.functions.len() <= MAX_FUNCTIONS);
    assert!(application.variables.len() <= MAX_VARIABLES);
    assert_eq!(Application::parse(&application.to_json().unwrap()), Ok(application));
});
