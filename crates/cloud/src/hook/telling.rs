//! What became of a delivery, as events of the account: `hook-sent/EVENT`, `hook-response/EVENT/N` with the answer in
//! parts, `hook-error/EVENT/N`. They lead to no further webhook.

use super::Hook;
use super::client::MAX_ANSWER;
use super::occasion::Occasion;
use super::template::{Escape, Template};
use super::variables;
use crate::event::{DEFAULT_TTL, Event, MAX_NAME, Source, is_reserved};

/// Bytes of a part of an answer: what every device can take.
const PART: usize = 512;

/// The events that say that a receiver took an event, and what it answered.
pub(super) fn taken(hook: &Hook, occasion: &Occasion<'_>, answer: &[u8], at_ms: i64) -> Vec<Event> {
    let sent =
        event(hook, format!("hook-sent/{}", occasion.event.name), b"undefined".to_vec(), at_ms);
    let answer = shaped(hook, occasion, answer);
    let topic = topic(hook, occasion, hook.settings.response_topic.as_deref(), "hook-response");
    let parts = parts(&answer).into_iter().enumerate();
    let told = parts.map(|(number, part)| event(hook, format!("{topic}/{number}"), part, at_ms));
    std::iter::once(sent).chain(told).collect()
}

/// The event that says what went wrong.
pub(super) fn failed(hook: &Hook, occasion: &Occasion<'_>, why: &str, at_ms: i64) -> Event {
    let own = hook.settings.error_response_topic.as_deref();
    let topic = topic(hook, occasion, own, "hook-error");
    event(hook, format!("{topic}/0"), why.as_bytes().to_vec(), at_ms)
}

/// An event such as this webhook hears, of nobody.
pub(super) fn about(hook: &Hook) -> Event {
    event(hook, hook.settings.event.clone(), Vec::new(), hook.updated_at_ms)
}

fn event(hook: &Hook, name: String, data: Vec<u8>, at_ms: i64) -> Event {
    Event {
        name,
        data,
        content_format: 0,
        ttl: DEFAULT_TTL,
        published_at_ms: at_ms,
        source: Source::Cloud,
        owner: Some(hook.owner),
    }
}

/// What of an answer is told. A template that makes too much of it makes nothing.
fn shaped(hook: &Hook, occasion: &Occasion<'_>, answer: &[u8]) -> Vec<u8> {
    let Some(template) = &hook.settings.response_template else { return answer.to_vec() };
    let values = variables::of_answer(occasion, answer);
    let made =
        Template::parse(template).and_then(|template| template.render(&values, Escape::Html));
    made.unwrap_or_default().into_bytes()
}

/// The name of the events. One that a template makes of a device's data must not be one of the server's own, on which
/// devices act.
fn topic(hook: &Hook, occasion: &Occasion<'_>, own: Option<&str>, usual: &str) -> String {
    let values = variables::of_event(occasion);
    let own = own.filter(|template| !template.is_empty()).and_then(|template| {
        Template::parse(template).and_then(|template| template.render(&values, Escape::Never)).ok()
    });
    let is_good = |name: &String| {
        name.len() <= MAX_NAME && !name.chars().any(char::is_control) && !is_reserved(name)
    };
    own.filter(is_good).unwrap_or_else(|| match hook.product {
        Some(_) => format!("{}/{usual}/{}", occasion.event.source_name(), occasion.event.name),
        None => format!("{usual}/{}", occasion.event.name),
    })
}

/// An answer in parts that devices can take, none of which cuts a character in two.
fn parts(answer: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = answer.get(..MAX_ANSWER).unwrap_or(answer);
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (part, after) = rest.split_at_checked(cut(rest)).unwrap_or((rest, &[]));
        parts.push(part.to_vec());
        rest = after;
    }
    if parts.is_empty() { vec![Vec::new()] } else { parts }
}

/// Where the first part of `rest` ends: before a character that would be cut. (A byte 10xxxxxx goes on with one.)
fn cut(rest: &[u8]) -> usize {
    let goes_on = |at: usize| rest.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (PART - 3..=PART).rev().find(|at| !goes_on(*at)).unwrap_or(PART).min(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_answer_is_one_empty_part() {
        assert_eq!(parts(b""), [Vec::<u8>::new()]);
        assert_eq!(parts(&[7; 1_025]).iter().map(Vec::len).collect::<Vec<_>>(), [512, 512, 1]);
        assert_eq!(parts(&[7; MAX_ANSWER + 5]).concat().len(), MAX_ANSWER);
    }

    proptest! {
        #[test]
        fn parts_are_the_answer_again_and_cut_no_character(text in "\\PC{0,900}") {
            let parts = parts(text.as_bytes());
            prop_assert_eq!(parts.concat(), text.as_bytes());
            for part in parts {
                prop_assert!(part.len() <= PART && std::str::from_utf8(&part).is_ok());
            }
        }
    }
}
