//! The published schema describes the report as it is. Of JSON Schema only the words that it uses are understood here; a word
//! that is not fails the test.

use crate::sample;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

struct Schema {
    root: Value,
}

impl Schema {
    fn load() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checklist.schema.json");
        let text = fs::read(path).expect("the schema is there");
        Self { root: serde_json::from_slice(&text).expect("it is JSON") }
    }

    fn wrong(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let words = schema.as_object().expect("a schema is an object");
        words.iter().flat_map(|(word, says)| self.word(word, says, words, value, at)).collect()
    }

    fn word(
        &self,
        word: &str,
        says: &Value,
        all: &Map<String, Value>,
        value: &Value,
        at: &str,
    ) -> Vec<String> {
        let is =
            |holds: bool| if holds { Vec::new() } else { vec![format!("{at}: {word} {says}")] };
        match word {
            "$schema" | "$defs" | "title" | "description" => Vec::new(),
            "$ref" => {
                let pointer = says.as_str().expect("a path").trim_start_matches('#');
                self.wrong(self.root.pointer(pointer).expect("it is there"), value, at)
            }
            "type" => is(matches!(
                (says.as_str(), value),
                (Some("object"), Value::Object(_))
                    | (Some("array"), Value::Array(_))
                    | (Some("string"), Value::String(_))
                    | (Some("integer"), Value::Number(_))
            )),
            "const" => is(says == value),
            "enum" => is(says.as_array().expect("a list").contains(value)),
            "required" => {
                let names = says.as_array().expect("a list").iter().filter_map(Value::as_str);
                is(names.into_iter().all(|name| value.get(name).is_some()))
            }
            "oneOf" => {
                let fit = |one: &&Value| self.wrong(one, value, at).is_empty();
                is(says.as_array().expect("a list").iter().filter(fit).count() == 1)
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items.flat_map(|(n, item)| self.wrong(says, item, &format!("{at}/{n}"))).collect()
            }
            "properties" => {
                let fields = value.as_object().into_iter().flatten();
                let known = fields.filter_map(|(name, field)| Some((name, field, says.get(name)?)));
                known
                    .flat_map(|(name, field, says)| {
                        self.wrong(says, field, &format!("{at}/{name}"))
                    })
                    .collect()
            }
            "additionalProperties" => {
                let known = |name: &str| {
                    all.get("properties").is_some_and(|known| known.get(name).is_some())
                };
                let more = value.as_object().into_iter().flatten().filter(|(name, _)| !known(name));
                more.flat_map(|(name, field)| match says {
                    Value::Bool(false) => vec![format!("{at}: nobody said {name}")],
                    says => self.wrong(says, field, &format!("{at}/{name}")),
                })
                .collect()
            }
            other => panic!("the schema uses {other:?}, which this test does not understand"),
        }
    }
}

fn report() -> Value {
    serde_json::to_value(sample::run().report).expect("JSON")
}

#[test]
fn a_report_is_what_the_published_schema_says() {
    let schema = Schema::load();
    assert_eq!(schema.wrong(&schema.root, &report(), ""), Vec::<String>::new());
}

#[test]
fn the_schema_finds_what_is_not_in_it() {
    let schema = Schema::load();
    let mut report = report();
    report["findings"][0]["outcome"]["secret"] = "x".into();
    report["total"]["worst"] = "awful".into();
    assert_eq!(schema.wrong(&schema.root, &report, "").len(), 2);
}
