//! Names of functions and data in an ELF file.

use object::read::{Object, ObjectSymbol};

/// Names of what an ELF file defines itself; none of any other file.
pub(super) fn names(bytes: &[u8]) -> Vec<String> {
    let Ok(file) = object::File::parse(bytes) else { return Vec::new() };
    let defined = file.symbols().filter(|symbol| symbol.is_definition());
    defined
        .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
        .filter(|name| !name.is_empty())
        .collect()
}
