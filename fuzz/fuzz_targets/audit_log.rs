//! Entries of the audit log, lines of an export and lines of heads: nothing is read that would not be written so, and a
//! verifier takes whatever it is given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_cloud::audit::{Entry, Trust, Verifier, export, heads};

fuzz_target!(|data: &[u8]| {
    if let Ok(entry) = Entry::decode(data) {
        assert_eq!(entry.encode(), data);
    }
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(signed) = heads::parse(text) {
        assert_eq!(heads::parse(&heads::line(&signed, 0)), Ok(signed));
    }
    let rows: Vec<_> = text.lines().filter_map(|line| export::parse(line).ok()).collect();
    for row in &rows {
        let written = export::text(row).expect("what was read can be written");
        assert_eq!(export::parse(&written).as_ref(), Ok(row));
    }
    let claimed_cut = rows.iter().map(|row| row.claims_cut()).max().unwrap_or(0);
    let mut verifier = Verifier::new(Trust { claimed_cut, ..Trust::default() });
    let _ = rows.iter().all(|row| verifier.take(row));
    let _ = verifier.finish();
});
