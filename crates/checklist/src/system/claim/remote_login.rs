//! How the machine is logged in to from elsewhere.

use crate::anchor::{asvs, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::claim::part;
use crate::system::remote_login::RemoteLogin;
use crate::verdict::{Fault, Verdict};

pub(in crate::system) const ROOT: Check = Check {
    id: "system-ssh-root",
    item: Item::OperatingSystem,
    severity: Severity::High,
    claim: "Nobody logs in as root from elsewhere with a password, or with none.",
    how: "Reads PermitRootLogin, PermitEmptyPasswords and HostbasedAuthentication of the SSH server, under Match too.",
    remedy: "Set PermitRootLogin no (or prohibit-password), PermitEmptyPasswords no and HostbasedAuthentication no.",
    anchors: &[
        isvs("2.1"),
        en303645("5.1-1"),
        cra("I.1(2)(d)"),
        nistir("logical access"),
        iso("A.8.2"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::Reputation],
    room: Room::System,
    judge: root,
};

pub(in crate::system) const PASSWORDS: Check = Check {
    id: "system-ssh-keys-alone",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Whoever logs in from elsewhere has a key: there is no password to guess.",
    how: "Reads PasswordAuthentication and KbdInteractiveAuthentication of the SSH server; both are on where nothing is said.",
    remedy: "Set PasswordAuthentication no and KbdInteractiveAuthentication no, once every person has a key there.",
    anchors: &[isvs("2.1"), en303645("5.1-5"), cra("I.1(2)(d)"), asvs("V6"), iso("A.8.5")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::System,
    judge: passwords,
};

pub(in crate::system) const ALGORITHMS: Check = Check {
    id: "system-ssh-algorithms",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "The SSH server was not told to take old algorithms, and carries no connections of others.",
    how: "Reads Ciphers, MACs, KexAlgorithms and Protocol for CBC, RC4, 3DES, MD5, SHA-1 and small groups; GatewayPorts, \
          X11Forwarding and PermitUserEnvironment for yes.",
    remedy: "Leave algorithms to the server's own choice; set GatewayPorts, X11Forwarding and PermitUserEnvironment to no.",
    anchors: &[en303645("5.5-1"), cra("I.1(2)(e)"), asvs("V11"), iso("A.8.24")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: algorithms,
};

fn remote(scene: &Scene, judge: impl FnOnce(&RemoteLogin) -> Verdict) -> Verdict {
    part(
        scene,
        |system| &system.remote_login,
        |found| {
            if found.server { judge(found) } else { Verdict::holds("no SSH server is installed") }
        },
    )
}

/// Keywords that are `yes` for somebody, with what each is where nothing is said.
fn said_yes(found: &RemoteLogin, keywords: &[(&str, &str, &str)]) -> Vec<Fault> {
    keywords
        .iter()
        .filter(|(_, keyword, default)| found.values(keyword, default).contains(&"yes"))
        .map(|(name, ..)| Fault::new(*name, format!("{name} is yes, for some at least.")))
        .collect()
}

fn root(scene: &Scene) -> Verdict {
    let keywords = [
        ("PermitRootLogin", "permitrootlogin", "prohibit-password"),
        ("PermitEmptyPasswords", "permitemptypasswords", "no"),
        ("HostbasedAuthentication", "hostbasedauthentication", "no"),
    ];
    remote(scene, |found| {
        Verdict::of(said_yes(found, &keywords), "root cannot log in with a password from elsewhere")
    })
}

fn passwords(scene: &Scene) -> Verdict {
    let keywords = [
        ("PasswordAuthentication", "passwordauthentication", "yes"),
        ("KbdInteractiveAuthentication", "kbdinteractiveauthentication", "yes"),
    ];
    remote(scene, |found| Verdict::of(said_yes(found, &keywords), "SSH takes keys alone"))
}

/// Parts of names of algorithms that are old.
const OLD: [&str; 8] = ["cbc", "arcfour", "3des", "md5", "-sha1", "group1-", "umac-64", "blowfish"];

fn algorithms(scene: &Scene) -> Verdict {
    remote(scene, |found| {
        let mut faults = said_yes(
            found,
            &[
                ("GatewayPorts", "gatewayports", "no"),
                ("X11Forwarding", "x11forwarding", "no"),
                ("PermitUserEnvironment", "permituserenvironment", "no"),
            ],
        );
        for (name, keyword) in
            [("Ciphers", "ciphers"), ("MACs", "macs"), ("KexAlgorithms", "kexalgorithms")]
        {
            let values = found.values(keyword, "");
            // A list after a minus takes algorithms out.
            let added = values
                .iter()
                .filter(|value| !value.starts_with('-'))
                .flat_map(|value| value.split(','));
            let old = added.filter(|algorithm| OLD.iter().any(|part| algorithm.contains(part)));
            faults.extend(old.map(|algorithm| {
                let algorithm = algorithm.trim_start_matches(['+', '^']);
                Fault::new(
                    format!("{name} {algorithm}"),
                    format!("{name} has {algorithm}, which is old."),
                )
            }));
        }
        if found.values("protocol", "2").iter().any(|value| value.contains('1')) {
            faults.push(Fault::new("Protocol", "Version 1 of the protocol is allowed."));
        }
        Verdict::of(
            faults,
            "the SSH server has no old algorithm and carries no connections of others",
        )
    })
}
