//! Faults of an operating system.

use crate::Plant;
use crate::world::{ANY, LISTENS, World, contents, socket_line, sound, with};
use pintle_checklist::system::outside;
use pintle_checklist::{Look, Scene};
use std::net::{IpAddr, Ipv4Addr, TcpListener};

/// A setting of the kernel is this.
fn set(path: &str, value: &str) -> Scene {
    with(|world| world.write(&format!("proc/sys/{path}"), value))
}

/// A program takes the place of what served listens with.
fn listening(address: &str, port: u16) -> Scene {
    with(|world| {
        let before = std::fs::read_to_string(world.path("proc/100/net/tcp")).unwrap();
        world.write("proc/100/net/tcp", &(before + &socket_line(address, port, LISTENS, 44)));
        world.program(101, "/usr/bin/other", "1000 1000 1000 1000");
        world.link("proc/101/fd/3", "socket:[44]");
    })
}

/// A real port of this machine, which the planted tables name or do not.
fn probed(named: bool) -> Scene {
    let world = World::sound();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    if named {
        world.write("proc/net/tcp", &socket_line(ANY, port, LISTENS, 1));
    }
    let own = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
    let found = outside::probe(&world.machine(), &own, port..=port).unwrap();
    let mut scene = world.scene();
    scene.system.found.as_mut().unwrap().outside = Look::seen(["a probe"], found);
    scene
}

const fn plant(check: &'static str, broken: fn() -> Scene) -> Plant {
    Plant { check, broken, sound }
}

