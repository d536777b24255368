//! Copies of a node key, locked or in shares: whatever the files hold, one clear refusal or the key they were made of.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_cloud::pem;
use pintle_cloud::vault::key_copy;

fuzz_target!(|files: Vec<Vec<u8>>| {
    // As they came, and as the content of blocks that are what they should be.
    let plain = files.iter().map(|file| String::from_utf8_lossy(file).into_owned());
    let wrapped = files.iter().map(|file| pem::write("PINTLE NODE KEY SHARE", file));
    let locked = files.iter().map(|file| pem::write("PINTLE NODE KEY UNDER PASSPHRASE", file));
    for texts in [plain.collect::<Vec<_>>(), wrapped.collect(), locked.collect()] {
        for text in &texts {
            // What it would cost is bounded before anybody pays.
            if let Ok(cost) = key_copy::cost(text) {
                assert!(cost.memory_kib <= 1 << 20 && cost.passes <= 64);
            }
        }
        let _ = key_copy::join(texts.iter().map(String::as_str)).is_ok();
    }
});
