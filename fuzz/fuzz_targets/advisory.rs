//! Advisories from anybody, and versions held against them: whatever they say, each version is affected or it is not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_checklist::dependency::advisory::{osv, rustsec};
use pintle_checklist::dependency::component::Component;

fuzz_target!(|input: (&str, &str)| {
    let (text, version) = input;
    let mut advisories = osv::read(text.as_bytes()).unwrap_or_default();
    for text in [text.to_owned(), format!("```toml\n{text}\n```")] {
        advisories.extend(rustsec::read(&text).ok().flatten());
    }
    for advisory in &advisories {
        let component = Component::new(advisory.ecosystem, &advisory.package, version);
        let _ = advisory.is_about(&component, "12");
    }
});
