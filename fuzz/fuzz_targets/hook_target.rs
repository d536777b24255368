//! Addresses of webhooks: whatever is taken names one host, and is taken apart the same way once more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_cloud::hook::target::Target;

fuzz_target!(|url: &str| {
    let Ok((target, path)) = Target::parse(url) else { return };
    let scheme = if target.tls { "https" } else { "http" };
    let again = format!("{scheme}://{}{path}", target.authority());
    let (same, same_path) = Target::parse(&again).expect("what was taken is taken again");
    assert_eq!((&same, same_path), (&target, path));
});
