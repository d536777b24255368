//! The packages of a Debian system, and how it gets newer ones.

use super::judge;
use crate::anchor::{cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::dependency::debian::supported_until;
use crate::dependency::facts::Packages;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use time::{Date, format_description::well_known::Iso8601};

pub static SUPPORTED: Check = Check {
    id: "dependency-system-supported",
    item: Item::Dependencies,
    severity: Severity::High,
    claim: "The system's distributor still mends vulnerabilities in this release.",
    how: "Reads which release of Debian it is, and until when Debian has said that it mends it.",
    remedy: "Move to a release that is supported, and plan the next move before that one's support ends.",
    anchors: &[isvs("3.2.4"), en303645("5.3-2"), cra("I.2(2)"), cra("I.2(8)"), iso("A.8.8")],
    risks: &[Risk::CustomerData, Risk::Downtime, Risk::Liability],
    room: Room::Dependency,
    judge: supported,
};

pub static SECURITY_UPDATES: Check = Check {
    id: "dependency-security-updates",
    item: Item::Dependencies,
    severity: Severity::High,
    claim: "Security updates are among the places from which the system takes packages.",
    how: "Reads apt's sources and looks for the archive of security updates.",
    remedy: "Add the security suite of the release to apt's sources. On a system that gets whole images instead, accept this \
             finding in the profile and say how often images are built anew.",
    anchors: &[
        isvs("3.2.4"),
        en303645("5.3-2"),
        cra("I.1(2)(c)"),
        iso("A.8.8"),
        nistir("Software Update"),
    ],
    risks: &[Risk::CustomerData, Risk::Downtime],
    room: Room::Dependency,
    judge: security_updates,
};

pub static SIGNED: Check = Check {
    id: "dependency-packages-signed",
    item: Item::Dependencies,
    severity: Severity::High,
    claim: "The system takes no package that nobody signed.",
    how: "Reads apt's sources and settings and looks for whatever switches the check of signatures off.",
    remedy: "Remove the setting, and sign the archive that needed it: whoever is on the way to it can put any program on the \
             system.",
    anchors: &[isvs("3.4.1"), en303645("5.3-9"), cra("I.1(2)(f)"), iso("A.8.19")],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::PhysicalDamage],
    room: Room::Dependency,
    judge: signed,
};

pub static WHOLE: Check = Check {
    id: "dependency-packages-whole",
    item: Item::Dependencies,
    severity: Severity::Low,
    claim: "Every package is either installed to its end or not there.",
    how: "Reads the state of each package that dpkg knows.",
    remedy: "Finish what was begun (dpkg --configure -a, apt-get -f install): a package that stopped half-way may be one that \
             was to mend something.",
    anchors: &[en303645("5.3-2"), iso("A.8.19")],
    risks: &[Risk::Downtime],
    room: Room::Dependency,
    judge: whole,
};

fn system(scene: &Scene, with: impl FnOnce(&Packages) -> Verdict) -> Verdict {
    judge(scene, |found| found.debian.judge(with))
}

fn supported(scene: &Scene) -> Verdict {
    system(scene, |system| {
        let Some(until) = supported_until(&system.codename) else {
            return Verdict::untried(format!(
                "until when {} {} ({}) is supported is not known here",
                system.system, system.release, system.codename
            ));
        };
        let end = Date::parse(until, &Iso8601::DATE)
            .map(|day| day.midnight().assume_utc().unix_timestamp());
        let now = i64::try_from(scene.now_ms / 1000).unwrap_or(i64::MAX);
        let last = end.map(|end| end.saturating_add(24 * 60 * 60)).unwrap_or_default();
        let name = format!("Debian {} ({})", system.release, system.codename);
        Verdict::claim(now < last, format!("{name} is supported until {until}"), || {
            Fault::new(name.clone(), format!("its support ended on {until}"))
        })
    })
}

fn security_updates(scene: &Scene) -> Verdict {
    system(scene, |system| {
        let detail = match system.sources.any {
            true => "apt has sources, and none of them is the archive of security updates",
            false => "apt has no sources at all: no update reaches the system through it",
        };
        Verdict::claim(
            system.sources.security,
            "the archive of security updates is among apt's sources",
            || Fault::new("apt's sources", detail),
        )
    })
}

fn signed(scene: &Scene) -> Verdict {
    system(scene, |system| {
        let faults = system.sources.unsigned.iter().map(|text| {
            let (file, what) = text.split_once(": ").unwrap_or((text, ""));
            Fault::new(file, format!("{what} takes packages that nobody signed"))
        });
        Verdict::of(
            faults,
            "nothing in apt's sources and settings switches the check of signatures off",
        )
    })
}

fn whole(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        found.debian.judge(|system| {
            let faults = system.unfinished.iter().map(|text| {
                let (name, state) = text.split_once(" (").unwrap_or((text, "unfinished)"));
                Fault::new(name, format!("it is {}", state.trim_end_matches(')')))
            });
            let count = found.count(crate::dependency::component::Ecosystem::Debian);
            Verdict::of(faults, format!("{count} packages, all of them whole"))
        })
    })
}
