//! What templates can fill in: what is known of an event, and the fields of its data where that is JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::occasion::Occasion;
use crate::clock::iso8601;

/// The values for the templates of a request. What the server knows goes over fields of the same name in the data.
pub(super) fn of_event(occasion: &Occasion<'_>) -> Value {
    let event = occasion.event;
    let mut values = fields(serde_json::from_slice(&event.data).unwrap_or_default());
    let text = event.text();
    let device = event.source_name();
    let published = iso8601(event.published_at_ms);
    let mut put = |names: &[&str], value: &str| {
        for name in names {
            values.insert((*name).to_owned(), Value::from(value));
        }
    };
    put(&["PARTICLE_EVENT_NAME", "SPARK_EVENT_NAME"], &event.name);
    put(&["PARTICLE_EVENT_JSON"], &Value::from(text.as_str()).to_string());
    put(&["PARTICLE_EVENT_VALUE", "SPARK_EVENT_VALUE"], &text);
    put(&["PARTICLE_EVENT_BASE64"], &STANDARD.encode(&event.data));
    put(&["PARTICLE_EVENT_ID"], occasion.id);
    put(&["PARTICLE_DEVICE_ID", "SPARK_CORE_ID"], &device);
    put(&["PARTICLE_PUBLISHED_AT", "SPARK_PUBLISHED_AT"], &published);
    if let Some(product) = occasion.product {
        put(&["PRODUCT_ID"], &product.to_string());
    }
    Value::Object(values)
}

/// The values for the template of an answer: its fields, and what is known of the event.
pub(super) fn of_answer(occasion: &Occasion<'_>, answer: &[u8]) -> Value {
    let mut values = fields(serde_json::from_slice(answer).unwrap_or_default());
    if let Value::Object(event) = of_event(occasion) {
        let known = event.into_iter().filter(|(name, _)| name.contains('_'));
        values.extend(known.filter(|(name, _)| {
            ["PARTICLE_", "SPARK_", "PRODUCT_"].iter().any(|prefix| name.starts_with(prefix))
        }));
    }
    Value::Object(values)
}

/// What an event is by default, as name and value.
pub(super) fn defaults(occasion: &Occasion<'_>) -> [(&'static str, String); 4] {
    let event = occasion.event;
    [
        ("event", event.name.clone()),
        ("data", event.text()),
        ("coreid", event.source_name()),
        ("published_at", iso8601(event.published_at_ms)),
    ]
}

/// Fields by name; of a list by number.
fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Array(items) => {
            items.into_iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => Map::new(),
    }
}
