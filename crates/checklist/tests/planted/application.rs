//! Faults of applications.

use crate::Plant;
use crate::world::{World, sound, with};
use pintle_checklist::Scene;
use pintle_checklist::application::service::Service;

const fn plant(check: &'static str, broken: fn() -> Scene) -> Plant {
    Plant { check, broken, sound }
}

/// What served's own `/proc` says is this.
fn said(file: &str, text: &str) -> Scene {
    with(|world| world.write(&format!("proc/100/{file}"), text))
}

/// A line of served's status is another one.
fn status(line: &str, other: &str) -> Scene {
    with(|world| {
        let status = std::fs::read_to_string(world.path("proc/100/status")).unwrap();
        assert!(status.contains(line), "{line}");
        world.write("proc/100/status", &status.replace(line, other));
    })
}

/// A program lies among the others.
fn shipped(path: &str) -> Scene {
    with(|world| world.write(path, ""))
}

/// An image holds these bytes.
fn image(bytes: &[u8]) -> Scene {
    with(|world| {
        world.bytes("images/lamp.bin", bytes);
        world.images.push(world.path("images/lamp.bin"));
    })
}

fn sound_image() -> Scene {
    image(b"\0\0lamp of the second kind\0\x01\x02usage: on or off\0")
}

const fn of_image(check: &'static str, broken: fn() -> Scene) -> Plant {
    Plant { check, broken, sound: sound_image }
}

/// One service is enabled, and systemd counts so much for it.
fn exposed(exposure: f64) -> Scene {
    let mut scene = sound();
    let services = scene.application.found.as_mut().unwrap().services.found.as_mut().unwrap();
    services.enabled.push(Service {
        name: "served.service".into(),
        of_root: false,
        exposure: Some(exposure),
    });
    services.uncounted = None;
    scene
}

/// A file has capabilities. Only root may give it any, so it is planted in what the walk found.
fn capable() -> Scene {
    let mut scene = sound();
    let files = scene.application.found.as_mut().unwrap().files.found.as_mut().unwrap();
    files.capable.push("/usr/bin/served".into());
    scene
}

/// The smallest ELF file that names a function: a header, three sections, two symbols.
fn elf() -> Vec<u8> {
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let word = |file: &mut Vec<u8>, words: &[u32]| {
        words.iter().for_each(|one| file.extend(one.to_le_bytes()))
    };
    let half = |file: &mut Vec<u8>, halves: &[u16]| {
        halves.iter().for_each(|one| file.extend(one.to_le_bytes()))
    };
    half(&mut file, &[2, 40]);
    word(&mut file, &[1, 0, 0, 52, 0]);
    half(&mut file, &[52, 32, 0, 40, 3, 2]);
    // No section; symbols; their names, which are also those of the sections.
    let (symbols, names, end) = (52 + 3 * 40, 52 + 3 * 40 + 32, 6);
    word(&mut file, &[0; 10]);
    word(&mut file, &[0, 2, 0, 0, symbols, 32, 2, 1, 4, 16]);
    word(&mut file, &[0, 3, 0, 0, names, end, 0, 0, 1, 0]);
    word(&mut file, &[0; 4]);
    // A function called main, at an address of its own.
    word(&mut file, &[1, 0x100, 4]);
    file.extend([0x12, 0]);
    half(&mut file, &[1]);
    file.extend(b"\0main\0");
    file
}

pub const PLANTS: &[Plant] = &[
    plant("application-programs-declared", || {
        with(|world| world.program(103, "/usr/bin/miner", "1000 1000 1000 1000"))
    }),
    plant("application-programs-there", || {
        with(|world| world.profile.programs.push("/usr/bin/gone".into()))
    }),
    plant("application-programs-in-place", || {
        with(|world| world.link("proc/100/exe", "/usr/bin/served (deleted)"))
    }),
    plant("application-programs-untraced", || status("TracerPid:\t0", "TracerPid:\t7")),
    plant("application-arguments-without-secrets", || {
        said("cmdline", "served\0--password=hunter2\0")
    }),
    plant("application-libraries-not-preloaded", || {
        with(|world| world.write("etc/ld.so.preload", "/usr/lib/x.so\n"))
    }),
    plant("application-libraries-current", || {
        said("maps", "7f00-7f01 r-xp 00000000 fe:00 1   /usr/lib/libssl.so.3 (deleted)\n")
    }),
    plant("application-network-not-root", || status("Uid:\t1000 1000", "Uid:\t0 0")),
    plant("application-network-confined", || status("Seccomp:\t2", "Seccomp:\t0")),
    plant("application-root-paths", || {
        with(|world| {
            world.write("etc/systemd/system/tidy.service", "[Service]\nExecStart=/opt/tidy/run\n");
            world.link(
                "etc/systemd/system/multi-user.target.wants/tidy.service",
                "/etc/systemd/system/tidy.service",
            );
            world.write("opt/tidy/run", "");
            world.mode("opt/tidy", 0o777);
        })
    }),
    plant("application-services-declared", || {
        with(|world| {
            world.write("usr/lib/systemd/system/extra@.service", "[Service]\nExecStart=/bin/x\n");
            world.link(
                "etc/systemd/system/multi-user.target.wants/extra@1.service",
                "/usr/lib/systemd/system/extra@.service",
            );
        })
    }),
    Plant {
        check: "application-services-sandboxed",
        broken: || exposed(9.6),
        sound: || exposed(2.1),
    },
    plant("application-scheduled-declared", || {
        with(|world| world.write("etc/cron.d/beacon", "* * * * * root x\n"))
    }),
    plant("application-set-uid-declared", || {
        with(|world| {
            world.write("usr/lib/tool", "");
            world.mode("usr/lib/tool", 0o4755);
        })
    }),
    plant("application-capabilities-declared", capable),
    plant("application-files-not-writable", || {
        with(|world| {
            world.write("etc/lamp.conf", "");
            world.mode("etc/lamp.conf", 0o666);
        })
    }),
    plant("application-files-owned", || {
        with(|world| world.write("etc/passwd", "other:x:54321:1::/:/bin/false\n"))
    }),
    plant("application-no-compilers", || shipped("usr/bin/arm-none-eabi-gcc-12")),
    plant("application-no-debuggers", || shipped("usr/bin/tcpdump")),
    plant("application-interpreters-declared", || shipped("usr/bin/python3.11")),
    plant("application-no-legacy-servers", || shipped("usr/sbin/in.telnetd")),
    of_image("application-image-no-console", || image(b"\0\0Unknown command: try help\0")),
    of_image("application-image-no-debug-port", || image(b"\0\0SEGGER RTT\0")),
    of_image("application-image-no-keys", || image(b"\0-----BEGIN RSA PRIVATE KEY-----\n")),
    of_image("application-image-no-passwords", || image(b"\0wifi_password=hunter2\0")),
    of_image("application-image-stripped", || image(&elf())),
    of_image("application-image-no-build-paths", || image(b"\0/home/somebody/lamp/main.c\0")),
];

#[test]
fn what_is_secret_is_in_no_evidence() {
    let mut world = World::sound();
    world.write("proc/100/cmdline", "served\0--password=hunter2\0");
    world.bytes("images/lamp.bin", b"\0psk=hunter2\0/home/somebody/x\0");
    world.images.push(world.path("images/lamp.bin"));
    let evidence = world.scene().evidence(pintle_checklist::Room::Application).unwrap();
    let evidence = String::from_utf8(evidence).unwrap();
    assert!(
        evidence.contains("--password")
            && !evidence.contains("hunter2")
            && !evidence.contains("somebody")
    );
}
