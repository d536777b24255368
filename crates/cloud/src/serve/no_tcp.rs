//! No door for devices of the TCP service: this was built without.

use super::ServeOptions;
use crate::device::{Enrolment, Mailbox};
use crate::door::{DoorError, Surroundings};
use crate::folder::Folder;
use std::convert::Infallible;
use std::net::SocketAddr;

/// There is none.
pub(super) struct Prepared(Infallible);

/// There is none.
pub(super) struct Door(Infallible);

/// Refuses to start where there is to be such a door.
pub(super) fn prepare(
    folder: &Folder,
    options: &ServeOptions,
    _descriptors: u64,
) -> Result<Option<Prepared>, DoorError> {
    match options.tcp.is_some() || folder.config.tcp.enabled {
        true => Err(DoorError::NoTcp),
        false => Ok(None),
    }
}

impl Prepared {
    pub(super) fn mailbox(&self) -> Mailbox {
        match self.0 {}
    }

    pub(super) fn open(self, _: &Surroundings, _: Vec<Mailbox>) -> Result<Door, DoorError> {
        match self.0 {}
    }
}

impl Door {
    pub(super) fn mailbox(&self) -> Mailbox {
        match self.0 {}
    }

    pub(super) fn address(&self) -> SocketAddr {
        match self.0 {}
    }

    pub(super) fn enrolment(&self) -> Enrolment {
        match self.0 {}
    }

    pub(super) fn close(self) {
        match self.0 {}
    }
}
