//! `device.toml`: never a panic, every error names a line that is there, and what is taken is within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_device::{Config, Error};
use std::path::Path;

fuzz_target!(|text: &str| {
    match Config::parse(text, Path::new("device.toml")) {
        Ok(config) => {
            assert!((5..=3600).contains(&config.keepalive_seconds));
            assert!(config.functions.len() <= 100 && config.variables.len() <= 100);
            assert!(config.functions.values().all(|command| !command.is_empty()));
            assert!(config.cloud.contains(':'));
        }
        Err(Error::Config { line, .. }) => {
            assert!((1..=text.lines().count() + 1).contains(&line))
        }
        Err(other) => panic!("another kind of error: {other}"),
    }
});
