//! What the codecs of dependencies take and give: nothing that anybody writes makes them panic, and what they write they
//! read again.

use pintle_checklist::dependency::advisory::{osv, rustsec};
use pintle_checklist::dependency::cargo::lock::Lock;
use pintle_checklist::dependency::cargo::manifest::Manifest;
use pintle_checklist::dependency::component::{Bom, Component, Ecosystem, Hash, Origin, Scope};
use pintle_checklist::dependency::purl::{self, Purl};
use pintle_checklist::dependency::sbom::{self, Format};
use pintle_checklist::dependency::version::{Requirement, compare};
use pintle_checklist::dependency::vex::{self, Justification, Statement, Status, VexFormat};
use pintle_checklist::dependency::{debian, npm};
use proptest::prelude::*;

fn ecosystem() -> impl Strategy<Value = Ecosystem> {
    prop_oneof![Just(Ecosystem::Cargo), Just(Ecosystem::Npm), Just(Ecosystem::Debian)]
}

prop_compose! {
    fn component()(
        ecosystem in ecosystem(),
        name in "(@[a-z]{1,8}/)?[a-z][a-z0-9+._-]{0,12}",
        version in "[0-9]{1,3}(\\.[0-9]{1,3}){2}(-[a-z0-9]{1,5})?",
        hash in proptest::option::of("[0-9a-f]{64}"),
        licence in proptest::option::of(prop_oneof![
            Just("MIT".to_owned()),
            Just("Apache-2.0 OR MIT".to_owned()),
        ]),
        tested in any::<bool>(),
    ) -> Component {
        // Only npm has names with a scope.
        let name = if ecosystem == Ecosystem::Npm { name } else { name.replace(['@', '/'], "x") };
        let mut component = Component::new(ecosystem, &name, &version);
        component.hash = hash.map(|hex| Hash { algorithm: "SHA-256".into(), hex });
        component.licence = licence;
        component.scope = if tested { Scope::Development } else { Scope::Ships };
        component.origin = Origin::Unsaid;
        component
    }
}

prop_compose! {
    fn bom()(components in proptest::collection::vec(component(), 0..8)) -> Bom {
        let mut bom = Bom { subject: "lamp".into(), version: "1.0".into(), components };
        bom.settle();
        let purls: Vec<String> = bom.components.iter().map(|one| one.purl.clone()).collect();
        if let Some(first) = bom.components.first_mut() {
            first.needs = purls.get(1..).unwrap_or_default().to_vec();
        }
        bom
    }
}

prop_compose! {
    fn statement()(
        id in "(CVE|RUSTSEC)-20[0-9]{2}-[0-9]{4}",
        product in "pkg:cargo/[a-z]{1,8}@1\\.0\\.0",
        status in prop_oneof![Just(Status::NotAffected), Just(Status::Affected), Just(Status::Fixed),
            Just(Status::UnderInvestigation)],
        justified in any::<bool>(),
        note in "[a-z ]{0,20}",
    ) -> Statement {
        Statement {
            vulnerability: vec![id],
            products: vec![product],
            status,
            justification: justified.then_some(Justification::VulnerableCodeNotInExecutePath),
            note,
            at: "2026-11-23T00:00:00Z".into(),
        }
    }
}

proptest! {
    #[test]
    fn an_sbom_is_read_as_it_was_written(bom in bom(), cyclone in any::<bool>()) {
        let format = if cyclone { Format::CycloneDx } else { Format::Spdx };
        let text = sbom::write(&bom, format, 0).unwrap();
        let (again, read) = sbom::read(text.as_bytes()).unwrap();
        prop_assert_eq!(read, format);
        prop_assert_eq!(again, bom);
    }

    #[test]
    fn statements_are_read_as_they_were_written(
        mut said in proptest::collection::vec(statement(), 0..6),
        cyclone in any::<bool>(),
    ) {
        said.sort();
        said.dedup();
        let format = if cyclone { VexFormat::CycloneDx } else { VexFormat::OpenVex };
        let text = vex::write(&said, format, "us", 0).unwrap();
        prop_assert_eq!(vex::read(text.as_bytes()).unwrap(), said);
    }

    #[test]
    fn whatever_a_text_is_no_reader_panics(text in ".{0,200}") {
        let _ = (Lock::read(&text), Manifest::read(&text, &Default::default()), npm::read(&text));
        let _ = (debian::packages(&text, "12"), Purl::read(&text), rustsec::read(&text));
        let _ = (rustsec::read(&format!("```toml\n{text}\n```")), Requirement::read(&text));
        let _ = (sbom::read(text.as_bytes()), vex::read(text.as_bytes()), osv::read(text.as_bytes()));
    }

    #[test]
    fn a_package_url_is_taken_apart_as_it_was_put_together(
        ecosystem in ecosystem(),
        name in "[!-~&&[^/]]{1,12}",
        version in "[ -~]{0,12}",
    ) {
        let read = Purl::read(&purl::write(ecosystem, &name, &version, &[("arch", "a&b")])).unwrap();
        prop_assert_eq!((read.ecosystem(), &read.name, &read.version), (ecosystem, &name, &version));
        prop_assert_eq!(read.qualifiers, vec![("arch".to_owned(), "a&b".to_owned())]);
    }

    #[test]
    fn of_two_versions_of_debian_one_is_the_older_whichever_comes_first(
        one in "[0-9a-z.+~:-]{0,10}",
        other in "[0-9a-z.+~:-]{0,10}",
    ) {
        let order = compare(Ecosystem::Debian, &one, &other).unwrap();
        prop_assert_eq!(compare(Ecosystem::Debian, &other, &one), Some(order.reverse()));
        prop_assert_eq!(compare(Ecosystem::Debian, &one, &one), Some(std::cmp::Ordering::Equal));
    }
}
