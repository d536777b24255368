//! Tools that help an intruder and that a product seldom needs: compilers, debuggers, interpreters, servers without a key.

use crate::machine::Machine;
use serde::Serialize;
use std::collections::BTreeSet;

/// What was seen of tools, by path.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tools {
    /// What makes programs.
    pub compilers: Vec<String>,
    /// What looks into programs and networks.
    pub debuggers: Vec<String>,
    /// What runs text.
    pub interpreters: Vec<String>,
    /// Servers that know no keys, and clients of them.
    pub legacy: Vec<String>,
}

const FOLDERS: [&str; 7] =
    ["bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "opt/bin"];

const COMPILERS: &[&str] = &[
    "as", "c++", "c89", "c99", "cargo", "cc", "clang", "clang++", "cpp", "g++", "gcc", "gfortran",
    "go", "javac", "ld", "make", "rustc", "tcc",
];
const DEBUGGERS: &[&str] = &[
    "bpftool",
    "bpftrace",
    "dumpcap",
    "ettercap",
    "gdb",
    "gdbserver",
    "hping3",
    "hydra",
    "john",
    "ltrace",
    "lldb",
    "masscan",
    "nc",
    "nc.openbsd",
    "nc.traditional",
    "ncat",
    "nmap",
    "objdump",
    "openocd",
    "perf",
    "socat",
    "strace",
    "tcpdump",
    "tshark",
    "valgrind",
];
const INTERPRETERS: &[&str] = &[
    "expect", "guile", "lua", "luajit", "node", "nodejs", "perl", "php", "python", "ruby", "tclsh",
    "wish",
];
const LEGACY: &[&str] = &[
    "atftpd",
    "fingerd",
    "ftpd",
    "in.fingerd",
    "in.ftpd",
    "in.rexecd",
    "in.rlogind",
    "in.rshd",
    "in.telnetd",
    "in.tftpd",
    "inetd",
    "proftpd",
    "pure-ftpd",
    "rlogin",
    "rsh",
    "rsh-redone-rsh",
    "rwhod",
    "talkd",
    "telnet",
    "telnetd",
    "tftpd",
    "utelnetd",
    "vsftpd",
    "x11vnc",
    "xinetd",
    "ypbind",
    "ypserv",
];

/// Looks into the folders of programs.
///
/// # Errors
/// There is none of them, in words.
pub fn look(machine: &Machine) -> Result<Tools, String> {
    let mut files = BTreeSet::new();
    for folder in FOLDERS {
        let names = machine.names_in(folder);
        files.extend(names.iter().map(|name| machine_path(machine, folder, name)));
    }
    if files.is_empty() {
        return Err("no programs lie under this root: there is no /usr/bin".into());
    }
    let of = |kind: &[&str]| files.iter().filter(|path| is_one_of(path, kind)).cloned().collect();
    Ok(Tools {
        compilers: of(COMPILERS),
        debuggers: of(DEBUGGERS),
        interpreters: of(INTERPRETERS),
        legacy: of(LEGACY),
    })
}

/// A folder may be a link to another one of them: a program is named once, by where it lies.
fn machine_path(machine: &Machine, folder: &str, name: &str) -> String {
    format!("{}/{name}", machine.real(folder))
}

/// By its name without a target before it and a version behind it: `x86_64-linux-gnu-gcc-12` is `gcc`.
fn is_one_of(path: &str, kind: &[&str]) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let without_target = name.rsplit_once("-linux-gnu-").map_or(name, |(_, rest)| rest);
    let without_target =
        without_target.rsplit_once("-none-eabi-").map_or(without_target, |(_, rest)| rest);
    let plain =
        without_target.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    [name, without_target, plain].iter().any(|name| kind.contains(name))
}

#[cfg(test)]
mod tests {
    use super::{COMPILERS, INTERPRETERS, is_one_of};

    #[test]
    fn a_tool_is_known_under_its_longer_names() {
        for path in [
            "/usr/bin/x86_64-linux-gnu-gcc-12",
            "/usr/bin/gcc",
            "/usr/bin/c++",
            "/usr/bin/arm-none-eabi-gcc",
        ] {
            assert!(is_one_of(path, COMPILERS), "{path}");
        }
        assert!(is_one_of("/usr/bin/python3.11", INTERPRETERS));
        for path in ["/usr/bin/gccxml", "/usr/bin/pyt", "/usr/bin/assemble"] {
            assert!(!is_one_of(path, COMPILERS) && !is_one_of(path, INTERPRETERS), "{path}");
        }
    }
}
