//! The page: whole without script or network, and readable by whoever cannot see it.

use crate::sample::{self, HOSTILE};
use pintle_checklist::report::page::{Beside, html};
use std::collections::BTreeSet;

fn page() -> String {
    let run = sample::run();
    html(&run.report, sample::beside(&run)).expect("a page")
}

/// The values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let before = format!(" {attribute}=\"");
    page.split(before.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn a_page_has_no_script_and_loads_nothing_from_anywhere() {
    let page = page();
    assert!(!page.contains("<script") && !page.contains(HOSTILE), "what was found is text");
    for tag in ["<img", "<link", "<iframe", "<object", "<base", "url(", "@import"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(!page.contains("http:") && !page.contains("https:"), "no address of anywhere");
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_link_within_a_page_leads_somewhere_and_every_file_is_beside_it() {
    let page = page();
    let ids = values(&page, "id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an id is given twice");
    let files: BTreeSet<String> =
        sample::run().evidence.iter().map(|file| file.path.clone()).collect();
    for link in values(&page, "href") {
        match link.strip_prefix('#') {
            Some(id) => assert!(unique.contains(id), "nothing has the id {id}"),
            None => assert!(files.contains(link), "{link} is not beside the page"),
        }
    }
    for label in values(&page, "aria-labelledby") {
        assert!(unique.contains(label), "nothing has the id {label}");
    }
}

#[test]
fn headings_go_down_one_level_at_a_time() {
    let page = page();
    let levels: Vec<u8> = page
        .match_indices("<h")
        .filter_map(|(at, _)| page.as_bytes().get(at + 2).copied())
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    for pair in levels.windows(2) {
        assert!(pair[1] <= pair[0] + 1, "a heading of level {} after one of {}", pair[1], pair[0]);
    }
}

#[test]
fn whoever_cannot_see_it_finds_language_landmarks_a_way_past_the_top_captions_and_words_for_drawings()
 {
    let page = page();
    for what in
        ["<html lang=\"en\">", "<main id=\"main\"", "<header", "<footer", "<nav aria-label="]
    {
        assert!(page.contains(what), "{what}");
    }
    assert!(page.contains("href=\"#main\""));
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<table"), count("<caption>"));
    assert_eq!(count("<th "), count("<th scope="));
    assert_eq!(count("<svg"), count("aria-hidden=\"true\"") + count("role=\"img\""));
}

#[test]
fn a_report_in_which_nothing_was_tried_does_not_say_that_anything_holds() {
    let report = sample::report(Vec::new(), &[]);
    let page = html(&report, Beside::default()).expect("a page");
    assert!(page.contains("Nothing could be tried."));
    assert!(page.contains("Nothing was tried, so nothing is known."));
}

/// WCAG 2.1, 1.4.3: text has a contrast of 4.5 at least.
#[test]
fn every_colour_of_text_stands_out_from_every_ground_by_day_by_night_and_on_paper() {
    let page = page();
    let blocks: Vec<&str> =
        page.split(":root {").skip(1).filter_map(|rest| rest.split('}').next()).collect();
    assert_eq!(blocks.len(), 3, "by day, by night, on paper");
    for block in blocks {
        let colour = |name: &str| {
            let rest = block.split(&format!("--{name}: #")).nth(1).expect(name);
            luminance(&rest[..6])
        };
        for ground in ["paper", "card", "wash"] {
            for text in [
                "ink", "soft", "link", "holds", "critical", "high", "medium", "low", "accepted",
                "untried",
            ] {
                let (one, other) = (colour(ground), colour(text));
                let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
            }
        }
    }
}

fn luminance(hex: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}
