//! What a target answers to an attacker: any bytes, in any pieces. Nothing panics, and no more is kept than the bound.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_attack::https::Answer;

fuzz_target!(|bytes: &[u8]| {
    for bodiless in [false, true] {
        let mut from = bytes;
        if let Ok(answer) = Answer::read(&mut from, bodiless) {
            assert!(answer.body.len() <= bytes.len());
            let _ = (answer.json(), answer.keeps_alive());
        }
    }
    let _ = Answer::of_head(bytes);
});
