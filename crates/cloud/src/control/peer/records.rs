//! Records of device keys: one of JSON a line, or one list of all.
//!
//! In a file of lines a record with the same `_id` replaces an earlier one, one with `$$deleted` removes it, and
//! lines about the file's indexes are no records.

use crate::device_key::DeviceKey;
use pintle_protocol::DeviceId;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is of use here in a record.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    #[serde(default, rename = "deviceID")]
    device: String,
    #[serde(default)]
    key: String,
}

impl Record {
    /// The device and its key, or why there is none.
    pub(super) fn key(&self) -> Result<(DeviceId, DeviceKey), String> {
        let id = self.device.parse();
        let id =
            id.map_err(|_| format!("`{}` is no device id: 24 hex digits", shown(&self.device)))?;
        let key = DeviceKey::read(self.key.as_bytes());
        Ok((id, key.map_err(|what| format!("device {id}: {what}"))?))
    }
}

/// So much of a text as fits a line for a person.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Lines that hold, by their number, and lines that are of no use, and why.
type Read = (Vec<(usize, Record)>, Vec<(usize, String)>);

pub(super) fn read(text: &str) -> Read {
    let list: Option<Vec<Value>> = serde_json::from_str(text).ok();
    let values: Vec<(usize, Option<Value>)> = match list {
        Some(list) => (1..).zip(list.into_iter().map(Some)).collect(),
        None => (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| (number, serde_json::from_str(line).ok()))
            .collect(),
    };
    let (mut held, mut bad) = (BTreeMap::new(), Vec::new());
    for (number, value) in values {
        match value {
            Some(Value::Object(fields)) => {
                if fields.contains_key("$$indexCreated") || fields.contains_key("$$indexRemoved") {
                    continue;
                }
                let id = fields.get("_id").or(fields.get("deviceID")).map(Value::to_string);
                let id = id.unwrap_or_else(|| number.to_string());
                if fields.contains_key("$$deleted") {
                    held.remove(&id);
                } else {
                    held.insert(id, (number, Value::Object(fields)));
                }
            }
            Some(_) | None => bad.push((number, "it is no record: an object of JSON".to_owned())),
        }
    }
    let mut records = Vec::new();
    for (number, value) in held.into_values() {
        match serde_json::from_value(value) {
            Ok(record) => records.push((number, record)),
            Err(_) => bad.push((number, "deviceID and key are not both text".to_owned())),
        }
    }
    records.sort_by_key(|(number, _)| *number);
    bad.sort();
    (records, bad)
}
