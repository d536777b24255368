//! Modules: what is written is read, and whatever is changed in one is told.

use pintle_firmware::Digest;
use pintle_firmware::module::{
    Asset, Builder, Dependency, Extension, Flags, Function, Installed, MAX_INFLATED, Module,
    Platform, Product, Reason, Unreadable, Wanted, combine, compress,
};
use proptest::prelude::*;

const ARGON: Platform = Platform(12);
const P2: Platform = Platform(32);
const NO_INDEX: [u8; 0] = [];

fn application(content: &[u8]) -> Builder<'_> {
    let mut builder = Builder::new(ARGON, Function::USER_PART, 0x000b_4000, content);
    builder.prefix.index = 2;
    builder.prefix.version = 6;
    builder.prefix.dependencies[0] =
        Dependency { function: Function::SYSTEM_PART, index: 1, version: 6305 };
    builder.product = Some(Product { id: 4242, version: 7 });
    builder
}

/// An application that fills its place to the end.
fn application_of_p2(content: &[u8]) -> Vec<u8> {
    let mut builder = Builder::new(P2, Function::USER_PART, 0, content);
    builder.product = Some(Product { id: 32, version: 4 });
    builder.suffix_extensions =
        vec![Extension::DynamicLocation { start: 1, table_from: 2, table_at: 3 }];
    let size = u32::try_from(builder.build().len()).expect("a small file");
    builder.prefix.start = 0x0860_0000 - size;
    builder.build()
}

fn faults(file: &[u8]) -> Vec<Reason> {
    Module::read(file).expect("a prefix").faults()
}

fn codes(file: &[u8]) -> Vec<&'static str> {
    faults(file).iter().map(Reason::code).collect()
}

/// The same file with hashes that are right again.
fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    let end = file.len() - 4;
    let digest = Digest::of(&file[..end - 34]);
    file[end - 34..end - 2].copy_from_slice(digest.as_bytes());
    let crc = crc32fast::hash(&file[..end]);
    file[end..].copy_from_slice(&crc.to_be_bytes());
    file
}

fn changed(builder: &Builder<'_>, at: usize, byte: u8) -> Vec<u8> {
    let mut file = builder.build();
    file[at] = byte;
    sealed(file)
}

#[test]
fn a_module_says_what_it_was_made_of() {
    let file = application(b"code").build();
    let module = Module::read(&file).expect("a module");
    assert!(module.is_valid(), "{:?}", module.faults());
    assert_eq!(module.prefix().platform, ARGON);
    assert_eq!(module.prefix().function, Function::USER_PART);
    assert_eq!(module.suffix().product, Some(Product { id: 4242, version: 7 }));
    assert_eq!(module.content(), b"code");
    let needs: Vec<String> = module.dependencies().map(|one| one.to_string()).collect();
    assert_eq!(needs, ["system part 1 version 6305"]);
}

#[test]
fn a_prefix_behind_a_vector_table_is_found() {
    for before in [0x184, 0x200, 0xc0, 0x10c, 32, 1000] {
        let table = vec![0x11; before];
        let mut builder = application(b"code and more of it");
        builder.before = &table;
        let file = builder.build();
        let module = Module::read(&file).expect("a module");
        assert_eq!(module.prefix_offset(), before);
        assert!(module.is_valid(), "{before}: {:?}", module.faults());
    }
}

#[test]
fn extensions_of_both_ends_are_read() {
    let mut builder = application(b"code");
    let name = "picture.jpg";
    let hash = Digest::of(b"picture");
    let more = Dependency { function: Function::NETWORK_COPROCESSOR, index: 0, version: 5 };
    builder.prefix_extensions = vec![Extension::Asset { hash, name }];
    builder.suffix_extensions = vec![
        Extension::Dependency { dependency: more, target: 1 },
        Extension::Security { mode: 1, certificate: b"cert" },
        Extension::Unknown { kind: 0x7777, data: b"later" },
        Extension::AssetKind(2),
    ];
    let file = builder.build();
    let module = Module::read(&file).expect("a module");
    assert!(module.is_valid(), "{:?}", module.faults());
    let found: Vec<Extension<'_>> = module.extensions().collect();
    assert_eq!(found[0], Extension::Asset { hash, name });
    assert!(found.contains(&Extension::Security { mode: 1, certificate: b"cert" }));
    assert!(found.contains(&Extension::Product(Product { id: 4242, version: 7 })));
    assert!(module.dependencies().any(|one| one == more));
    assert_eq!(module.content(), b"code");
    assert_eq!(module.suffix().product, Some(Product { id: 4242, version: 7 }));
}

#[test]
fn a_compressed_module_holds_the_one_it_was_made_of() {
    let content = [7; 4000];
    let plain = application(&content).build();
    let file = compress(&plain).expect("it can be compressed");
    assert!(file.len() < plain.len() / 4);
    let module = Module::read(&file).expect("a module");
    assert!(module.is_valid(), "{:?}", module.faults());
    assert_eq!(module.inflate(MAX_INFLATED).expect("it inflates"), plain);
    assert_eq!(compress(&file), None, "not twice");
}

