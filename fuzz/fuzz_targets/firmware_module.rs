//! Modules, as they come and as good ones with bytes changed: everything is told, nothing is read past its end, and
//! what is valid has a right CRC-32 and SHA-256.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_firmware::module::{Builder, Extension, Function, Module, Platform, Product, compress};

fn good(kind: u8) -> Vec<u8> {
    let mut builder =
        Builder::new(Platform(12), Function::USER_PART, 0x000d_4000, b"some code of it");
    builder.product = Some(Product { id: 7, version: 3 });
    let table = [0x11; 0x200];
    if kind & 1 != 0 {
        builder.suffix_extensions.push(Extension::Name("a.txt"));
    }
    if kind & 2 != 0 {
        builder.prefix_extensions.push(Extension::AssetKind(1));
    }
    if kind & 4 != 0 {
        builder.before = &table;
    }
    let file = builder.build();
    if kind & 8 == 0 { file } else { compress(&file).unwrap_or(file) }
}

fn look(file: &[u8]) {
    let Ok(module) = Module::read(file) else { return };
    assert!(module.bytes().len() + module.rest().len() == file.len());
    let _ = (module.content(), module.extensions().count(), module.dependencies().count());
    if module.is_valid() {
        assert_eq!(module.computed_crc(), module.stored_crc());
        assert_eq!(module.computed_sha256(), module.suffix().sha256);
    }
}

fuzz_target!(|bytes: &[u8]| {
    look(bytes);
    let Some((kind, changes)) = bytes.split_first() else { return };
    let mut file = good(*kind);
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % file.len();
        file[at] = change[2];
    }
    look(&file);
});
