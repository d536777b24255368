//! A product in a folder of its own: files, and what is asked of them.

use pintle_checklist::dependency::{
    self, Asked, Policy, component::Component, facts::PartKind, sbom,
};
use pintle_checklist::{Look, Profile, Scene};
use pintle_firmware::module::{Builder, Dependency, Function, Platform};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

/// 23 November 2026.
pub const NOW_MS: u64 = 1_795_392_000_000;

pub const LOCK: &str = r#"version = 4
[[package]]
name = "app"
version = "1.0.0"
dependencies = ["lib", "old", "tester"]
[[package]]
name = "lib"
version = "1.2.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "1111111111111111111111111111111111111111111111111111111111111111"
[[package]]
name = "old"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "2222222222222222222222222222222222222222222222222222222222222222"
[[package]]
name = "tester"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "3333333333333333333333333333333333333333333333333333333333333333"
"#;

pub const MANIFEST: &str = r#"[package]
name = "app"
version = "1.0.0"
[dependencies]
lib = "1"
old = "1"
[dev-dependencies]
tester = "1"
"#;

pub const NPM_LOCK: &str = r#"{"name":"web","version":"1.0.0","lockfileVersion":3,"packages":{
"":{"name":"web","version":"1.0.0","dependencies":{"pad":"^1.0.0"}},
"node_modules/pad":{"version":"1.3.0","integrity":"sha512-/w==","license":"MIT"}}}"#;

pub const STATUS: &str = "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\n\
    Source: openssl\nVersion: 3.0.15-1\n";

/// Of a vulnerability in `old`, which is answered for.
pub const VEX: &str = r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","version":1,
"timestamp":"2026-11-20T00:00:00Z","statements":[
{"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"pkg:cargo/old@1.0.0"}],
"status":"not_affected","justification":"vulnerable_code_not_in_execute_path"}]}"#;

/// A product, and what is asked of it.
pub struct World {
    folder: TempDir,
    asked: Asked,
    policy: Policy,
}

/// An advisory of RustSec about a package in all versions; `more` are lines of its table.
pub fn advisory(id: &str, package: &str, more: &str) -> String {
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2026-11-20\"\n{more}\n\
         [versions]\npatched = []\n```\n\n# Something is wrong\n"
    )
}

