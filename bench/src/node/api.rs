//! The API over HTTPS: calls to devices and back, one event to many streams, and logins beside everything else.

mod calls;
mod client;
mod logins;
mod streams;

use crate::table::Section;
use std::path::Path;

/// Runs all of it, with so many streams at most.
pub fn run(program: &Path, streams: u32) -> Vec<Section> {
    // The clients are many and small: one thread of this process has all of them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a thread can wait for sockets");
    vec![
        calls::run(program, &runtime),
        streams::run(program, &runtime, streams),
        logins::run(program, &runtime),
    ]
}

/// The value below which so many of a hundred lie; it sorts them.
fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn a_percentile_is_the_value_that_so_many_do_not_exceed() {
        let mut values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 50), 100.0);
        assert_eq!(percentile(&mut values, 99), 198.0);
        assert_eq!(percentile(&mut [], 99), 0.0);
    }
}
