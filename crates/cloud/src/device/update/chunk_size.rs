//! How long the chunks are that a device takes: one byte of its slot.

use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::update::CHUNK_SIZES;

/// What a device said of the chunks that it takes. A session that was taken up at a start has forgotten it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkSize(u8);

const UNKNOWN: u8 = 0;
const NONE: u8 = u8::MAX;

/// Chunk sizes are multiples of this.
const STEP: u16 = 4;

impl ChunkSize {
    /// What its Hello says. A size that no device has counts as the smallest, which all take.
    pub fn of(hello: &Hello) -> Self {
        if !hello.flags.contains(HelloFlags::UPDATE_V3) {
            return Self(NONE);
        }
        let size = if CHUNK_SIZES.contains(&hello.chunk) { hello.chunk } else { 0 };
        let steps = size.saturating_sub(*CHUNK_SIZES.start()) / STEP;
        Self(u8::try_from(steps).map_or(UNKNOWN, |steps| steps.saturating_add(1)))
    }

    /// The size in bytes; the smallest where it is not known, and none where the device takes no chunks.
    pub fn bytes(self) -> Option<u16> {
        let steps = u16::from(self.0.saturating_sub(1));
        (self.0 != NONE).then(|| CHUNK_SIZES.start() + steps * STEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_protocol::DeviceId;

    fn of(flags: HelloFlags, chunk: u16) -> Option<u16> {
        let hello = Hello {
            product_id: 0,
            product_version: None,
            flags,
            platform_id: 0,
            device_id: DeviceId::from_bytes([1; 12]),
            system_version: 0,
            max_message: 0,
            max_binary: 0,
            chunk,
        };
        ChunkSize::of(&hello).bytes()
    }

    #[test]
    fn every_size_that_a_device_can_say_is_kept() {
        for chunk in CHUNK_SIZES.step_by(4) {
            assert_eq!(of(HelloFlags::UPDATE_V3, chunk), Some(chunk));
        }
        for odd in [0, 511, 1137, u16::MAX] {
            assert_eq!(of(HelloFlags::UPDATE_V3, odd), Some(512), "{odd}");
        }
        assert_eq!(of(HelloFlags::UPDATE_V3, 1135), Some(1132));
        assert_eq!(of(HelloFlags::DIAGNOSTICS, 512), None);
        assert_eq!(ChunkSize::default().bytes(), Some(512));
    }
}
