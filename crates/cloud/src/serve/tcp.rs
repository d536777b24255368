//! The door for devices of the TCP service, where the operator wants one: opened, named aloud, and closed.

use super::{MOST_SHARDS, ServeOptions, connections_at_once, spare};
use crate::device::{Enrolment, Mailbox};
use crate::door::{BoundTcp, DoorError, Surroundings, TcpDoor, TcpParts};
use crate::folder::Folder;
use crate::init::TCP_KEY_FILE;
use pintle_rsa::CloudKey;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use zeroize::Zeroizing;

/// So many devices over TCP there may be however few descriptors there are, and however many.
const FEWEST: usize = 64;
const MOST: usize = 1 << 20;

/// A door that listens and lets nobody in yet.
pub(super) struct Prepared {
    bound: BoundTcp,
    parts: TcpParts,
    enrolment: Enrolment,
}

/// An open door.
pub(super) struct Door {
    door: TcpDoor,
    enrolment: Enrolment,
}

/// Reads the key and binds the address, if there is to be such a door.
pub(super) fn prepare(
    folder: &Folder,
    options: &ServeOptions,
    descriptors: u64,
) -> Result<Option<Prepared>, DoorError> {
    let config = &folder.config.tcp;
    let Some(address) = options.tcp.or(config.enabled.then_some(config.listen)) else {
        return Ok(None);
    };
    let key = key(folder)?;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    // A fleet that comes back is private-key work and little else: 2,000 devices are 1.7 s of it, which one thread has
    // to itself where others could help. All else goes before these threads, so it has its cores still.
    let threads = config.rsa_threads.map_or(cores, |threads| threads.get().into());
    let most = folder.config.limits.connections.get();
    let connections =
        spare(descriptors).saturating_sub(connections_at_once(descriptors, true, most));
    let enrolment = Enrolment::default();
    let parts = TcpParts {
        key,
        enrolment: enrolment.clone(),
        pinning: folder.pinning(),
        threads: threads.min(MOST_SHARDS),
        connections: connections.clamp(FEWEST, MOST),
    };
    Ok(Some(Prepared { bound: BoundTcp::bind(address)?, parts, enrolment }))
}

fn key(folder: &Folder) -> Result<CloudKey, DoorError> {
    let path = folder.path.join(TCP_KEY_FILE);
    let wrong = |why: String| DoorError::TcpKey { path: path.clone(), why };
    let bytes = fs::read(&path).map(Zeroizing::new).map_err(|error| match error.kind() {
        ErrorKind::NotFound => wrong(format!(
            "there is no such key; make one with `pintle init --tcp --data {}`",
            folder.path.display()
        )),
        _ => wrong(error.to_string()),
    })?;
    CloudKey::read(&bytes).map_err(|error| wrong(error.to_string()))
}

impl Prepared {
    /// Where the door's commands are put in.
    pub(super) fn mailbox(&self) -> Mailbox {
        self.bound.mailbox()
    }

    /// Starts to serve.
    pub(super) fn open(
        self,
        around: &Surroundings,
        shards: Vec<Mailbox>,
    ) -> Result<Door, DoorError> {
        let door = self.bound.open(around, self.parts, shards)?;
        tracing::warn!(
            address = %door.address(),
            "serving the TCP service: its sessions have neither forward secrecy nor integrity"
        );
        Ok(Door { door, enrolment: self.enrolment })
    }
}

impl Door {
    /// Where the door's commands are put in.
    pub(super) fn mailbox(&self) -> Mailbox {
        self.door.mailbox()
    }

    /// The address bound.
    pub(super) fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Who may be pinned with the key they come with.
    pub(super) fn enrolment(&self) -> Enrolment {
        self.enrolment.clone()
    }

    /// Closes it.
    pub(super) fn close(self) {
        self.door.close();
    }
}
