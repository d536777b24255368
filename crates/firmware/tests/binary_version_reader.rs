//! Our reader of modules beside the npm package binary-version-reader, on the real modules that particle-cli ships, on
//! what that package makes of them, and on mutated copies. `cargo xtask peers` installs it.
//!
//! Where the two differ, the difference is one of those that [`Difference`] names, or the test fails.

use pintle_firmware::module::{Dependency, Function, Module, Reason};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const MUTATED: usize = 10_000;

/// Real modules, by the count of files that the packages hold.
const REAL: usize = 27;

/// Why the two may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// Nothing in the file can be a prefix; the peer reads what is at its start all the same.
    PeerReadsAnything,
    /// The peer gives up over an extension; we read the rest and say what is wrong.
    PeerGivesUp,
    /// The file is shorter or longer than its addresses say: the peer looks at the file's end, we at the module's.
    Size,
    /// Two modules in one file: the peer takes the CRC-32 of the first to be at the end of the file.
    Combined,
    /// Where nothing is a perfect prefix the two take different places for the best one; neither file is valid.
    Place,
    /// The CRC-32 is right, and something else is wrong that the peer does not check.
    CheckedHereOnly,
}

struct Case {
    bytes: Vec<u8>,
    peer: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")
}

/// Has the peer read everything.
fn cases(mutated: usize) -> Vec<Case> {
    let peers = folder().join("peers");
    let installed = peers.join("particle-cli-3.51/complete").exists();
    assert!(installed, "particle-cli is not installed: run `cargo xtask peers`");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/binary_version_reader.js");
    let scratch = tempfile::tempdir().expect("a folder");
    let out = scratch.path().join("cases");
    let mut node = Command::new("node");
    node.arg(script).arg(peers).arg(&out).arg(mutated.to_string()).arg("5");
    assert!(node.status().expect("node runs").success());
    let all = std::fs::read(&out).expect("what the peer wrote");
    let mut rest = all.as_slice();
    let mut cases = Vec::new();
    while !rest.is_empty() {
        let bytes = part(&mut rest).to_vec();
        let peer = serde_json::from_slice(part(&mut rest)).expect("JSON");
        cases.push(Case { bytes, peer });
    }
    cases
}

fn part<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (length, after) = rest.split_first_chunk().expect("a length");
    let (part, after) = after.split_at(u32::from_le_bytes(*length) as usize);
    *rest = after;
    part
}

/// Of what both say, what is in the suffix: not to be compared where each looks for one elsewhere.
const IN_SUFFIX: [&str; 4] = ["suffix", "sha256", "product", "product_version"];

/// What both say, in the same words.
fn ours(module: &Module<'_>) -> BTreeMap<&'static str, Value> {
    let prefix = module.prefix();
    let [first, second] = prefix.dependencies.map(|Dependency { function, index, version }| {
        serde_json::json!([function.0, index, version])
    });
    let product = module.suffix().product;
    BTreeMap::from([
        ("start", prefix.start.into()),
        ("end", prefix.end.into()),
        ("flags", prefix.flags.0.into()),
        ("platform", prefix.platform.0.into()),
        ("version", prefix.version.into()),
        ("function", prefix.function.0.into()),
        ("index", prefix.index.into()),
        ("dependencies", Value::Array(vec![first, second])),
        ("suffix", module.suffix().size.into()),
        ("sha256", module.suffix().sha256.to_string().into()),
        ("product", product.map_or(Value::from(-1), |product| product.id.into())),
        ("product_version", product.map_or(Value::from(-1), |product| product.version.into())),
    ])
}

/// How the two differ on a file, if they do.
fn compare(case: &Case) -> Result<Option<Difference>, String> {
    let peer = &case.peer;
    let module = match Module::read(&case.bytes) {
        Ok(module) => module,
        Err(_) if is_no_prefix(peer) => return Ok(Some(Difference::PeerReadsAnything)),
        Err(why) => return Err(format!("we: {why}; the peer: {peer}")),
    };
    let faults = module.faults();
    if let Some(refused) = peer.get("refused") {
        let told = !faults.is_empty();
        return if told { Ok(Some(Difference::PeerGivesUp)) } else { Err(refused.to_string()) };
    }
    if peer["offset"] != module.prefix_offset() {
        let neither = !faults.is_empty();
        let said = || format!("we: at {}; the peer: {peer}", module.prefix_offset());
        return if neither { Ok(Some(Difference::Place)) } else { Err(said()) };
    }
    let alone = module.rest().is_empty();
    for (name, value) in ours(&module) {
        if peer[name] != value && (alone || !IN_SUFFIX.contains(&name)) {
            return Err(format!("{name}: we say {value}, the peer {}; {faults:?}", peer[name]));
        }
    }
    if !alone {
        let combined = module.next().is_some();
        return Ok(Some(if combined { Difference::Combined } else { Difference::Size }));
    }
    let crc = !faults.iter().any(|reason| matches!(reason, Reason::Crc { .. }));
    if peer["crc"] != crc {
        return Err(format!("crc: we say {crc}, the peer {}", peer["crc"]));
    }
    Ok((crc && !faults.is_empty()).then_some(Difference::CheckedHereOnly))
}

/// Whether what the peer read cannot be a prefix, or cannot be one of a known board.
fn is_no_prefix(peer: &Value) -> bool {
    let function = peer["function"].as_u64().unwrap_or(0);
    let known = u8::try_from(function).is_ok_and(|number| Function(number).is_known());
    let size = |name: &str| peer[name].as_u64().unwrap_or(0);
    let room = size("end").saturating_sub(size("start"));
    let dependencies = peer["dependencies"].as_array().into_iter().flatten();
    let mut on_nothing = dependencies.map(|one| one[0] == 0 && (one[1] != 0 || one[2] != 0));
    let nonsense = on_nothing.any(|nonsense| nonsense);
    peer["crc"] != true || nonsense || function == 0 || !known || room < size("offset") + 60
}

#[test]
fn the_peer_agrees_on_real_made_and_mutated_modules() {
    let cases = cases(MUTATED);
    let mut counts: BTreeMap<(String, Option<Difference>), usize> = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        let what = case.peer["what"].as_str().unwrap_or_default().to_owned();
        let difference = compare(case).unwrap_or_else(|why| panic!("{what} {index}: {why}"));
        *counts.entry((what, difference)).or_default() += 1;
    }
    for ((what, difference), count) in &counts {
        println!(
            "{count:6} {what}: {}",
            difference.map_or("the same".to_owned(), |d| format!("{d:?}"))
        );
    }
    assert_eq!(counts.get(&("real".to_owned(), None)), Some(&REAL), "{counts:?}");
    let same = counts.get(&("mutated".to_owned(), None)).copied().unwrap_or_default();
    assert!(same > MUTATED / 4, "{counts:?}");
}

#[test]
fn what_the_peer_makes_is_valid_here() {
    let made = |case: &&Case| case.peer["what"] == "made";
    for case in cases(0).iter().filter(made) {
        let module = Module::read(&case.bytes).expect("a module");
        assert_eq!(module.faults(), [], "{}", case.peer);
    }
}