pub const PLANTS: &[Plant] = &[
    plant("system-profile-confirmed", || {
        with(|world| world.profile.please_confirm.push("ports".into()))
    }),
    plant("system-ports-declared", || listening(ANY, 23)),
    plant("system-ports-programs", || with(|world| world.link("proc/100/exe", "/usr/bin/other"))),
    plant("system-ports-loopback", || listening(ANY, 9000)),
    plant("system-ports-used", || with(|world| world.write("proc/100/net/tcp", ""))),
    Plant { check: "system-ports-outside", broken: || probed(false), sound: || probed(true) },
    plant("system-ports-chosen", || listening(ANY, 40_001)),
    plant("system-unix-sockets-declared", || {
        with(|world| {
            world.add("proc/100/net/unix", "0: 00000002 00000000 00010000 0001 01 45 @open\n")
        })
    }),
    plant("system-raw-sockets-declared", || {
        with(|world| world.write("proc/100/net/packet", "sk RefCnt\n00 3 3 0003 2 1 0 0 46\n"))
    }),
    plant("system-protocols-declared", || {
        with(|world| world.add("proc/net/protocols", "DCCPv6 1\n"))
    }),
    plant("system-protocols-barred", || {
        with(|world| {
            world.write("proc/modules", "ext4 1 0 - Live 0x0\n");
            world.write("proc/sys/kernel/osrelease", "6.1\n");
            world.write(
                "lib/modules/6.1/modules.dep",
                "kernel/net/sctp/sctp.ko.xz:\nkernel/net/rds/rds.ko:\n",
            );
            world.write("etc/modprobe.d/rare.conf", "install rds /bin/false\n");
        })
    }),
    plant("system-network-redirects", || set("net/ipv4/conf/all/accept_redirects", "1")),
    plant("system-network-spoofing", || set("net/ipv4/tcp_syncookies", "0")),
    plant("system-network-forwarding", || set("net/ipv4/ip_forward", "1")),
    plant("system-kernel-addresses", || set("kernel/randomize_va_space", "1")),
    plant("system-kernel-pointers", || set("kernel/kptr_restrict", "0")),
    plant("system-kernel-tracing", || with(|world| world.remove("proc/sys/kernel/yama"))),
    plant("system-kernel-bpf", || set("kernel/unprivileged_bpf_disabled", "0")),
    plant("system-kernel-links", || set("fs/protected_symlinks", "0")),
    plant("system-kernel-cores", || set("kernel/core_pattern", "core")),
    plant("system-kernel-replaced", || set("kernel/sysrq", "438")),
    plant("system-modules-signed", || {
        with(|world| world.write("proc/modules", "ext4 1 0 - Live 0x0\n"))
    }),
    plant("system-kernel-untainted", || set("kernel/tainted", "12288")),
    plant("system-boot-verified", || {
        with(|world| world.write("sys/firmware/efi/efivars/SecureBoot-8be4", "\u{6}\0\0\0\0"))
    }),
    plant("system-mounts-temporary", || {
        with(|world| world.add("proc/1/mountinfo", "9 1 0:9 / /tmp rw - tmpfs tmpfs rw\n"))
    }),
    plant("system-mounts-of-others", || {
        with(|world| {
            world.add("proc/1/mountinfo", "9 1 0:9 / /mnt rw,nosuid - nfs4 server:/x rw\n")
        })
    }),
    plant("system-disk-encrypted", || {
        with(|world| world.write("sys/dev/block/254:0/dm/uuid", "LVM-x\n"))
    }),
    plant("system-processes-hidden", || {
        with(|world| world.add("proc/1/mountinfo", "3 1 0:3 / /proc rw - proc proc rw\n"))
    }),
    plant("system-mounts-separate", || {
        with(|world| world.write("proc/1/mountinfo", "1 0 254:0 / / rw - ext4 /dev/vda rw\n"))
    }),
    plant("system-accounts-homes", || with(|world| world.mode("home/operator", 0o755))),
    plant("system-file-systems-barred", || {
        with(|world| world.write("proc/filesystems", "nodev\tproc\n\text4\n\thfsplus\n"))
    }),
    plant("system-plugs-barred", || {
        with(|world| {
            world.write("proc/modules", "ext4 1 0 - Live 0x0\n");
            world.write("proc/sys/kernel/osrelease", "6.1\n");
            world.write(
                "lib/modules/6.1/modules.dep",
                "kernel/drivers/usb/storage/usb-storage.ko:\n",
            );
        })
    }),
    plant("system-packet-filter", || {
        with(|world| world.remove("etc/systemd/system/sysinit.target.wants/nftables.service"))
    }),
    plant("system-mandatory-access", || {
        with(|world| world.write("sys/kernel/security/lsm", "capability,landlock\n"))
    }),
    plant("system-clock-kept", || {
        with(|world| world.remove("etc/systemd/system/sysinit.target.wants/chrony.service"))
    }),
    plant("system-log-kept", || with(|world| world.remove("var/log/journal"))),
    plant("system-accounts-empty-passwords", || {
        with(|world| world.write("etc/shadow", "root::1::::::\noperator:$y$j9T$abc$def:1::::::\n"))
    }),
    plant("system-accounts-one-root", || {
        with(|world| world.add("etc/passwd", "toor:x:0:0::/root:/usr/sbin/nologin\n"))
    }),
    plant("system-accounts-declared", || {
        with(|world| {
            world.add("etc/passwd", "pi:x:1001:1001::/home/pi:/bin/bash\n");
            world.add("etc/shadow", "pi:$y$j9T$abc$def:1::::::\n");
        })
    }),
    plant("system-accounts-password-hashes", || {
        with(|world| world.write("etc/shadow", "operator:$1$abc$def:1::::::\n"))
    }),
    plant("system-accounts-files", || with(|world| world.mode("etc/shadow", 0o644))),
    plant("system-accounts-sudo", || {
        with(|world| world.add("etc/sudoers", "operator ALL=(ALL) NOPASSWD: ALL\n"))
    }),
    plant("system-ssh-root", || {
        with(|world| {
            world.add("etc/ssh/sshd_config", "Match Address 10.0.0.0/8\nPermitRootLogin yes\n")
        })
    }),
    plant("system-ssh-keys-alone", || {
        with(|world| world.write("etc/ssh/sshd_config", "PermitRootLogin no\n"))
    }),
    plant("system-ssh-algorithms", || {
        with(|world| world.add("etc/ssh/sshd_config", "Ciphers +aes128-cbc\n"))
    }),
];

#[test]
fn looking_changes_nothing_and_sees_the_same_again() {
    let world = World::sound();
    let before = contents(world.root.path());
    let evidence = || {
        let scene = world.scene();
        pintle_checklist::Room::ALL.map(|room| scene.evidence(room).unwrap())
    };
    assert_eq!(evidence(), evidence());
    assert_eq!(contents(world.root.path()), before);
}

#[test]
fn sockets_of_another_network_namespace_are_seen() {
    let scene = with(|world| {
        world.program(102, "/usr/bin/inside", "0 0 0 0");
        world.link("proc/102/ns/net", "net:[2]");
        world.write("proc/102/net/tcp", &socket_line(ANY, 80, LISTENS, 47));
    });
    let sockets = scene.system.found.unwrap().sockets.found.unwrap();
    let subjects: Vec<String> = sockets.open.iter().map(|socket| socket.subject()).collect();
    assert!(
        subjects.contains(&"tcp/80 in the network of /usr/bin/inside".to_owned()),
        "{subjects:?}"
    );
}

#[test]
fn no_password_is_evidence() {
    let scene = sound();
    let evidence = scene.evidence(pintle_checklist::Room::System).unwrap();
    assert!(!String::from_utf8(evidence).unwrap().contains("j9T"));
}
