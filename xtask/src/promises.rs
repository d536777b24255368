//! Holds SECURITY.md against the tests: every test that the page names must exist, so that a promise
//! cannot go on being shown by a test that was renamed or removed.

use crate::process::Failure;
use crate::repo;
use std::fs;
use std::io;
use std::path::Path;

const PAGE: &str = "SECURITY.md";

/// Fails when the page names a test that is not there, or no test at all.
pub(crate) fn check() -> Result<(), Failure> {
    let page = fs::read_to_string(repo::root().join(PAGE)).map_err(unreadable(PAGE))?;
    let mut sources = String::new();
    for folder in ["crates", "tests"] {
        collect(&repo::root().join(folder), &mut sources).map_err(unreadable(folder))?;
    }
    let named: Vec<&str> = page.split('`').filter(|text| is_test_name(text)).collect();
    let missing: Vec<&str> =
        named.iter().copied().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    match (named.len(), missing.is_empty()) {
        (0, _) => Err(Failure::new(format!("{PAGE} names no test"))),
        (_, false) => {
            Err(Failure::new(format!("{PAGE} names tests that are not there: {missing:?}")))
        }
        (count, true) => {
            println!("all {count} tests that {PAGE} names are there");
            Ok(())
        }
    }
}

fn unreadable(what: &str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::new(format!("cannot read {what}: {error}"))
}

/// `p3_...`: a promise's number, and a sentence.
fn is_test_name(text: &str) -> bool {
    let mut parts = text.splitn(2, '_');
    let number = parts.next().and_then(|start| start.strip_prefix('p'));
    let is_number = number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let is_sentence = parts.next().is_some_and(|rest| {
        rest.contains('_') && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    is_number && is_sentence
}

fn collect(folder: &Path, sources: &mut String) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            sources.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}
