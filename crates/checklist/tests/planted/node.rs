//! Faults of a node: planted in a data folder, a machine's `/proc` and `/sys`, and in what the node tells.

use crate::Plant;
use pintle_checklist::node::{Audit, Source, look};
use pintle_checklist::survey::{DataKey, Limit, Running, Survey, Watch};
use pintle_checklist::{Look, Scene};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

const DAY_MS: i64 = 24 * 3_600 * 1_000;
const NOW_MS: i64 = 20_000 * DAY_MS;
const PROCESS: u32 = 4_711;

/// A machine, its node, and what whoever looks is given.
struct Machine {
    root: PathBuf,
    data: PathBuf,
    source: Source,
}

impl Machine {
    fn new(root: &Path) -> Self {
        let data = root.join("data");
        let machine = Self { root: root.into(), data: data.clone(), source: source(root, &data) };
        machine.write("data/keys/udp.der", "key", 0o600);
        machine.write("data/store.sqlite3", "store", 0o600);
        machine.write("data/ca.pem", "certificate", 0o644);
        machine.write("elsewhere/node.key", "key", 0o600);
        fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(data.join("keys"), Permissions::from_mode(0o700)).unwrap();
        drop(UnixListener::bind(data.join("control.sock")).unwrap());
        machine.mode("data/control.sock", 0o600);
        machine.status(&format!(
            "Uid:\t{0}\t{0}\t{0}\t{0}\nCapEff:\t0000000000000400\nNoNewPrivs:\t1\nSeccomp:\t2\n",
            machine.user().max(1)
        ));
        machine.limits("0");
        machine.write("usr/bin/pintle", "program", 0o755);
        symlink("/usr/bin/pintle", root.join(format!("proc/{PROCESS}/exe"))).unwrap();
        let mounts = format!(
            "36 25 253:1 / {} rw - ext4 /dev/dm-1 rw\n",
            fs::canonicalize(root).unwrap().display()
        );
        machine.write("proc/self/mountinfo", &mounts, 0o644);
        machine.write("proc/swaps", "Filename Type\n/dev/zram0 partition\n", 0o644);
        machine.write("sys/dev/block/253:1/dm/uuid", "CRYPT-LUKS2-x", 0o644);
        machine
    }

    fn write(&self, path: &str, text: &str, mode: u32) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.root.join(path), Permissions::from_mode(mode)).unwrap();
    }

    fn status(&self, text: &str) {
        self.write(&format!("proc/{PROCESS}/status"), text, 0o644);
    }

    fn limits(&self, core: &str) {
        let text =
            format!("Max core file size        {core}          unlimited            bytes\n");
        self.write(&format!("proc/{PROCESS}/limits"), &text, 0o644);
    }

    /// Whose the files of this test are.
    fn user(&self) -> u32 {
        fs::metadata(&self.root).unwrap().uid()
    }

    fn survey(&mut self) -> &mut Survey {
        self.source.survey.as_deref_mut().unwrap()
    }

    fn scene(&self) -> Scene {
        let now_ms = u64::try_from(NOW_MS).unwrap();
        Scene { now_ms, node: look(&self.source, &self.root), ..Scene::default() }
    }
}

fn source(root: &Path, data: &Path) -> Source {
    let mut survey = Survey {
        version: "1.2.3".into(),
        running: Some(Running { process: PROCESS, watch: Watch::default() }),
        data_keys: vec![DataKey {
            label: "token".into(),
            generation: 2,
            made_at_ms: NOW_MS - 200 * DAY_MS,
            newest: true,
        }],
        ..Survey::default()
    };
    survey.settings.data = data.into();
    survey.settings.key_file = root.join("elsewhere/node.key");
    survey.settings.contact = true;
    survey.settings.audit_heads = Some(root.join("elsewhere/heads"));
    survey.settings.limits = vec![Limit { name: "logins".into(), value: 200, usual: 100 }];
    survey.milestones.began_ms = Some(NOW_MS - 400 * DAY_MS);
    survey.milestones.backed_up_ms = Some(NOW_MS - DAY_MS);
    survey.milestones.restored_ms = Some(NOW_MS - 90 * DAY_MS);
    survey.milestones.key_copied_ms = Some(NOW_MS - 400 * DAY_MS);
    Source {
        data: Some(data.into()),
        survey: Ok(Box::new(survey)),
        audit: Look::seen(["verified"], Audit::default()),
        installed: "1.2.3".into(),
    }
}

/// A machine with this changed, looked at. The user of the process is the owner of the folder, so that a test may run as
/// root.
fn with(change: fn(&mut Machine)) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(folder.path());
    change(&mut machine);
    machine.scene()
}

fn sound() -> Scene {
    with(|machine| {
        // Where the test runs as root, its files are root's, and so is the process that they are compared with.
        if machine.user() == 0 {
            machine.status("Uid:\t0\t0\t0\t0\nCapEff:\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n");
        }
    })
}

/// A sound machine whose process is a user's, whoever runs the test.
fn sound_user() -> Scene {
    with(|_| {})
}

fn settings(change: fn(&mut pintle_checklist::survey::Settings)) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(folder.path());
    change(&mut machine.survey().settings);
    machine.scene()
}

