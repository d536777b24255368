//! Firmware modules: what each declares that it needs beside it.

use super::component::{Bom, Component, Ecosystem, Hash, Origin};
use super::facts::{ModuleNeeds, Part, PartKind};
use super::{file, purl};
use pintle_firmware::module::{Function, Module};
use std::path::Path;

/// Modules that one file holds at most.
const MOST: usize = 8;

/// The modules of a file: one, or several that were combined.
///
/// # Errors
/// It cannot be read, or is no module: a sentence.
pub fn look(path: &Path) -> Result<(Vec<ModuleNeeds>, Part), String> {
    let bytes = file::bytes(path)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let named = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let mut module = Module::read(&bytes).map_err(|why| named(&why))?;
    let mut part = Part {
        of: name.clone(),
        kind: PartKind::Firmware,
        bom: Bom { subject: name.clone(), ..Bom::default() },
        direct: Default::default(),
        missing: Default::default(),
        sourceless: 0,
    };
    let mut found = Vec::new();
    for _ in 0..MOST {
        found.push(needs(&module, &name));
        part.bom.components.push(component(&module));
        part.bom.components.extend(needed(&module));
        match module.next() {
            Some(next) => module = next.map_err(|why| named(&why))?,
            None => break,
        }
    }
    part.bom.settle();
    Ok((found, part))
}

fn needs(module: &Module<'_>, of: &str) -> ModuleNeeds {
    let prefix = module.prefix();
    let needs = module.dependencies();
    ModuleNeeds {
        of: of.into(),
        platform: prefix.platform.0,
        is: (prefix.function.0, prefix.index, prefix.version),
        needs: needs.map(|one| (one.function.0, one.index, one.version)).collect(),
    }
}

/// The module itself, by what it says at its end.
fn component(module: &Module<'_>) -> Component {
    let prefix = module.prefix();
    let mut component = named(prefix.platform.0, prefix.function, prefix.index, prefix.version);
    component.origin = Origin::Folder;
    let hex = module.suffix().sha256.to_string();
    component.hash = Some(Hash { algorithm: "SHA-256".into(), hex });
    component.needs = needed(module).map(|one| one.purl).collect();
    component
}

/// What it declares that it needs, in the oldest version that will do.
fn needed(module: &Module<'_>) -> impl Iterator<Item = Component> {
    let platform = module.prefix().platform.0;
    module.dependencies().map(move |one| named(platform, one.function, one.index, one.version))
}

fn named(platform: u16, function: Function, index: u8, version: u16) -> Component {
    let name = format!("{}-{index}", function.name().replace(' ', "-"));
    let version = version.to_string();
    let mut component = Component::new(Ecosystem::Firmware, &name, &version);
    let platform = platform.to_string();
    component.purl = purl::write(Ecosystem::Firmware, &name, &version, &[("platform", &platform)]);
    component
}
