//! Any metrics report: reading never panics, and what was read is written and read again unchanged.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::describe::{MetricId, Metrics};

fuzz_target!(|report: &[u8]| {
    let Ok(metrics) = Metrics::parse(report) else { return };
    assert!(metrics.as_slice().iter().all(|m| MetricId::new(m.id.number()).is_some()));
    assert_eq!(Metrics::parse(&metrics.to_bytes()), Ok(metrics));
});
