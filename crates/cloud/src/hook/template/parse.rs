//! Reads a template into its parts.

use super::{MAX_DEPTH, MAX_TEMPLATE, Part, TemplateError};

/// A section that has begun: its name, whether it is an inverted one, and the parts before it.
struct Begun {
    name: String,
    inverted: bool,
    before: Vec<Part>,
}

pub(super) fn parse(text: &str) -> Result<Vec<Part>, TemplateError> {
    if text.len() > MAX_TEMPLATE {
        return Err(TemplateError::TooLong);
    }
    let (mut parts, mut begun) = (Vec::new(), Vec::<Begun>::new());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once("{{") {
        push_text(&mut parts, before);
        let (content, after) = content(tag)?;
        rest = after;
        let (kind, name) = split(content);
        match kind {
            Some('!') => {}
            Some('>' | '=') => return Err(TemplateError::Unknown),
            Some(sign @ ('#' | '^')) => {
                if begun.len() >= MAX_DEPTH {
                    return Err(TemplateError::TooDeep);
                }
                let before = std::mem::take(&mut parts);
                begun.push(Begun { name, inverted: sign == '^', before });
            }
            Some('/') => {
                let last = begun.pop().filter(|last| last.name == name);
                let Begun { name, inverted, before } = last.ok_or(TemplateError::Sections)?;
                let inside = std::mem::replace(&mut parts, before);
                parts.push(Part::Section { name, inverted, parts: inside });
            }
            sign => parts.push(Part::Value { name, raw: sign.is_some() }),
        }
    }
    push_text(&mut parts, rest);
    if begun.is_empty() { Ok(parts) } else { Err(TemplateError::Sections) }
}

/// What is in a tag, of which two braces were read, and what is after it.
fn content(tag: &str) -> Result<(&str, &str), TemplateError> {
    match tag.strip_prefix('{') {
        // The first brace stays: it says that the value is not escaped.
        Some(raw) => raw
            .split_once("}}}")
            .and_then(|(inside, after)| Some((tag.get(..inside.len() + 1)?, after))),
        None => tag.split_once("}}"),
    }
    .ok_or(TemplateError::Open)
}

/// The sign of a tag, and its name.
fn split(content: &str) -> (Option<char>, String) {
    let content = content.trim_start();
    let sign = content.chars().next().filter(|c| "!>=#^/&{".contains(*c));
    let name = sign.and_then(|sign| content.strip_prefix(sign)).unwrap_or(content);
    (sign, name.trim().to_owned())
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}
