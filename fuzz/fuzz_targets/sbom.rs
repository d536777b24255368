//! SBOMs, VEX documents and lock files from anybody: what was read can be written, and is read the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_checklist::dependency::cargo::lock::Lock;
use pintle_checklist::dependency::sbom::{self, Format};
use pintle_checklist::dependency::vex::{self, VexFormat};
use pintle_checklist::dependency::{debian, npm};

fuzz_target!(|data: &[u8]| {
    if let Ok((bom, _)) = sbom::read(data) {
        for format in [Format::CycloneDx, Format::Spdx] {
            let text = sbom::write(&bom, format, 0).expect("what was read can be written");
            let (again, _) = sbom::read(text.as_bytes()).expect("what was written can be read");
            assert_eq!(again.subject, bom.subject);
        }
    }
    if let Ok(statements) = vex::read(data) {
        for format in [VexFormat::OpenVex, VexFormat::CycloneDx] {
            let text =
                vex::write(&statements, format, "", 0).expect("what was read can be written");
            vex::read(text.as_bytes()).expect("what was written can be read");
        }
    }
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = (Lock::read(text), npm::read(text), debian::packages(text, "12"));
});