/// The program of a machine is the owner's of the test's files: of an ordinary user's it is said that it can be changed.
fn program(change: fn(&mut pintle_checklist::node::Program)) -> Scene {
    let mut scene = sound();
    let node = scene.node.found.as_mut().unwrap();
    let found = node.program.found.as_mut().unwrap();
    found.changeable.retain(|(_, who)| !who.starts_with("user "));
    change(found);
    scene
}

macro_rules! plants {
    ($($with:ident, $sound:expr, $check:literal: $change:expr,)+) => {
        &[$(Plant { check: $check, broken: || $with($change), sound: $sound },)+]
    };
}

pub const PLANTS: &[Plant] = plants! {
    with, sound, "node-folder-private": |machine| machine.mode("data", 0o750),
    with, sound, "node-keys-private": |machine| machine.mode("data/keys/udp.der", 0o640),
    with, sound, "node-key-apart": |machine| {
        machine.survey().settings.key_file = machine.data.join("keys/udp.der");
    },
    with, sound, "node-files-owned": |machine| {
        machine.status("Uid:\t54321\t54321\t54321\t54321\nCapEff:\t0\n");
    },
    with, sound, "node-socket-private": |machine| machine.mode("data/control.sock", 0o666),
    with, sound_user, "node-user-not-root": |machine| machine.status("Uid:\t0\t0\t0\t0\nCapEff:\t0\n"),
    with, sound, "node-sandboxed": |machine| machine.status("Uid:\t1\t1\t1\t1\nCapEff:\t0\nNoNewPrivs:\t0\nSeccomp:\t2\n"),
    with, sound, "node-no-core-dumps": |machine| machine.limits("unlimited"),
    with, || program(|_| {}), "node-program-kept": |machine| machine.mode("usr/bin/pintle", 0o777),
    with, sound, "node-version-current": |machine| machine.source.installed = "1.2.4".into(),
    with, sound, "node-backup-recent": |machine| machine.survey().milestones.backed_up_ms = None,
    with, sound, "node-restore-tried": |machine| {
        machine.survey().milestones.restored_ms = Some(NOW_MS - 300 * DAY_MS);
    },
    with, sound, "node-key-copied": |machine| machine.survey().milestones.key_copied_ms = None,
    with, sound, "node-disk-encrypted": |machine| machine.write("sys/dev/block/253:1/dm/uuid", "LVM-x", 0o644),
    with, sound, "node-swap-encrypted": |machine| machine.write("proc/swaps", "Filename\n/swapfile file\n", 0o644),
    settings, sound, "node-metrics-private": |settings| settings.metrics = Some("0.0.0.0:9090".parse().unwrap()),
    settings, sound, "node-tcp-service-off": |settings| settings.tcp = Some("0.0.0.0:5683".parse().unwrap()),
    settings, sound, "node-limits-on": |settings| settings.limits[0].value = 1_000_000,
    settings, sound, "node-egress-filtered": |settings| settings.webhook_networks = vec!["10.0.0.0/8".into()],
    settings, sound, "node-contact-named": |settings| settings.contact = false,
    with, sound, "node-audit-chain": |machine| {
        let findings = vec!["entry 7 was altered".into()];
        machine.source.audit = Look::seen(["verified"], Audit { findings, heads_compared: false });
    },
    with, sound, "node-audit-heads": |machine| {
        machine.survey().settings.audit_heads = Some(machine.data.join("heads"));
    },
    settings, sound, "node-audit-kept": |settings| settings.audit_keep_days = Some(30),
    with, sound, "node-data-keys-fresh": |machine| machine.survey().data_keys[0].made_at_ms = 0,
    with, sound, "node-data-keys-destroyed": |machine| {
        let old = DataKey { generation: 1, newest: false, ..machine.survey().data_keys[0].clone() };
        machine.survey().data_keys.push(old);
    },
};

#[test]
fn a_program_that_was_replaced_under_a_running_node_is_found() {
    let scene = with(|machine| {
        let link = machine.root.join(format!("proc/{PROCESS}/exe"));
        fs::remove_file(&link).unwrap();
        symlink("/usr/bin/pintle (deleted)", link).unwrap();
    });
    let check = pintle_checklist::check_named("node-version-current").unwrap();
    assert!(matches!((check.judge)(&scene), pintle_checklist::Verdict::Broken { .. }));
}

#[test]
fn looking_at_a_node_changes_nothing_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::new(folder.path());
    let state = || {
        let each = fs::read_dir(&machine.data).unwrap().map(|entry| {
            let meta = entry.as_ref().unwrap().metadata().unwrap();
            (entry.unwrap().path(), meta.mtime_nsec(), meta.mode())
        });
        let mut all: Vec<_> = each.collect();
        all.sort();
        all
    };
    let before = state();
    drop(machine.scene());
    assert_eq!(before, state());
}

#[test]
fn a_node_that_does_not_run_is_said_to_be_so_and_its_files_are_looked_at() {
    let scene = with(|machine| machine.source.survey = Err("it does not answer".into()));
    let verdict = |id| (pintle_checklist::check_named(id).unwrap().judge)(&scene);
    assert!(matches!(verdict("node-keys-private"), pintle_checklist::Verdict::Holds { .. }));
    assert!(matches!(verdict("node-user-not-root"), pintle_checklist::Verdict::Untried { .. }));
    assert!(matches!(verdict("node-key-apart"), pintle_checklist::Verdict::Untried { .. }));
}
