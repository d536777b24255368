//! Reports, manifests, keys and profiles of the checklist, as somebody else may have written them: read, compared, made into
//! every form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_checklist::diff::Difference;
use pintle_checklist::manifest::Manifest;
use pintle_checklist::report::page::{Beside, html};
use pintle_checklist::report::{junit, sarif};
use pintle_checklist::sign::PublicKey;
use pintle_checklist::{Profile, Report};

fuzz_target!(|text: &str| {
    if let Ok(manifest) = Manifest::parse(text) {
        assert!(manifest.files().all(|(path, _)| !path.contains("..") && !path.starts_with('/')));
        assert_eq!(Manifest::parse(&manifest.text()), Ok(manifest));
    }
    if let Ok(key) = PublicKey::from_pem(text) {
        assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key));
    }
    let _ = Profile::parse(text);
    if let Ok(report) = Report::from_json(text.as_bytes()) {
        let _ = Difference::between(&report, &report).worst();
        let page = html(&report, Beside::default()).expect("a page");
        assert!(!page.contains("<script"));
        let _ = (sarif::log(&report), junit::document(&report));
    }
});
