//! `docs/checks.md` is the table of all checks as the program has them. Where it has drifted, run the test with
//! `PINTLE_WRITE_REFERENCE=1` and check the page in.

use pintle_checklist::{Check, Item, checks};
use std::fmt::Write;
use std::path::Path;

fn reference() -> String {
    let count = checks().count();
    let mut page = format!(
        "# Checks\n\nAll {count} checks of `pintle checklist`, by the checklist's items. `pintle checklist explain ID` says more \
         of one; [checklist.md](checklist.md) says how to run them. Every check has a test that plants its fault and sees it \
         break, and one in which it holds (`crates/checklist/tests/planted`).\n"
    );
    for item in Item::ALL {
        let of_item: Vec<&Check> = checks().filter(|check| check.item == item).collect();
        write!(page, "\n## {}. {} ({})\n\n", item.number(), item.title(), of_item.len())
            .expect("a string grows");
        page.push_str("| check | severity | claim | how it is tried | asked for by |\n|---|---|---|---|---|\n");
        of_item.iter().for_each(|check| page.push_str(&row(check)));
    }
    page
}

fn row(check: &Check) -> String {
    let anchors: Vec<String> = check
        .anchors
        .iter()
        .map(|anchor| format!("{} {}", anchor.standard.title(), anchor.id))
        .collect();
    let cell = |text: &str| text.replace('|', "\\|");
    format!(
        "| `{}` | {} | {} | {} | {} |\n",
        check.id,
        check.severity.name(),
        cell(check.claim),
        cell(check.how),
        anchors.join(", ")
    )
}

#[test]
fn the_table_of_checks_is_what_the_program_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
    let page = reference();
    if std::env::var_os("PINTLE_WRITE_REFERENCE").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == page, "docs/checks.md has drifted; see the head of this test");
}
