//! A module, for eyes and for programs.

use crate::say::say;
use pintle_firmware::module::{Dependency, Extension, Flags, Module, Product, Reason};
use serde_json::{Value, json};

const FLAGS: [(Flags, &str); 5] = [
    (Flags::DROP_MODULE_INFO, "drop-module-info"),
    (Flags::COMPRESSED, "compressed"),
    (Flags::COMBINED, "combined"),
    (Flags::ENCRYPTED, "encrypted"),
    (Flags::PREFIX_EXTENSIONS, "prefix-extensions"),
];

/// What `--json` prints.
pub fn json(module: &Module<'_>, size: usize, faults: &[Reason]) -> Value {
    let prefix = module.prefix();
    let product = product(module);
    let none_of = |code: &str| !faults.iter().any(|reason| reason.code() == code);
    json!({
        "valid": faults.is_empty(),
        "crc_ok": none_of("crc"),
        "sha256_ok": none_of("sha256"),
        "sha256": module.suffix().sha256.to_string(),
        "platform_id": prefix.platform.0,
        "platform": prefix.platform.name(),
        "module_function": prefix.function.0,
        "module_function_name": prefix.function.name(),
        "module_index": prefix.index,
        "module_version": prefix.version,
        "product_id": product.map(|product| product.id),
        "product_version": product.map(|product| product.version),
        "dependencies": module.dependencies().map(dependency).collect::<Vec<_>>(),
        "flags": flags(module),
        "assets": assets(module),
        "start_address": prefix.start,
        "end_address": prefix.end,
        "prefix_offset": module.prefix_offset(),
        "size": size,
        "reasons": faults.iter().map(reason).collect::<Vec<_>>(),
    })
}

fn dependency(one: Dependency) -> Value {
    json!({ "function": one.function.0, "index": one.index, "version": one.version })
}

fn reason(reason: &Reason) -> Value {
    json!({ "code": reason.code(), "reason": reason.to_string() })
}

fn product(module: &Module<'_>) -> Option<Product> {
    module.suffix().product.filter(|product| *product != Product::NONE)
}

fn flags(module: &Module<'_>) -> Vec<&'static str> {
    let set = |(flag, _): &&(Flags, _)| module.prefix().flags.contains(*flag);
    FLAGS.iter().filter(set).map(|(_, name)| *name).collect()
}

fn assets(module: &Module<'_>) -> Vec<Value> {
    let asset = |one| match one {
        Extension::Asset { hash, name } => {
            Some(json!({ "name": name, "sha256": hash.to_string() }))
        }
        _ => None,
    };
    module.extensions().filter_map(asset).collect()
}

/// What is printed without `--json`.
pub fn table(module: &Module<'_>, size: usize, faults: &[Reason]) {
    let prefix = module.prefix();
    let row = |name: &str, value: &dyn std::fmt::Display| say!("{name:<14}{value}");
    row("platform", &prefix.platform);
    row("function", &format_args!("{}, index {}", prefix.function, prefix.index));
    row("version", &prefix.version);
    match product(module) {
        Some(product) => {
            row("product", &format_args!("{} version {}", product.id, product.version))
        }
        None => row("product", &"none"),
    }
    for one in module.dependencies() {
        row("needs", &one);
    }
    row("addresses", &format_args!("{:#010x} to {:#010x}", prefix.start, prefix.end));
    row("size", &format_args!("{size} bytes"));
    row("sha256", &module.suffix().sha256);
    let flags = flags(module);
    if !flags.is_empty() {
        row("flags", &flags.join(", "));
    }
    row("valid", &if faults.is_empty() { "yes" } else { "no" });
    for reason in faults {
        row("", &format_args!("{}: {reason}", reason.code()));
    }
}
