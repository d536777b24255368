//! Safe mode: a device whose application needs a module that it has not, or has too old, starts without the
//! application. What it lacks is found in what it described of itself.

use super::report::MAIN;
use pintle_protocol::describe::{Dependency, Module};
use serde_json::{Value, json};

/// Among the checks that a device makes of a module: that everything it needs is there.
const DEPENDENCIES: u64 = 0x04;

/// What a module needs, as it is kept.
pub(super) fn needs(module: &Module) -> Value {
    let one = |needed: &Dependency| {
        json!({
            "function": needed.function.0,
            "index": needed.index,
            "version": needed.version,
        })
    };
    module.dependencies.iter().map(one).collect()
}

/// What the modules that should run on a device lack, one sentence each; empty where it lacks nothing. `described` is
/// the system describe as it is kept.
pub(crate) fn missing(described: &Value) -> Vec<String> {
    let modules = described["modules"].as_array().map_or(&[][..], Vec::as_slice);
    let main = || modules.iter().filter(|module| module["store"].as_u64() == Some(MAIN.into()));
    let lame = main().filter(|module| lacks_something(module));
    lame.flat_map(|module| {
        let needed = module["dependencies"].as_array().into_iter().flatten();
        let absent = needed.filter(|needed| !main().any(|module| satisfies(module, needed)));
        absent.map(|needed| sentence(module, needed, main().find(|other| is_same(other, needed))))
    })
    .collect()
}

/// Whether the device found that something is missing which the module needs.
fn lacks_something(module: &Value) -> bool {
    let bits = |name: &str| module[name].as_u64().unwrap_or(0) & DEPENDENCIES;
    bits("checked") != 0 && bits("passed") == 0
}

fn is_same(module: &Value, needed: &Value) -> bool {
    let place = |of: &Value| (of["function"].as_u64(), of["index"].as_u64());
    place(module) == place(needed)
}

fn satisfies(module: &Value, needed: &Value) -> bool {
    is_same(module, needed) && module["version"].as_u64() >= needed["version"].as_u64()
}

fn sentence(of: &Value, needed: &Value, there: Option<&Value>) -> String {
    let has = there.map_or_else(
        || "it has none".to_owned(),
        |there| format!("it has version {}", number(&there["version"])),
    );
    format!(
        "its {} needs {} in version {} or newer, and {has}",
        name(of),
        name(needed),
        number(&needed["version"])
    )
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn name(module: &Value) -> String {
    let function = match number(&module["function"]) {
        2 => "bootloader",
        3 => "firmware in one piece",
        4 => "system part",
        5 => "application",
        7 => "network processor's firmware",
        8 => "radio stack",
        9 => "asset",
        _ => "module",
    };
    match number(&module["index"]) {
        0 | 1 if function != "system part" => function.to_owned(),
        index => format!("{function} {index}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(function: u8, version: u16, passed: u8, needs: &[(u8, u16)]) -> Value {
        let needs = needs.iter();
        let needs: Vec<Value> = needs
            .map(
                |(function, version)| json!({"function": function, "index": 1, "version": version}),
            )
            .collect();
        json!({"function": function, "index": 1, "version": version, "store": 0, "checked": 0x1e,
            "passed": passed, "dependencies": needs})
    }

    #[test]
    fn what_an_application_lacks_is_named_with_what_is_there() {
        let described = json!({ "modules": [
            module(4, 6100, 0x1e, &[]),
            module(5, 7, 0x1a, &[(4, 6200), (2, 900)]),
        ]});
        assert_eq!(
            missing(&described),
            [
                "its application needs system part 1 in version 6200 or newer, and it has version 6100",
                "its application needs bootloader in version 900 or newer, and it has none",
            ]
        );
    }

    #[test]
    fn a_device_that_runs_its_application_lacks_nothing() {
        let modules =
            json!({ "modules": [module(4, 6200, 0x1e, &[]), module(5, 7, 0x1e, &[(4, 6200)])] });
        assert!(missing(&modules).is_empty());
        assert!(missing(&json!({})).is_empty());
    }

    #[test]
    fn a_copy_in_another_place_is_no_help() {
        let mut spare = module(4, 6200, 0x1e, &[]);
        spare["store"] = 2.into();
        let described = json!({ "modules": [spare, module(5, 7, 0x1a, &[(4, 6200)])] });
        assert_eq!(missing(&described).len(), 1);
    }
}