#[test]
fn a_compressed_module_that_would_grow_too_large_is_not_inflated() {
    let plain = application(&[7; 4000]).build();
    let mut file = compress(&plain).expect("it can be compressed");
    let module = Module::read(&file).expect("a module");
    let declared = u32::try_from(plain.len()).expect("a small file");
    assert_eq!(module.inflate(100), Err(Reason::InflatedTooLarge { declared, limit: 100 }));
    // 24 bytes of prefix, then the header: its last four bytes are what comes out.
    file[28..32].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(codes(&sealed(file.clone())), ["inflated-too-large"]);
    file[28..32].copy_from_slice(&(declared + 1).to_le_bytes());
    assert_eq!(codes(&sealed(file.clone())), ["inflated-size"]);
    file[28..32].copy_from_slice(&(8_u32 << 20).to_le_bytes());
    assert_eq!(codes(&sealed(file.clone())), ["inflated-size"], "before memory is taken for it");
    file[26] = 9;
    assert_eq!(codes(&sealed(file)), ["compression-header"]);
}

#[test]
fn what_a_compressed_module_holds_is_examined_too() {
    let plain = application(&[7; 4000]).build();
    let mut broken = plain.clone();
    broken[100] ^= 1;
    let file = compress(&broken).expect("it can be compressed");
    assert_eq!(codes(&file), ["inner-module"]);
    let mut file = compress(&plain).expect("it can be compressed");
    file[10] ^= 1;
    assert_eq!(codes(&sealed(file)), ["inner-module-differs"]);
    let nested = compress(&plain).expect("it can be compressed");
    let mut outside = application(&nested).build();
    outside[9] |= Flags::COMPRESSED.0;
    assert_eq!(codes(&sealed(outside)), ["compression-header"]);
}

#[test]
fn two_combined_modules_are_read_one_after_the_other() {
    let (first, second) = (application(b"first").build(), application(b"second").build());
    let file = combine(&first, &second).expect("they can be combined");
    let module = Module::read(&file).expect("a module");
    assert!(module.is_valid(), "{:?}", module.faults());
    let next = module.next().expect("another").expect("a module");
    assert_eq!(next.bytes(), second);
    assert!(next.next().is_none());

    let third = combine(&first, &file).expect("a file");
    assert_eq!(codes(&third), ["combined-too-many"]);
    assert_eq!(codes(&file[..first.len()]), ["combined-missing"]);
    let mut broken = file.clone();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    assert_eq!(codes(&broken), ["combined-invalid"]);
}

#[test]
fn an_asset_has_a_name_and_is_what_its_hash_says() {
    let asset = Asset { name: "cat.jpg", content: &[3; 3000] };
    let file = asset.build();
    assert_eq!(codes(&file), NO_INDEX.map(|_| ""));
    let small = compress(&file).expect("it can be compressed");
    assert_eq!(codes(&small), NO_INDEX.map(|_| ""));
    let module = Module::read(&small).expect("a module");
    assert_eq!(module.inflate(MAX_INFLATED).expect("it inflates"), asset.content);

    let mut other = file.clone();
    other[50] ^= 1;
    assert_eq!(codes(&sealed(other)), ["asset-content"]);
    let nameless = Asset { name: "", ..asset }.build();
    assert_eq!(codes(&nameless), ["asset-name"]);
    let mut plain = Builder::new(Platform(0), Function::ASSET, 0, b"content");
    assert_eq!(codes(&plain.build()), ["asset-flags", "asset-name", "asset-hash"]);
    plain.prefix.flags = Flags::DROP_MODULE_INFO;
    assert_eq!(codes(&plain.build()), ["asset-name", "asset-hash"]);
}

#[test]
fn each_thing_that_is_wrong_has_a_reason_of_its_own() {
    let good = application(&[9; 200]);
    let file = good.build();
    let mut turned = file.clone();
    turned[100] ^= 1;
    assert_eq!(codes(&turned), ["crc", "sha256"]);
    let mut crc = file.clone();
    crc[file.len() - 1] ^= 1;
    assert_eq!(codes(&crc), ["crc"]);
    assert_eq!(codes(&file[..file.len() - 1]), ["size", "crc", "sha256", "suffix-size"]);
    assert_eq!(codes(&[file.as_slice(), &[0]].concat()), ["size"]);
    assert_eq!(codes(&changed(&good, 12, 99)), ["unknown-platform"]);
    assert_eq!(codes(&changed(&good, 14, 10)), ["unknown-function"]);
    assert_eq!(codes(&changed(&good, 9, 0x40)), ["unknown-flags"]);
    assert_eq!(codes(&changed(&good, 21, 1)), ["empty-dependency"]);
    let suffix = file.len() - 6;
    assert_eq!(codes(&changed(&good, suffix, 35)), ["suffix-size"]);
    assert_eq!(codes(&changed(&good, suffix, 41)), ["suffix-extensions"]);
    assert_eq!(codes(&changed(&good, 9, 0x10)), ["prefix-extensions"]);
    let mut elsewhere = application(&[9; 200]);
    elsewhere.prefix.start = 0x0001_0000;
    assert_eq!(codes(&elsewhere.build()), ["address-range"]);
    let table = [0x11; 0x200];
    let mut dropped = application(&[9; 200]);
    dropped.before = &table;
    dropped.prefix.flags = Flags::DROP_MODULE_INFO;
    assert_eq!(codes(&dropped.build()), ["prefix-offset"]);
    assert_eq!(faults(&file), []);
    assert_eq!(faults(&application_of_p2(&[9; 200])), []);
}

