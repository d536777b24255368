//! Templates of webhooks: the part of Mustache that integrations use. `{{name}}` is escaped for HTML, `{{{name}}}` and
//! `{{&name}}` are as they are, `{{#name}}…{{/name}}` is there for each or where there is one, `{{^name}}…{{/name}}`
//! where there is none, `{{! }}` is nothing. Names have dots, and numbers count into lists.
//!
//! What is rendered comes from devices and from answers of strangers: how long it may grow and how many steps it may
//! take is bounded. There are no partials, no other delimiters and no lambdas.

mod parse;

use serde_json::Value;

/// The longest template, in bytes.
pub const MAX_TEMPLATE: usize = 16 * 1024;
/// The longest text that is made of one, in bytes.
pub const MAX_RENDERED: usize = 128 * 1024;
/// How many sections may be in each other.
const MAX_DEPTH: usize = 16;
/// The most parts that one rendering goes through.
const MAX_STEPS: usize = 100_000;

/// What is wrong with a template, or with what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is too long.
    #[error("the template is longer than {MAX_TEMPLATE} bytes")]
    TooLong,
    /// A tag has no end.
    #[error("a tag of the template is not closed")]
    Open,
    /// A section has no end, or an end without a section.
    #[error("the sections of the template do not close each other")]
    Sections,
    /// Too many sections in each other.
    #[error("more than {MAX_DEPTH} sections of the template are in each other")]
    TooDeep,
    /// A tag that this server does not know.
    #[error("the template has a tag that this server does not know: partials and other delimiters")]
    Unknown,
    /// What it makes is too much.
    #[error("what the template makes of this event is too long")]
    Boundless,
}

/// How what is filled in is made harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As Mustache says: for HTML where the tag has two braces.
    Html,
    /// Never.
    Never,
    /// For the path or the query of an address (RFC 3986 2.1), whatever the tag: an event cannot lead elsewhere.
    Address,
}

/// A template, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value { name: String, raw: bool },
    Section { name: String, inverted: bool, parts: Vec<Part> },
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        parse::parse(text).map(Self)
    }

    /// What it makes of these values.
    ///
    /// # Errors
    /// [`TemplateError::Boundless`].
    pub fn render(&self, values: &Value, escape: Escape) -> Result<String, TemplateError> {
        let mut rendering = Rendering { out: String::new(), steps: 0, escape };
        rendering.parts(&self.0, &mut vec![values])?;
        Ok(rendering.out)
    }
}

struct Rendering {
    out: String,
    steps: usize,
    escape: Escape,
}

impl Rendering {
    fn parts(&mut self, parts: &[Part], stack: &mut Vec<&Value>) -> Result<(), TemplateError> {
        for part in parts {
            self.steps += 1;
            if self.steps > MAX_STEPS || self.out.len() > MAX_RENDERED {
                return Err(TemplateError::Boundless);
            }
            match part {
                Part::Text(text) => self.out.push_str(text),
                Part::Value { name, raw } => {
                    let text = find(stack, name).map(text_of).unwrap_or_default();
                    self.fill_in(&text, *raw);
                }
                Part::Section { name, inverted, parts } => {
                    self.section(find(stack, name), *inverted, parts, stack)?;
                }
            }
        }
        if self.out.len() > MAX_RENDERED { Err(TemplateError::Boundless) } else { Ok(()) }
    }

    fn section<'v>(
        &mut self,
        value: Option<&'v Value>,
        inverted: bool,
        parts: &[Part],
        stack: &mut Vec<&'v Value>,
    ) -> Result<(), TemplateError> {
        let value = value.filter(|value| is_there(value));
        match (value, inverted) {
            (None, true) => self.parts(parts, stack),
            (None, false) | (Some(_), true) => Ok(()),
            (Some(Value::Array(items)), false) => items.iter().try_for_each(|item| {
                // An empty part is a step, too.
                self.steps += 1;
                stack.push(item);
                let done = self.parts(parts, stack);
                stack.pop();
                done
            }),
            (Some(value), false) => {
                stack.push(value);
                let done = self.parts(parts, stack);
                stack.pop();
                done
            }
        }
    }

    fn fill_in(&mut self, text: &str, raw: bool) {
        match (self.escape, raw) {
            (Escape::Address, _) => {
                self.out.extend(form_urlencoded::byte_serialize(text.as_bytes()).map(
                    // A blank is a plus in forms alone.
                    |piece| if piece == "+" { "%20" } else { piece },
                ))
            }
            (Escape::Html, false) => text.chars().for_each(|c| match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                c => self.out.push(c),
            }),
            (Escape::Html | Escape::Never, _) => self.out.push_str(text),
        }
    }
}

