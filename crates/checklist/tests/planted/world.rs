//! A small machine in a temporary folder, sound in every way, for faults to be planted in.

use pintle_checklist::machine::Machine;
use pintle_checklist::profile::{Port, Profile};
use pintle_checklist::{Scene, application, system};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// A machine, the profile of what it ships, and images of its microcontrollers.
pub struct World {
    pub root: TempDir,
    pub profile: Profile,
    pub images: Vec<PathBuf>,
}

/// A line of the kernel's tables of sockets.
pub fn socket_line(address: &str, port: u16, state: &str, inode: u32) -> String {
    format!(
        "   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100\n"
    )
}

pub const ANY: &str = "00000000";
pub const LOOPBACK: &str = "0100007F";
pub const LISTENS: &str = "0A";

impl World {
    /// One program, three sockets, all declared; nothing else.
    pub fn sound() -> Self {
        let world =
            Self { root: tempfile::tempdir().unwrap(), profile: profile(), images: Vec::new() };
        fs::set_permissions(world.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        world.accounts();
        world.kernel();
        world.mounts();
        world.program(100, "/usr/bin/served", "1000 1000 1000 1000");
        for (file, inode) in [("3", 41), ("4", 42), ("5", 43)] {
            world.link(&format!("proc/100/fd/{file}"), &format!("socket:[{inode}]"));
        }
        let listening =
            [socket_line(ANY, 8080, LISTENS, 41), socket_line(LOOPBACK, 9000, LISTENS, 42)];
        world.write("proc/100/net/tcp", &format!("heading\n{}", listening.concat()));
        fs::create_dir_all(world.path("run")).unwrap();
        world.write(
            "proc/100/net/unix",
            "heading\n0: 00000002 00000000 00010000 0001 01 43 /run/served.sock\n",
        );
        drop(std::os::unix::net::UnixListener::bind(world.path("run/served.sock")).unwrap());
        world.mode("run/served.sock", 0o666);
        world.mode("usr/bin/su", 0o4755);
        world
    }

    fn accounts(&self) {
        let own = fs::metadata(self.root.path()).unwrap().uid();
        let builder = if own == 0 {
            String::new()
        } else {
            format!("builder:x:{own}:{own}::/:/usr/sbin/nologin\n")
        };
        self.write(
            "etc/passwd",
            &format!("root:x:0:0:root:/root:/bin/bash\noperator:x:1000:1000::/home/operator:/bin/bash\n{builder}"),
        );
        self.write("etc/shadow", "root:*:1::::::\noperator:$y$j9T$abc$def:1::::::\n");
        self.mode("etc/shadow", 0o600);
        self.write("etc/sudoers", "root ALL=(ALL:ALL) ALL\n");
        self.mode("etc/sudoers", 0o440);
        for program in ["usr/sbin/sshd", "usr/bin/served", "usr/bin/su"] {
            self.write(program, "");
            self.mode(program, 0o755);
        }
        self.write(
            "etc/ssh/sshd_config",
            "PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
        );
        fs::create_dir_all(self.path("home/operator")).unwrap();
        self.mode("home/operator", 0o700);
        // Both have no files, so that nothing else looks at them.
        for unit in ["nftables.service", "chrony.service"] {
            self.link(&format!("etc/systemd/system/sysinit.target.wants/{unit}"), "/lib/gone");
        }
        self.write("var/log/journal/here", "");
    }

    fn kernel(&self) {
        for (path, value) in [
            ("dev/tty/ldisc_autoload", "0"),
            ("fs/protected_fifos", "2"),
            ("fs/protected_hardlinks", "1"),
            ("fs/protected_regular", "2"),
            ("fs/protected_symlinks", "1"),
            ("fs/suid_dumpable", "0"),
            ("kernel/core_pattern", "|/bin/false"),
            ("kernel/dmesg_restrict", "1"),
            ("kernel/kexec_load_disabled", "1"),
            ("kernel/kptr_restrict", "2"),
            ("kernel/perf_event_paranoid", "3"),
            ("kernel/randomize_va_space", "2"),
            ("kernel/sysrq", "0"),
            ("kernel/tainted", "0"),
            ("kernel/unprivileged_bpf_disabled", "1"),
            ("kernel/yama/ptrace_scope", "1"),
            ("net/core/bpf_jit_harden", "2"),
            ("net/ipv4/conf/all/accept_redirects", "0"),
            ("net/ipv4/conf/all/accept_source_route", "0"),
            ("net/ipv4/conf/all/rp_filter", "1"),
            ("net/ipv4/conf/all/send_redirects", "0"),
            ("net/ipv4/conf/default/accept_redirects", "0"),
            ("net/ipv4/conf/default/accept_source_route", "0"),
            ("net/ipv4/conf/default/rp_filter", "1"),
            ("net/ipv4/conf/default/send_redirects", "0"),
            ("net/ipv4/icmp_echo_ignore_broadcasts", "1"),
            ("net/ipv4/ip_forward", "0"),
            ("net/ipv4/tcp_syncookies", "1"),
            ("vm/mmap_min_addr", "65536"),
        ] {
            self.write(&format!("proc/sys/{path}"), value);
        }
        self.write("proc/net/protocols", "protocol size\nTCPv6 1\nTCP 1\nUDP 1\n");
        self.write("sys/class/net/eth0/flags", "0x1003\n");
        self.write("sys/firmware/efi/efivars/SecureBoot-8be4", "\u{6}\0\0\0\u{1}");
    }

    fn mounts(&self) {
        let of = |point: &str| format!("2 1 0:9 / {point} rw,nosuid,nodev - tmpfs tmpfs rw\n");
        let disk = "1 0 254:0 / / rw,relatime - ext4 /dev/vda rw\n".to_owned();
        self.write(
            "proc/1/mountinfo",
            &[disk, of("/tmp"), of("/var"), of("/home"), of("/dev/shm")].concat(),
        );
        self.write("sys/dev/block/254:0/dm/uuid", "CRYPT-LUKS2-1-root\n");
        self.add("proc/1/mountinfo", "3 1 0:3 / /proc rw - proc proc rw,hidepid=invisible\n");
        self.write("sys/kernel/security/lsm", "capability,apparmor\n");
        self.link("proc/1/ns/net", "net:[1]");
    }

    /// A process of this number, from this file, with these user ids.
    pub fn program(&self, id: u32, path: &str, uids: &str) {
        let status = format!(
            "Name:\tx\nPPid:\t1\nTracerPid:\t0\nUid:\t{uids}\nCapEff:\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n"
        );
        self.write(&format!("proc/{id}/status"), &status);
        self.write(&format!("proc/{id}/cmdline"), &format!("{path}\0"));
        self.write(&format!("proc/{id}/maps"), "");
        self.write(&format!("proc/{id}/environ"), "");
        self.link(&format!("proc/{id}/exe"), path);
        self.link(&format!("proc/{id}/ns/net"), "net:[1]");
        fs::create_dir_all(self.path(&format!("proc/{id}/fd"))).unwrap();
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Writes a file in place of what is there.
    pub fn write(&self, path: &str, text: &str) {
        self.bytes(path, text.as_bytes());
    }

    pub fn bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }

    /// Adds to a file.
    pub fn add(&self, path: &str, text: &str) {
        let before = fs::read_to_string(self.path(path)).unwrap_or_default();
        let mode = fs::metadata(self.path(path)).map_or(0o644, |about| about.mode());
        self.write(path, &(before + text));
        self.mode(path, mode & 0o7777);
    }

    pub fn link(&self, path: &str, to: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        symlink(to, path).unwrap();
    }

    pub fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap()
        } else {
            fs::remove_file(path).unwrap()
        }
    }

    pub fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn machine(&self) -> Machine {
        Machine::at(self.root.path())
    }

    /// What both rooms see of it.
    pub fn scene(&self) -> Scene {
        Scene {
            system: system::look(self.root.path(), &self.profile),
            application: application::look(self.root.path(), &self.images),
            profile: self.profile.clone(),
            ..Scene::default()
        }
    }
}