#[test]
fn a_file_that_is_no_module_is_told_from_a_bad_one() {
    assert_eq!(Module::read(&[]).expect_err("empty"), Unreadable::TooShort { length: 0 });
    assert_eq!(Module::read(&[0; 5000]).expect_err("zeros"), Unreadable::NoPrefix);
    assert_eq!(Module::read(&[0xff; 5000]).expect_err("erased"), Unreadable::NoPrefix);
    let text = "this is a text file, and a long one. ".repeat(200);
    assert_eq!(Module::read(text.as_bytes()).expect_err("text"), Unreadable::NoPrefix);
}

#[test]
fn a_module_is_compared_with_what_is_wanted() {
    let file = application(b"code").build();
    let module = Module::read(&file).expect("a module");
    let compare = |wanted: Wanted<'_>| {
        let mut reasons = Vec::new();
        wanted.compare(&module, &mut |reason| reasons.push(reason.code()));
        reasons
    };
    let system = |version| Installed { function: Function::SYSTEM_PART, index: 1, version };
    let same = Wanted {
        platform: Some(ARGON),
        product: Some(4242),
        product_version: Some(7),
        function: Some(Function::USER_PART),
        index: Some(2),
        installed: Some(&[system(6305)]),
        max_size: Some(file.len()),
    };
    assert_eq!(compare(same), NO_INDEX.map(|_| ""));
    assert_eq!(compare(Wanted { platform: Some(P2), ..same }), ["platform"]);
    assert_eq!(compare(Wanted { product: Some(1), ..same }), ["product-id"]);
    assert_eq!(compare(Wanted { product_version: Some(8), ..same }), ["product-version"]);
    assert_eq!(compare(Wanted { function: Some(Function::ASSET), ..same }), ["function"]);
    assert_eq!(compare(Wanted { index: Some(1), ..same }), ["index"]);
    assert_eq!(compare(Wanted { installed: Some(&[]), ..same }), ["dependency-missing"]);
    let old = [system(6304)];
    assert_eq!(compare(Wanted { installed: Some(&old), ..same }), ["dependency-too-old"]);
    assert_eq!(compare(Wanted { max_size: Some(10), ..same }), ["too-large"]);
    let mut homeless = application(b"code");
    homeless.product = None;
    let file = homeless.build();
    let mut reasons = Vec::new();
    let module = Module::read(&file).expect("a module");
    same.compare(&module, &mut |reason| reasons.push(reason.code()));
    assert_eq!(reasons, ["no-product"]);
}

proptest! {
    #[test]
    fn whatever_is_built_is_valid_and_reads_the_same(
        content in prop::collection::vec(any::<u8>(), 0..600),
        version: u16,
        product in prop::option::of((any::<u16>(), any::<u16>())),
        name in prop::option::of("[a-z.]{1,20}"),
    ) {
        let mut builder = application(&content);
        builder.prefix.version = version;
        builder.product = product.map(|(id, version)| Product { id, version });
        if let Some(name) = &name {
            builder.suffix_extensions.push(Extension::Name(name));
        }
        let file = builder.build();
        let module = Module::read(&file).unwrap();
        prop_assert_eq!(module.faults(), []);
        prop_assert_eq!(module.content(), content.as_slice());
        prop_assert_eq!(module.prefix().version, version);
        let expected = builder.product.or(name.as_ref().map(|_| Product::NONE));
        prop_assert_eq!(module.suffix().product, expected);
        let small = compress(&file).unwrap();
        prop_assert_eq!(Module::read(&small).unwrap().faults(), []);
        prop_assert_eq!(Module::read(&small).unwrap().inflate(MAX_INFLATED).unwrap(), file);
    }

    #[test]
    fn no_changed_bit_goes_untold(
        content in prop::collection::vec(any::<u8>(), 0..300),
        at: prop::sample::Index,
        bit in 0..8u8,
    ) {
        let mut file = application(&content).build();
        let at = at.index(file.len());
        file[at] ^= 1u8 << bit;
        if let Ok(module) = Module::read(&file) {
            prop_assert!(!module.is_valid());
        }
    }

    #[test]
    fn a_cut_or_changed_file_is_read_without_panic(
        content in prop::collection::vec(any::<u8>(), 0..300),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut: prop::sample::Index,
        small: bool,
    ) {
        let mut file = application(&content).build();
        if small {
            file = compress(&file).unwrap();
        }
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.truncate(cut.index(file.len() + 1));
        if let Ok(module) = Module::read(&file) {
            module.examine(&mut |reason| assert!(!reason.code().is_empty()));
            let _ = module.extensions().count();
        }
    }
}