/// An entry of OSV about a package in all versions.
pub fn entry(id: &str, ecosystem: &str, package: &str) -> String {
    format!(
        r#"{{"id":"{id}","published":"2026-11-20T00:00:00Z","affected":[{{"package":
        {{"ecosystem":"{ecosystem}","name":"{package}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}]}}]}}]}}"#
    )
}

impl World {
    /// Nothing is wrong with it.
    pub fn sound() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let asked = Asked {
            root: Some(at("root")),
            projects: vec![at("app"), at("web")],
            modules: vec![at("system.bin"), at("app.bin")],
            sboms: vec![at("app.cdx.json")],
            advisories: vec![at("advisories")],
            vex: vec![at("vex.json")],
            cargo_home: Some(at("cargo")),
            own: None,
        };
        let policy =
            Policy { licences: vec!["MIT".into(), "Apache-2.0".into()], ..Policy::default() };
        let world = Self { folder, asked, policy };
        world.projects();
        world.system();
        world.known();
        world.firmware();
        world.inventory();
        world
    }

    fn projects(&self) {
        self.put("app/Cargo.lock", LOCK);
        self.put("app/Cargo.toml", MANIFEST);
        self.put("app/src/main.rs", "fn main() { lib::go(); old::go() }");
        self.put("web/package-lock.json", NPM_LOCK);
        self.put("web/package.json", r#"{"dependencies":{"pad":"^1.0.0"}}"#);
        self.put("web/index.js", "const pad = require('pad')");
        for (name, version) in [("lib", "1.2.0"), ("old", "1.0.0"), ("tester", "1.0.0")] {
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"{version}\"\nlicense = \"MIT OR Apache-2.0\"\n"
            );
            self.put(&format!("cargo/registry/src/index/{name}-{version}/Cargo.toml"), &manifest);
            self.index(name, version, false);
        }
    }

    /// What the index of crates.io says of a version.
    pub fn index(&self, name: &str, version: &str, yanked: bool) {
        let text = format!("\u{3}\0{version}\0{{\"vers\":\"{version}\",\"yanked\":{yanked}}}\0");
        let folder = match name.len() {
            3 => format!("3/{}", &name[..1]),
            _ => format!("{}/{}", &name[..2], &name[2..4]),
        };
        self.put(&format!("cargo/registry/index/index/.cache/{folder}/{name}"), &text);
    }

    fn system(&self) {
        self.put("root/var/lib/dpkg/status", STATUS);
        self.put(
            "root/etc/os-release",
            "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
        );
        self.put("root/etc/apt/sources.list", "deb http://x bookworm-security main\n");
    }

    /// One advisory for each ecosystem, of something that is not there; and one that is answered for.
    fn known(&self) {
        self.put("advisories/crates/absent/R-0.md", &advisory("R-0", "absent", ""));
        self.put("advisories/npm/O-0.json", &entry("O-0", "npm", "absent"));
        self.put("advisories/debian/O-1.json", &entry("O-1", "Debian:12", "absent"));
        let answered =
            "aliases = [\"CVE-2026-1\"]\ncvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"";
        self.put("advisories/crates/old/R-1.md", &advisory("R-1", "old", answered));
        self.put("vex.json", VEX);
    }

    fn firmware(&self) {
        let part = Builder::new(Platform(6), Function::SYSTEM_PART, 0x0802_0000, b"system");
        self.put_bytes("system.bin", &part.build());
        self.needs_system(1);
    }

    /// Has the application need this version of the system; version 1 is there.
    pub fn needs_system(&self, version: u16) {
        let mut app = Builder::new(Platform(6), Function::USER_PART, 0x080a_0000, b"application");
        let needed = Dependency { function: Function::SYSTEM_PART, index: 1, version };
        app.prefix.dependencies = [needed, Dependency::NONE];
        self.put_bytes("app.bin", &app.build());
    }

    /// The SBOM of the Rust project as it is.
    fn inventory(&self) {
        static WHOLE: OnceLock<String> = OnceLock::new();
        self.put("app.cdx.json", WHOLE.get_or_init(|| self.sbom(|_| true)));
    }

    /// An SBOM of the Rust project with some of its components.
    pub fn sbom(&self, keeps: fn(&Component) -> bool) -> String {
        let asked = Asked { sboms: vec![], ..self.asked.clone() };
        let found = dependency::look(&asked).found.expect("a look");
        let part = found.parts.iter().find(|part| part.kind == PartKind::Cargo);
        let mut bom = part.expect("a project").bom.clone();
        bom.components.retain(keeps);
        sbom::write(&bom, sbom::Format::CycloneDx, NOW_MS).expect("an SBOM")
    }

    /// Writes a file anew.
    pub fn put(&self, name: &str, text: &str) {
        self.put_bytes(name, text.as_bytes());
    }

    fn put_bytes(&self, name: &str, bytes: &[u8]) {
        let path: PathBuf = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        fs::write(path, bytes).expect("a file is written");
    }

    /// Takes a file away.
    pub fn without(self, name: &str) -> Self {
        fs::remove_file(self.folder.path().join(name)).expect("it was there");
        self
    }

    /// Writes a file anew.
    pub fn with(self, name: &str, text: &str) -> Self {
        self.put(name, text);
        self
    }

    /// Declares other things.
    pub fn declaring(mut self, change: fn(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    /// What a look at it sees.
    pub fn look(&self) -> Look<dependency::Dependencies> {
        dependency::look(&self.asked)
    }

    /// The scene that it makes.
    pub fn scene(self) -> Scene {
        let profile = Profile { dependencies: self.policy.clone(), ..Profile::default() };
        Scene { now_ms: NOW_MS, profile, dependency: self.look(), ..Scene::default() }
    }
}
