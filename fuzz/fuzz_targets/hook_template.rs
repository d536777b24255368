//! Templates of webhooks: what a person writes is read, and rendered with what a device or a stranger says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_cloud::hook::template::{Escape, MAX_RENDERED, Template};

fuzz_target!(|input: (&str, &str)| {
    let (text, data) = input;
    let Ok(template) = Template::parse(text) else { return };
    let values = data.parse().unwrap_or_default();
    for escape in [Escape::Html, Escape::Never, Escape::Address] {
        if let Ok(rendered) = template.render(&values, escape) {
            assert!(rendered.len() <= MAX_RENDERED);
        }
    }
});
