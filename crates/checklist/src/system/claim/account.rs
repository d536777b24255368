//! Accounts of the machine.

use crate::anchor::{asvs, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::profile::names;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::account::{Account, Accounts, Guarded, Password};
use crate::system::claim::part;
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeMap;

/// Methods whose hashes are guessed by the billion.
const WEAK: [&str; 6] = ["bsdicrypt", "descrypt", "md5crypt", "nt", "sha1crypt", "sunmd5"];

pub(in crate::system) const EMPTY: Check = Check {
    id: "system-accounts-empty-passwords",
    item: Item::OperatingSystem,
    severity: Severity::Critical,
    claim: "No account lets somebody in without a password.",
    how: "Reads /etc/passwd and /etc/shadow for empty passwords. What is kept of a password is not kept as evidence.",
    remedy: "Lock the account (`passwd -l NAME`), or give it a password of its own.",
    anchors: &[
        isvs("2.1"),
        en303645("5.1-1"),
        cra("I.1(2)(d)"),
        asvs("V6"),
        nistir("logical access"),
        iso("A.5.17"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::Liability, Risk::Reputation],
    room: Room::System,
    judge: empty,
};

pub(in crate::system) const ONE_ROOT: Check = Check {
    id: "system-accounts-one-root",
    item: Item::OperatingSystem,
    severity: Severity::High,
    claim: "There is one root, and no two accounts share a number or a name.",
    how: "Reads /etc/passwd for accounts with the number 0 beside root, and for numbers and names that come twice.",
    remedy: "Remove the account, or give it a number of its own and hand its files over.",
    anchors: &[isvs("2.1"), en303645("5.6-7"), cra("I.1(2)(d)"), iso("A.5.16"), iso("A.8.2")],
    risks: &[Risk::CustomerData, Risk::Liability],
    room: Room::System,
    judge: one_root,
};

pub(in crate::system) const LOGINS: Check = Check {
    id: "system-accounts-declared",
    item: Item::OperatingSystem,
    severity: Severity::High,
    claim: "Only declared accounts can be logged in to: none was left over from a base image.",
    how: "Looks for accounts with a shell and a password that is taken, and holds them against the profile.",
    remedy: "Remove the account or lock it and give it /usr/sbin/nologin; or declare it in host.logins.",
    anchors: &[
        isvs("2.1"),
        en303645("5.1-1"),
        cra("I.1(2)(b)"),
        nistir("logical access"),
        iso("A.5.18"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::System,
    judge: logins,
};

pub(in crate::system) const METHODS: Check = Check {
    id: "system-accounts-password-hashes",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Passwords are kept by a method that makes guessing slow.",
    how: "Reads from /etc/shadow by which method of crypt(3) each is kept.",
    remedy: "Set ENCRYPT_METHOD YESCRYPT in /etc/login.defs (and pam_unix), then have those passwords set anew.",
    anchors: &[en303645("5.4-1"), cra("I.1(2)(e)"), asvs("V11"), iso("A.8.24")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: methods,
};

pub(in crate::system) const FILES: Check = Check {
    id: "system-accounts-files",
    item: Item::OperatingSystem,
    severity: Severity::High,
    claim: "The files that say who may be whom belong to root, others cannot write them, and the secret ones not read them.",
    how: "Reads owner and mode of passwd, shadow, group, gshadow, sudoers, crontab, and the SSH server's keys.",
    remedy: "Give the files back to root: 0644 for the public ones, 0640 (0600 for keys, 0440 for sudoers) for the others.",
    anchors: &[isvs("2.2.2"), en303645("5.4-1"), cra("I.1(2)(d)"), iso("A.8.3")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::System,
    judge: files,
};

pub(in crate::system) const SUDO: Check = Check {
    id: "system-accounts-sudo",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "Nobody becomes root without showing who they are.",
    how: "Reads sudoers and sudoers.d for rules with NOPASSWD.",
    remedy: "Take NOPASSWD out of the rule; give a program that needs one command a rule for that command and accept it.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(d)"), iso("A.8.2"), iso("A.8.18")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: sudo,
};

pub(in crate::system) const HOMES: Check = Check {
    id: "system-accounts-homes",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "Nobody looks into the home folder of another, where keys and histories lie.",
    how: "Reads owner and mode of the home folder of each account that has a shell.",
    remedy: "Give the folder to its account and take others' rights away (`chmod o-rwx FOLDER`); set HOME_MODE 0700 in \
             /etc/login.defs for new ones.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(e)"), iso("A.8.3")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: homes,
};

fn homes(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.accounts,
        |found| {
            let faults =
                found.homes.iter().filter_map(|home| match (home.readable, home.writable) {
                    (_, true) => {
                        Some(Fault::new(&home.account, "Others may write into its home folder."))
                    }
                    (true, false) => {
                        Some(Fault::new(&home.account, "Others may look into its home folder."))
                    }
                    (false, false) => None,
                });
            Verdict::of(faults, format!("{} home folders, closed to others", found.homes.len()))
        },
    )
}

/// Judges accounts by their passwords; where those are hidden, only what is wrong with the others is known.
fn by_password(scene: &Scene, judge: impl FnOnce(&Accounts) -> Verdict) -> Verdict {
    part(
        scene,
        |system| &system.accounts,
        |found| match (judge(found), &found.passwords_hidden) {
            (Verdict::Holds { .. }, Some(why)) => Verdict::untried(why.as_str()),
            (verdict, _) => verdict,
        },
    )
}

fn empty(scene: &Scene) -> Verdict {
    by_password(scene, |found| {
        let open = found.all.iter().filter(|account| account.password == Some(Password::Empty));
        let faults = open.map(|account| {
            Fault::new(&account.name, "It lets everybody in: its password is empty.")
        });
        Verdict::of(faults, format!("{} accounts, none with an empty password", found.all.len()))
    })
}

fn one_root(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.accounts,
        |found| {
            let mut by_uid: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
            let mut by_name: BTreeMap<&str, u32> = BTreeMap::new();
            for account in &found.all {
                by_uid.entry(account.uid).or_default().push(&account.name);
                *by_name.entry(&account.name).or_default() += 1;
            }
            let shared = by_uid.iter().filter(|(_, names)| names.len() > 1).map(|(uid, names)| {
                Fault::new(
                    format!("uid {uid}"),
                    format!("It is the number of {}.", names.join(" and ")),
                )
            });
            let twice = by_name.iter().filter(|(_, times)| **times > 1);
            let twice = twice
                .map(|(name, _)| Fault::new(*name, "There is more than one account of this name."));
            let other_root =
                found.all.iter().filter(|account| account.uid == 0 && account.name != "root");
            let other_root = other_root
                .map(|account| Fault::new(&account.name, "It is root under another name."));
            Verdict::of(
                shared.chain(twice).chain(other_root),
                format!("{} accounts, one root", found.all.len()),
            )
        },
    )
}

fn logins(scene: &Scene) -> Verdict {
    by_password(scene, |found| {
        let open = |account: &&Account| account.has_shell() && account.takes_a_password();
        let undeclared = found
            .all
            .iter()
            .filter(open)
            .filter(|account| !names(&scene.profile.host.logins, &account.name));
        let faults = undeclared.map(|account| {
            Fault::new(
                &account.name,
                format!(
                    "It can be logged in to ({}), and the profile does not say so.",
                    account.shell
                ),
            )
        });
        Verdict::of(faults, "no undeclared account can be logged in to with a password")
    })
}

fn methods(scene: &Scene) -> Verdict {
    by_password(scene, |found| {
        let faults = found.all.iter().filter_map(|account| match account.password {
            Some(Password::Kept(method)) if WEAK.contains(&method) => Some(Fault::new(
                &account.name,
                format!("Its password is kept by {method}, which is guessed fast."),
            )),
            _ => None,
        });
        Verdict::of(faults, "passwords are kept by slow methods")
    })
}

fn files(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.accounts,
        |found| {
            let faults = found.files.iter().filter_map(|file| {
                let wrong = wrong(file);
                (!wrong.is_empty())
                    .then(|| Fault::new(&file.path, format!("{}.", wrong.join(", "))))
            });
            Verdict::of(
                faults,
                format!("{} files belong to root and are guarded", found.files.len()),
            )
        },
    )
}

fn wrong(file: &Guarded) -> Vec<&'static str> {
    let mode = u32::from_str_radix(&file.mode, 8).unwrap_or(0o777);
    let is_key = file.path.ends_with("_key");
    let others_read = mode & 0o004 != 0 && !file.public || mode & 0o040 != 0 && is_key;
    [
        (!file.of_root, "It does not belong to root"),
        (mode & 0o022 != 0, "Others than root may write it"),
        (others_read, "Others than root may read what is secret in it"),
    ]
    .into_iter()
    .filter_map(|(is, what)| is.then_some(what))
    .collect()
}

fn sudo(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.accounts,
        |found| match &found.sudo {
            Err(why) => Verdict::untried(why.as_str()),
            Ok(free) => Verdict::of(
                free.iter().map(|who| {
                    Fault::new(format!("sudo {who}"), "A rule for them asks for no password.")
                }),
                "no rule of sudo goes without a password",
            ),
        },
    )
}
