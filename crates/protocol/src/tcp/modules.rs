//! The list of modules as JSON: `{"s":size,"l":"m","vc":30,"vv":30,"f":"s","n":"1","v":108,"u":"hash","d":[..]}`.
//!
//! `s` is the room in bytes, `l` where it lies, `vc` and `vv` the checks that were made and that held, `f` what it is
//! for, `n` which of those, `v` its version, `u` its SHA-256 and `d` the modules it needs.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::Error;
use crate::describe::{Dependency, Module, ModuleFunction, System};

/// How many modules, or dependencies of one, are taken.
const MAX_ENTRIES: usize = 64;

/// What a module is for, by its letter: the number is the place. A letter that is not here is read as none.
const FUNCTIONS: &[u8; 9] = b"nrbmsutca";
/// Where a module lies, likewise.
const STORES: &[u8; 4] = b"mfbt";

/// Reads the list.
pub(super) fn read(list: &Value) -> Result<System, Error> {
    let modules = entries(list)?.iter().map(module).collect::<Result<_, _>>()?;
    Ok(System { modules, assets: Vec::new() })
}

fn entries(list: &Value) -> Result<&[Value], Error> {
    let list = list.as_array().filter(|list| list.len() <= MAX_ENTRIES);
    list.map(Vec::as_slice).ok_or(Error::SystemDescribe)
}

fn module(value: &Value) -> Result<Module, Error> {
    let value = value.as_object().ok_or(Error::SystemDescribe)?;
    let dependencies = value.get("d").map_or(Ok(&[][..]), entries)?;
    Ok(Module {
        function: function(value)?,
        index: number(value, "n")?,
        version: number(value, "v")?,
        store: place(STORES, text(value, "l")?).unwrap_or(0),
        max_size: number(value, "s")?,
        checked: number(value, "vc")?,
        passed: number(value, "vv")?,
        hash: hash(text(value, "u")?),
        dependencies: dependencies.iter().map(dependency).collect::<Result<_, _>>()?,
        ..Module::default()
    })
}

fn dependency(value: &Value) -> Result<Dependency, Error> {
    let value = value.as_object().ok_or(Error::SystemDescribe)?;
    Ok(Dependency {
        function: function(value)?,
        index: number(value, "n")?,
        version: number(value, "v")?,
    })
}

fn function(value: &Map<String, Value>) -> Result<ModuleFunction, Error> {
    Ok(ModuleFunction(place(FUNCTIONS, text(value, "f")?).unwrap_or(0)))
}

/// The text under this key, which may be missing.
fn text<'v>(value: &'v Map<String, Value>, key: &str) -> Result<&'v str, Error> {
    value.get(key).map_or(Ok(""), |value| value.as_str().ok_or(Error::SystemDescribe))
}

/// The number under this key, which may be missing, or written as text.
fn number<T: TryFrom<u64> + Default>(value: &Map<String, Value>, key: &str) -> Result<T, Error> {
    let Some(value) = value.get(key) else { return Ok(T::default()) };
    let number = match value {
        Value::String(digits) => digits.parse().ok(),
        value => value.as_u64(),
    };
    number.and_then(|number| number.try_into().ok()).ok_or(Error::SystemDescribe)
}

fn place(letters: &[u8], text: &str) -> Option<u8> {
    let [letter] = text.as_bytes() else { return None };
    letters.iter().position(|known| known == letter)?.try_into().ok()
}

/// 64 digits; anything else says that there is no hash.
fn hash(digits: &str) -> Option<[u8; 32]> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let mut hash = [0; 32];
    if pairs.len() != hash.len() {
        return None;
    }
    for (place, pair) in hash.iter_mut().zip(pairs) {
        let pair = core::str::from_utf8(pair).ok()?;
        *place = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(hash)
}

/// Writes the list.
pub(super) fn write(system: &System) -> Value {
    Value::Array(system.modules.iter().map(write_module).collect())
}

fn write_module(module: &Module) -> Value {
    let mut value = Map::new();
    value.insert("s".into(), module.max_size.into());
    value.insert("l".into(), letter(STORES, module.store).into());
    value.insert("vc".into(), module.checked.into());
    value.insert("vv".into(), module.passed.into());
    if let Some(hash) = &module.hash {
        value.insert("u".into(), hex(hash).into());
    }
    write_name(&mut value, module.function, module.index, module.version);
    let dependencies = module.dependencies.iter().map(|needed| {
        let mut value = Map::new();
        write_name(&mut value, needed.function, needed.index, needed.version);
        Value::Object(value)
    });
    value.insert("d".into(), Value::Array(dependencies.collect()));
    Value::Object(value)
}

fn write_name(value: &mut Map<String, Value>, function: ModuleFunction, index: u8, version: u16) {
    value.insert("f".into(), letter(FUNCTIONS, function.0).into());
    value.insert("n".into(), alloc::format!("{index}").into());
    value.insert("v".into(), version.into());
}

fn letter(letters: &[u8], place: u8) -> String {
    letters.get(usize::from(place)).map_or_else(String::new, |letter| char::from(*letter).into())
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| alloc::format!("{byte:02x}")).collect()
}
