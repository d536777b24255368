//! `DEBIAN/control`: what the package is, and what it needs.

const DESCRIPTION: &str = "\
Description: secure device cloud that a team hosts itself
 Pintle is a cloud for devices that speak CoAP over DTLS: pinned keys on both
 sides, functions, variables and events over an HTTPS API.
 .
 It runs as a service of its own user in a sandbox; no data leaves the machine.
";

/// The text for a program of this architecture.
pub(super) fn text(version: &str, architecture: &str, program: &[u8]) -> String {
    let size = program.len().div_ceil(1024) + 64;
    let mut needs = libc(program);
    needs.extend([
        "init-system-helpers (>= 1.54)".to_owned(),
        "systemd | systemd-standalone-sysusers".to_owned(),
        "systemd | systemd-standalone-tmpfiles".to_owned(),
    ]);
    format!(
        "Package: pintle\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n\
         Installed-Size: {size}\nDepends: {}\nSection: net\nPriority: optional\n{DESCRIPTION}",
        needs.join(", ")
    )
}

/// Who the package says made it.
pub(super) const MAINTAINER: &str = "The Pintle contributors <maintainers@pintle.invalid>";

/// The C library, at least of the newest symbol version that the program asks for.
fn libc(program: &[u8]) -> Vec<String> {
    let minor = program
        .split(|byte| *byte == 0)
        .filter_map(|word| std::str::from_utf8(word.strip_prefix(b"GLIBC_2.")?).ok())
        .filter_map(|minor| minor.split('.').next()?.parse::<u32>().ok())
        .max();
    minor.map_or_else(Vec::new, |minor| {
        vec![format!("libc6 (>= 2.{minor})"), "libgcc-s1 (>= 3.0)".to_owned()]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_needs_the_newest_c_library_that_the_program_names() {
        let program = b"\x7fELF\0GLIBC_2.9\0GLIBC_2.34\0GLIBC_2.2.5\0GLIBC_PRIVATE\0";
        assert!(text("1.2.3", "amd64", program).contains("Depends: libc6 (>= 2.34), "));
    }

    #[test]
    fn a_program_without_a_c_library_needs_none() {
        assert!(!text("1.2.3", "amd64", b"#!/bin/sh\n").contains("libc6"));
    }
}
