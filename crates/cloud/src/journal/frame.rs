//! A frame: one group commit, sealed with its checksum. The header of the room has its layout.

use super::cursor::Cursor;

/// The most bytes of entries in one frame: 4 MiB. What is more goes into the next.
pub const LONGEST_PAYLOAD: usize = 4 << 20;

/// Length, number, begins, wall clock.
pub(super) const HEADER: usize = 4 + 8 + 8 + 8;
/// No frame or segment is ever numbered so high: a higher number is damage.
pub(super) const HIGHEST: u64 = 1 << 62;
const CHECKSUM: usize = 4;
/// The bytes of a frame beside its payload.
pub(super) const OVERHEAD: usize = HEADER + CHECKSUM;

/// One group commit, ready to be written.
#[derive(Debug)]
pub struct Frame {
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    /// A new segment has to begin with this frame: the log is said again from here.
    pub(super) begins_rewrite: bool,
    /// With this frame the log was said again: older segments than the one that began it can go.
    pub(super) ends_rewrite: bool,
}

impl Frame {
    /// Its number.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes it takes in its segment.
    pub const fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// What stands before the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of payload; at most [`LONGEST_PAYLOAD`].
    pub(super) length: usize,
    /// From 1.
    pub(super) number: u64,
    /// The first frame that still counts.
    pub(super) begins: u64,
    /// When it was taken, milliseconds since 1970.
    pub(super) wall_ms: i64,
}

impl Header {
    /// Reads the start of `bytes`; none where no frame can start so.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Cursor::new(bytes);
        let length = u32::from_be_bytes(from.array()?) as usize;
        let header = Self {
            length,
            number: from.u64()?,
            begins: from.u64()?,
            wall_ms: i64::from_be_bytes(from.array()?),
        };
        let plausible = (1..=header.number).contains(&header.begins) && header.number < HIGHEST;
        (plausible && length <= LONGEST_PAYLOAD).then_some(header)
    }

    /// The bytes of the whole frame.
    pub(super) const fn frame_size(&self) -> usize {
        OVERHEAD + self.length
    }

    fn write(&self, out: &mut [u8]) {
        let length = (self.length as u32).to_be_bytes();
        let numbers = [self.number, self.begins, self.wall_ms.cast_unsigned()];
        let bytes = length.into_iter().chain(numbers.into_iter().flat_map(u64::to_be_bytes));
        out.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
    }
}

/// Makes `bytes` the start of a frame: room for the header, entries follow.
pub(super) fn start(bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.resize(HEADER, 0);
}

/// Writes the header into the room that [`start`] left, and the checksum after the entries.
pub(super) fn seal(bytes: &mut Vec<u8>, number: u64, begins: u64, wall_ms: i64) {
    let length = bytes.len().saturating_sub(HEADER);
    Header { length, number, begins, wall_ms }.write(bytes);
    bytes.extend_from_slice(&crc32fast::hash(bytes).to_be_bytes());
}

/// A frame that was read back.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// The whole frame.
    pub(super) bytes: &'a [u8],
    pub(super) header: Header,
    pub(super) payload: &'a [u8],
    pub(super) checksum: u32,
}

impl<'a> View<'a> {
    /// Reads a frame from exactly its bytes; none where the checksum does not hold.
    pub(super) fn read(header: Header, bytes: &'a [u8]) -> Option<Self> {
        let (covered, checksum) = bytes.split_last_chunk::<CHECKSUM>()?;
        let checksum = u32::from_be_bytes(*checksum);
        let (_, payload) = covered.split_at_checked(HEADER)?;
        (crc32fast::hash(covered) == checksum).then_some(Self { bytes, header, payload, checksum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Vec<u8> {
        let mut bytes = Vec::new();
        start(&mut bytes);
        bytes.extend_from_slice(b"payload");
        seal(&mut bytes, 7, 3, -5);
        bytes
    }

    #[test]
    fn a_frame_comes_back() {
        let bytes = frame();
        let header = Header::read(&bytes).unwrap();
        assert_eq!(header, Header { length: 7, number: 7, begins: 3, wall_ms: -5 });
        assert_eq!(header.frame_size(), bytes.len());
        assert_eq!(View::read(header, &bytes).unwrap().payload, b"payload");
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed() {
        let good = frame();
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let read = Header::read(&bytes).is_some_and(|header| {
                header.frame_size() == bytes.len() && View::read(header, &bytes).is_some()
            });
            assert!(!read, "bit {bit}");
        }
    }

    #[test]
    fn zeros_are_no_frame() {
        assert_eq!(Header::read(&[0; 64]), None);
    }
}
