//! lynis, which reads a machine's configuration: on this machine.
//!
//! It has a name for each of its tests; what it says is told here in our own words, and so is what we do about it.

use super::ours::Ours;
use super::{Row, Section};
use crate::debian::{self, Packaged};
use crate::process::{Failure, Program};
use crate::repo;
use std::collections::BTreeSet;
use std::fs;

/// What we do about a thing that lynis finds.
enum Answer {
    /// This check is about it.
    By(&'static str),
    /// None is, and this is why.
    None(&'static str),
}

use Answer::{By, None as Not};

/// Not a fault of the machine, and nothing that would make it safer by being there.
const PRODUCT: &str =
    "it asks for a further product to be installed; whether one is there makes no claim true";

/// Tests of lynis, what each is about, and what we do about it.
const KNOWN: &[(&str, &str, Answer)] = &[
    ("ACCT-9622", "no accounting of processes", Not(PRODUCT)),
    ("ACCT-9626", "no accounting of the system's load", Not(PRODUCT)),
    ("ACCT-9628", "no auditd", By("system-log-kept")),
    ("AUTH-9216", "the group file has faults", By("system-accounts-one-root")),
    ("AUTH-9228", "the password file has faults", By("system-accounts-one-root")),
    ("AUTH-9229", "passwords kept by an old method", By("system-accounts-password-hashes")),
    (
        "AUTH-9230",
        "how slow password hashes are is left to the default",
        By("system-accounts-password-hashes"),
    ),
    ("AUTH-9252", "sudo's files can be read", By("system-accounts-files")),
    (
        "AUTH-9262",
        "nothing looks at how strong new passwords are",
        Not(
            "machines are to be logged in to by keys (`system-ssh-keys-alone`); the node's own password rules are tried at its endpoint",
        ),
    ),
    (
        "AUTH-9282",
        "passwords that do not expire",
        Not("expiry makes people choose worse passwords; current guidance advises against it"),
    ),
    (
        "AUTH-9284",
        "accounts that are locked",
        Not(
            "a locked account lets nobody in; what can be logged in to is `system-accounts-declared`",
        ),
    ),
    (
        "AUTH-9286",
        "no least or greatest age of passwords",
        Not("ages make people choose worse passwords; current guidance advises against them"),
    ),
    (
        "AUTH-9308",
        "no password in single-user mode",
        Not("whoever is at the console has the disk: `system-disk-encrypted` is about that"),
    ),
    ("AUTH-9328", "new files can be read by everybody", By("application-files-not-writable")),
    ("BANN-7126", "no legal text before a local login", Not("a text stops nobody")),
    ("BANN-7130", "no legal text before a login from elsewhere", Not("a text stops nobody")),
    ("BOOT-5122", "no password in the boot loader", By("system-boot-verified")),
    (
        "BOOT-5180",
        "it could not tell which services are started",
        By("application-services-declared"),
    ),
    ("BOOT-5264", "services that could reach much", By("application-services-sandboxed")),
    ("DEB-0880", "no fail2ban", Not(PRODUCT)),
    ("FILE-6310", "folders without a file system of their own", By("system-mounts-separate")),
    ("FILE-6344", "/proc shows what others run", By("system-processes-hidden")),
    (
        "FILE-6354",
        "old files in /tmp",
        Not(
            "an old file is no fault; programs that run from there are `application-programs-in-place`",
        ),
    ),
    ("FILE-6362", "/tmp without the sticky bit", By("application-files-not-writable")),
    ("FILE-6374", "mounts without nosuid and nodev", By("system-mounts-temporary")),
    ("FILE-6430", "file systems that nobody needs", By("system-file-systems-barred")),
    ("FILE-7524", "modes of files that are wider than they need be", By("system-accounts-files")),
    ("FINT-4350", "nothing watches over files", Not(PRODUCT)),
    ("FIRE-4512", "no rules in the packet filter", By("system-packet-filter")),
    ("FIRE-4590", "no packet filter", By("system-packet-filter")),
    ("HOME-9304", "home folders that others may read", By("system-accounts-homes")),
    ("HRDN-7222", "compilers", By("application-no-compilers")),
    ("HRDN-7230", "no scanner for malware", Not(PRODUCT)),
    (
        "KRNL-5788",
        "no kernel image in /boot",
        Not("a virtual machine is started with its kernel from outside"),
    ),
    ("KRNL-5820", "memory of programs that crash is written to files", By("system-kernel-cores")),
    ("KRNL-5830", "the machine waits for a restart", By("application-libraries-current")),
    (
        "KRNL-6000",
        "settings of the kernel that differ from what it advises",
        By("system-kernel-links"),
    ),
    ("LOGG-2130", "no log service", By("system-log-kept")),
    ("LOGG-2138", "no log of the kernel's messages", By("system-log-kept")),
    ("LOGG-2154", "the log is sent nowhere", By("system-log-kept")),
    (
        "LOGG-2190",
        "files that were deleted and are still open",
        By("application-programs-in-place"),
    ),
    ("LYNIS", "it is itself out of date", Not("not about the machine")),
    ("MACF-6208", "no mandatory access control", By("system-mandatory-access")),
    ("MALW-3280", "no scanner for malware", Not(PRODUCT)),
    ("NAME-4028", "no domain name", Not("a product needs none")),
    ("NAME-4404", "its own name is not in the hosts file", Not("a matter of comfort")),
    ("NETW-2705", "one name server alone", Not("a matter of availability of the network around")),
    ("NETW-3015", "an interface takes every frame", By("system-raw-sockets-declared")),
    ("NETW-3032", "nothing watches ARP", Not(PRODUCT)),
    ("NETW-3200", "protocols that nobody needs could be loaded", By("system-protocols-barred")),
    (
        "PKGS-7346",
        "remains of packages that were removed",
        Not("what is left are settings of programs that are gone"),
    ),
    ("PKGS-7370", "no tool that verifies files of packages", By("dependency-packages-whole")),
    ("PKGS-7392", "packages with known holes", By("dependency-vulnerable")),
    ("PKGS-7394", "no tool that lists newer packages", Not(PRODUCT)),
    (
        "PKGS-7398",
        "no tool that lists holes of packages",
        Not("the checklist is one: `pintle checklist run --advisories DIR`"),
    ),
    (
        "PKGS-7420",
        "updates are not installed by themselves",
        Not("a product is updated by its maker; what an update does is tried in item 9"),
    ),
    ("SSH-7408", "settings of the SSH server", By("system-ssh-algorithms")),
    ("STRG-1846", "FireWire could be loaded", By("system-plugs-barred")),
    ("TIME-3104", "nothing keeps the clock", By("system-clock-kept")),
    ("TOOL-5002", "no tool of automation", Not(PRODUCT)),
    ("USB-1000", "USB storage could be loaded", By("system-plugs-barred")),
    ("USB-3000", "nothing says which USB devices are welcome", By("system-plugs-barred")),
];

/// Has both look at this machine.
pub(crate) fn sections() -> Result<Vec<Section>, Failure> {
    debian::ensure(&[Packaged { program: "lynis", package: "lynis" }])?;
    let folder = repo::target().join("peers-table");
    fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    let (report, log) = (folder.join("lynis.dat"), folder.join("lynis.log"));
    let version = Program::new("lynis").arg("--version").capture()?;
    let audit = Program::new("lynis").args([
        "audit",
        "system",
        "--quick",
        "--quiet",
        "--no-colors",
        "--skip-plugins",
    ]);
    audit.arg("--report-file").arg(&report).arg("--logfile").arg(&log).output()?;
    let text = fs::read_to_string(&report).map_err(|error| Failure::at(&report, &error))?;
    let ours = Ours::of_this_machine()?;
    Ok(vec![Section {
        title: format!("lynis {} on this machine", version.trim()),
        how: "`lynis audit system --skip-plugins`, and `pintle checklist run --target host` without a profile, on the machine \
              that this table was made on: a small virtual one whose kernel loads no modules. By its tests' names, in our own \
              words. Where ours holds and lynis advises, ours looked at the kernel that runs"
            .into(),
        rows: found(&text).iter().map(|id| row(id, &ours)).collect(),
    }])
}

/// The tests that have something to say.
fn found(report: &str) -> BTreeSet<String> {
    let lines = report.lines().filter_map(|line| {
        line.strip_prefix("warning[]=").or_else(|| line.strip_prefix("suggestion[]="))
    });
    lines.filter_map(|line| line.split('|').next().map(str::to_owned)).collect()
}

fn row(id: &str, ours: &Ours) -> Row {
    match KNOWN.iter().find(|(known, ..)| *known == id) {
        Some((_, about, By(check))) => {
            Row { theirs: format!("{id}: {about}"), ours: Ok(ours.of(check)) }
        }
        Some((_, about, Not(why))) => {
            Row { theirs: format!("{id}: {about}"), ours: Err((*why).into()) }
        }
        None => {
            Row { theirs: id.into(), ours: Err("nobody has looked at what it is about yet".into()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, found};

    #[test]
    fn what_has_something_to_say_is_found_once() {
        let report =
            "a=1\nwarning[]=X-1|text|-|-|\nsuggestion[]=X-1|text|-|-|\nsuggestion[]=Y-2|other|\n";
        assert_eq!(found(report).into_iter().collect::<Vec<_>>(), ["X-1", "Y-2"]);
    }

    #[test]
    fn every_test_is_known_once() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
