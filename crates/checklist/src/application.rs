//! Item 2, applications: what runs, with which rights; what an image for a microcontroller was left with.

use crate::check::Check;
use crate::look::Look;
use crate::machine::Machine;
use serde::Serialize;
use std::path::{Path, PathBuf};

mod claim;
pub mod files;
pub mod image;
pub mod of_root;
pub mod running;
pub mod schedule;
pub mod service;
pub mod tool;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Applications {
    /// Programs that run.
    pub running: Look<running::Running>,
    /// Services that are started.
    pub services: Look<service::Services>,
    /// What runs by the clock.
    pub schedule: Look<schedule::Schedule>,
    /// Files with rights, and files that others may write.
    pub files: Look<files::Files>,
    /// What root runs and others may write.
    pub of_root: Look<of_root::OfRoot>,
    /// Tools that help an intruder.
    pub tools: Look<tool::Tools>,
    /// Images for microcontrollers.
    pub images: Look<Vec<image::Image>>,
}

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &claim::program::DECLARED,
    &claim::program::USED,
    &claim::program::IN_PLACE,
    &claim::program::TRACED,
    &claim::program::ARGUMENTS,
    &claim::program::PRELOADED,
    &claim::program::LIBRARIES,
    &claim::rights::NETWORK_ROOT,
    &claim::rights::NETWORK_CONFINED,
    &claim::rights::OF_ROOT,
    &claim::service::DECLARED,
    &claim::service::SANDBOXED,
    &claim::service::SCHEDULED,
    &claim::file::SET_UID,
    &claim::file::CAPABILITIES,
    &claim::file::WRITABLE,
    &claim::file::OWNERLESS,
    &claim::tool::COMPILERS,
    &claim::tool::DEBUGGERS,
    &claim::tool::INTERPRETERS,
    &claim::tool::LEGACY,
    &claim::image::CONSOLES,
    &claim::image::DEBUG_PORTS,
    &claim::image::KEYS,
    &claim::image::CREDENTIALS,
    &claim::image::SYMBOLS,
    &claim::image::BUILD_PATHS,
];

/// Looks at what runs on the machine whose files are under this root, and into these images. Reads alone.
#[must_use]
pub fn look(root: &Path, images: &[PathBuf]) -> Look<Applications> {
    let machine = Machine::at(root);
    if let Err(error) = machine.list("") {
        return Look::unseen(format!("{} cannot be read: {error}", root.display()));
    }
    let found = Applications {
        running: part(
            &["/proc/*/{exe,status,cmdline,maps,environ}", "/etc/ld.so.preload"],
            running::look(&machine),
        ),
        services: part(
            &[
                "/etc/systemd/system/*.wants",
                "/etc/rc*.d",
                "systemd-analyze security --offline=true",
            ],
            service::look(&machine),
        ),
        schedule: Look::seen(
            ["/etc/cron*", "/var/spool/cron", "timers that are enabled"],
            schedule::look(&machine),
        ),
        files: Look::seen(
            ["mode, owner and capabilities of every file on the disks"],
            files::look(&machine),
        ),
        of_root: Look::seen(
            ["owner and mode of all that root runs, and of the folders above it"],
            of_root::look(&machine),
        ),
        tools: part(&["the folders of programs"], tool::look(&machine)),
        images: look_into(images),
    };
    Look::seen(["what follows, part by part"], found)
}

fn look_into(images: &[PathBuf]) -> Look<Vec<image::Image>> {
    if images.is_empty() {
        return Look::unseen("no image for a microcontroller was given: pass --module FILE");
    }
    let mut paths: Vec<&PathBuf> = images.iter().collect();
    paths.sort();
    let found: Result<Vec<image::Image>, String> =
        paths.into_iter().map(|path| image::look(path)).collect();
    part(&["texts, symbols and keys in each image"], found)
}

fn part<T>(ran: &[&str], found: Result<T, String>) -> Look<T> {
    match found {
        Ok(found) => Look::seen(ran.iter().copied(), found),
        Err(why) => Look::unseen(why),
    }
}