/// The value of a name, in the innermost section that has it.
fn find<'v>(stack: &[&'v Value], name: &str) -> Option<&'v Value> {
    if name == "." {
        return stack.last().copied();
    }
    let mut steps = name.split('.');
    let first = steps.next()?;
    let start = stack.iter().rev().find_map(|value| step(value, first))?;
    steps.try_fold(start, step)
}

fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    }
}

fn is_there(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) | Value::Object(_) => true,
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn render(template: &str, values: &Value) -> String {
        Template::parse(template).unwrap().render(values, Escape::Html).unwrap()
    }

    #[test]
    fn names_are_filled_in_with_dots_and_numbers() {
        let values = json!({ "a": "<1>", "b": { "c": [7, { "d": true }] }, "n": null });
        assert_eq!(
            render("{{a}} {{{a}}} {{& a }} {{b.c.0}} {{ b.c.1.d }}", &values),
            "&lt;1&gt; <1> <1> 7 true"
        );
        assert_eq!(render("[{{x}}{{n}}{{b.x}}{{b.c.9}}]{{! nothing }}", &values), "[]");
        assert_eq!(render("{{b}}", &json!({ "b": { "c": 1 } })), "{&quot;c&quot;:1}");
        assert_eq!(render("{{0}},{{1}}", &json!(["x", "y"])), "x,y");
    }

    #[test]
    fn sections_repeat_and_are_left_out() {
        let values = json!({ "list": [{ "n": 1 }, { "n": 2 }], "words": ["a", "b"], "none": [], "o": "out" });
        assert_eq!(render("{{#list}}{{n}}{{o}};{{/list}}", &values), "1out;2out;");
        assert_eq!(
            render("{{#words}}{{.}}{{/words}}{{^none}}no{{/none}}{{#none}}x{{/none}}", &values),
            "abno"
        );
        assert_eq!(render("{{#o}}{{.}}!{{/o}}{{^o}}x{{/o}}", &values), "out!");
    }

    #[test]
    fn in_an_address_whatever_is_filled_in_is_escaped() {
        let template = Template::parse("/{{a}}?x={{{a}}}").unwrap();
        let rendered = template.render(&json!({ "a": "../b c&d=é" }), Escape::Address).unwrap();
        assert_eq!(rendered, "/..%2Fb%20c%26d%3D%C3%A9?x=..%2Fb%20c%26d%3D%C3%A9");
    }

    #[test]
    fn a_template_that_is_none_is_refused_with_its_reason() {
        let cases = [
            ("{{a", TemplateError::Open),
            ("{{{a}}", TemplateError::Open),
            ("{{#a}}x", TemplateError::Sections),
            ("x{{/a}}", TemplateError::Sections),
            ("{{#a}}{{/b}}", TemplateError::Sections),
            ("{{>other}}", TemplateError::Unknown),
            ("{{=<% %>=}}", TemplateError::Unknown),
        ];
        for (text, error) in cases {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
        assert_eq!(Template::parse(&"{{#a}}".repeat(17)), Err(TemplateError::TooDeep));
        assert_eq!(Template::parse(&"x".repeat(MAX_TEMPLATE + 1)), Err(TemplateError::TooLong));
    }

    #[test]
    fn what_a_template_makes_is_bounded_in_length_and_in_steps() {
        let many = json!({ "a": vec![0; 1_000], "t": "x".repeat(1_000) });
        for text in ["{{#a}}{{#a}}{{#a}}{{/a}}{{/a}}{{/a}}", "{{#a}}{{t}}{{/a}}"] {
            let template = Template::parse(text).unwrap();
            assert_eq!(
                template.render(&many, Escape::Html),
                Err(TemplateError::Boundless),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn text_without_tags_stays_as_it_is(text in "[^{]{0,200}") {
            prop_assert_eq!(render(&text, &json!({})), text);
        }

        #[test]
        fn no_template_is_too_strange_to_be_read(text in "[{}#/^!&.a ]{0,60}") {
            if let Ok(template) = Template::parse(&text) {
                let _ = template.render(&json!({ "a": [{ "a": "x" }] }), Escape::Html);
            }
        }
    }
}
