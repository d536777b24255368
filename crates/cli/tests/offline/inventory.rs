//! `pintle checklist sbom` and `vex`: documents of what a product is made of, and of what its maker says about it.

use super::Desk;
use std::fs;

const LOCK: &str = "version = 4\n[[package]]\nname = \"lamp\"\nversion = \"1.0.0\"\ndependencies = [\"glow\"]\n\
    [[package]]\nname = \"glow\"\nversion = \"0.1.0\"\n\
    source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

impl Desk {
    /// A project that needs `glow` for this: `dependencies` or `dev-dependencies`.
    fn project(&self, table: &str) {
        let manifest =
            format!("[package]\nname = \"lamp\"\nversion = \"1.0.0\"\n[{table}]\nglow = \"0.1\"\n");
        fs::create_dir_all(self.path("lamp/src")).expect("a folder");
        fs::write(self.path("lamp/Cargo.toml"), manifest).expect("a file");
        fs::write(self.path("lamp/Cargo.lock"), LOCK).expect("a file");
        fs::write(self.path("lamp/src/main.rs"), "fn main() { glow::on() }").expect("a file");
        fs::create_dir_all(self.path("known")).expect("a folder");
        let advisory = "```toml\n[advisory]\nid = \"TEST-1\"\npackage = \"glow\"\naliases = [\"CVE-1\"]\n\
            [versions]\npatched = []\n```\n# It burns\n";
        fs::write(self.path("known/TEST-1.md"), advisory).expect("a file");
    }
}

#[test]
fn an_sbom_of_the_program_itself_is_the_same_product_in_both_forms() {
    let desk = Desk::new();
    let cyclone = desk.json("checklist sbom --own");
    assert_eq!(cyclone["specVersion"], "1.6");
    assert_eq!(cyclone["metadata"]["component"]["name"], "pintle");
    let components = cyclone["components"].as_array().expect("components");
    assert!(components.iter().any(|one| one["name"] == "rustls" && !one["hashes"].is_null()));
    desk.done("checklist sbom --own --out own.json");
    let spdx = desk.json("checklist sbom --sbom own.json --format spdx");
    assert_eq!(spdx["spdxVersion"], "SPDX-2.3");
    assert_eq!(spdx["name"], "pintle");
    assert_eq!(spdx["packages"].as_array().expect("packages").len(), components.len() + 1);
}

#[test]
fn a_document_of_nothing_is_refused_and_so_is_one_of_what_cannot_be_read() {
    let desk = Desk::new();
    assert!(desk.refused("checklist sbom").contains("--project"));
    fs::create_dir(desk.path("empty")).expect("a folder");
    assert!(desk.refused("checklist sbom --project empty").contains("neither Cargo.lock"));
    assert!(desk.refused("checklist sbom --root empty").contains("no packages of Debian"));
    fs::write(desk.path("x.json"), "{}").expect("a file");
    assert!(desk.refused("checklist sbom --sbom x.json").contains("CycloneDX"));
    desk.project("dependencies");
    let several = desk.refused("checklist sbom --project lamp --own");
    assert!(several.contains("--name"), "{several}");
}

#[test]
fn a_draft_says_not_affected_of_what_only_tests_need() {
    let desk = Desk::new();
    let vex = "checklist vex --project lamp --advisories known --author us";
    desk.project("dependencies");
    let statement = &desk.json(vex)["statements"][0];
    assert_eq!(statement["vulnerability"]["name"], "TEST-1");
    assert_eq!(statement["products"][0]["@id"], "pkg:cargo/glow@0.1.0");
    assert_eq!(statement["status"], "under_investigation");
    desk.project("dev-dependencies");
    let statement = &desk.json(vex)["statements"][0];
    assert_eq!(statement["status"], "not_affected");
    assert_eq!(statement["justification"], "component_not_present");
}

#[test]
fn a_statement_that_was_made_is_kept() {
    let desk = Desk::new();
    desk.project("dependencies");
    let said = r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"CVE-1"},
        "products":[{"@id":"pkg:cargo/glow"}],"status":"not_affected","impact_statement":"the lamp has no fuse"}]}"#;
    fs::write(desk.path("said.json"), said).expect("a file");
    let vex = "checklist vex --project lamp --advisories known --author us --vex said.json --format cyclonedx";
    let analysis = &desk.json(vex)["vulnerabilities"][0]["analysis"];
    assert_eq!(analysis["state"], "not_affected");
    assert_eq!(analysis["detail"], "the lamp has no fuse");
}
