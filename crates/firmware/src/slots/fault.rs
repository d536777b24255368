//! What can go wrong with slots.

/// Why something with the slots was not done.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault<E> {
    /// The flash could not.
    #[error("the flash failed: the device has to be restarted, or is worn out")]
    Flash(E),
    /// What was written does not read back.
    #[error("the flash did not keep what was written: it is worn out")]
    NotKept,
    /// No slot holds an image that may run.
    #[error("no slot holds a valid image: put one there by other means")]
    NothingBoots,
    /// The slot does not hold the image that it should.
    #[error("what is in the slot is not the image that was announced: fetch it again")]
    Damaged,
    /// There is no image on trial in the slot.
    #[error("the running image is not on trial: there is nothing to confirm or reject")]
    NotOnTrial,
    /// No transfer was begun.
    #[error("no transfer was begun since the start: begin it again")]
    NoTransfer,
    /// Bytes came that are not the next ones.
    #[error("the next byte to store is {expected}, not {given}")]
    OutOfOrder {
        /// The offset that comes next.
        expected: u32,
        /// The one that came.
        given: u32,
    },
    /// A piece that is neither the last nor whole units of the flash.
    #[error("a piece of {length} bytes is no whole number of the flash's units")]
    Unaligned {
        /// How long it is.
        length: usize,
    },
    /// More bytes than announced, or the end before all of them.
    #[error("{stored} of {announced} bytes are stored")]
    Length {
        /// How many there are.
        stored: u32,
        /// How many there should be.
        announced: u32,
    },
    /// The offer is refused.
    #[error(transparent)]
    Refused(Refused),
}

/// Why an image is not wanted.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is the one that runs, or waits to.
    #[error("this image is already there")]
    AlreadyThere,
    /// It was tried, and did not confirm itself.
    #[error("this image was tried and rejected: offer another")]
    Rejected,
    /// Its security counter is lower than the device's.
    #[error("its security counter is {counter}, the device is at {floor}: offer a newer one")]
    Older {
        /// The image's.
        counter: u32,
        /// The device's.
        floor: u32,
    },
    /// It does not fit.
    #[error("{length} bytes are more than the {room} of a slot")]
    TooLarge {
        /// How long it is.
        length: u32,
        /// How much fits.
        room: u32,
    },
    /// What is said about it does not fit.
    #[error("a release of {length} bytes is more than the {room} kept for it")]
    ReleaseTooLarge {
        /// How long it is.
        length: usize,
        /// How much fits.
        room: u32,
    },
    /// No image, or one that is on trial, is running: there is no slot to spare.
    #[error("the running image is not confirmed yet: wait for it")]
    NotConfirmed,
}