fn profile() -> Profile {
    let port = |protocol: &str, port, path: Option<&str>, loopback| Port {
        protocol: protocol.into(),
        port,
        path: path.map(str::to_owned),
        program: Some("/usr/bin/served".into()),
        loopback,
        purpose: "what it is for".into(),
    };
    let mut profile = Profile {
        name: "lamp".into(),
        ports: vec![
            port("tcp", Some(8080), None, false),
            port("tcp", Some(9000), None, true),
            port("unix", None, Some("/run/served.sock"), false),
        ],
        programs: vec!["/usr/bin/served".into()],
        ..Profile::default()
    };
    profile.host.logins = vec!["operator".into()];
    profile.host.set_uid = vec!["/usr/bin/su".into()];
    profile
}

/// A sound machine with a fault planted in it, looked at.
pub fn with(plant: impl FnOnce(&mut World)) -> Scene {
    let mut world = World::sound();
    plant(&mut world);
    world.scene()
}

/// A sound machine, looked at.
pub fn sound() -> Scene {
    static SOUND: LazyLock<Scene> = LazyLock::new(|| World::sound().scene());
    SOUND.clone()
}

/// All that is in a folder: path, mode, and what it says or leads to.
pub fn contents(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::symlink_metadata(&path).unwrap();
            if about.is_dir() {
                open.push(path.clone());
            }
            let says = fs::read_link(&path).map(PathBuf::into_os_string).ok();
            let times = (about.mtime_nsec(), about.ctime_nsec());
            all.push(format!("{path:?} {:o} {says:?} {} {times:?}", about.mode(), about.len()));
        }
    }
    all.sort();
    all
}
