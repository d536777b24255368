//! Compressed modules: behind the prefix a header of at least eight bytes (its own size, the method, the window's
//! bits, the size of what comes out), then a raw deflate stream (RFC 1951).
//!
//! What comes out is bounded before anything is inflated: by the header's own word, and that by a limit.

use super::{Flags, Module, Reason};
use crate::little::{u8_at, u16_at, u32_at};

/// The most that may come out of a compressed module, in bytes: more than any board takes.
#[cfg(feature = "alloc")]
pub const MAX_INFLATED: u32 = 16 << 20;

/// Raw deflate is the only method.
pub(super) const DEFLATE: u8 = 0;

pub(super) const HEADER: usize = 8;

/// The bits of deflate's largest window, which a zero stands for.
const LARGEST_WINDOW: u8 = 15;

/// The content of a compressed module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compressed<'a> {
    /// How many bytes come out.
    pub original: u32,
    /// The stream.
    pub stream: &'a [u8],
}

impl<'a> Module<'a> {
    /// The compressed content, if it says that it is compressed.
    ///
    /// # Errors
    /// [`Reason::CompressionHeader`].
    #[must_use]
    pub fn compressed(&self) -> Option<Result<Compressed<'a>, Reason>> {
        let is = self.prefix().flags.contains(Flags::COMPRESSED);
        is.then(|| read(self.content()).ok_or(Reason::CompressionHeader))
    }

    /// What a compressed module holds: a whole module, or only its content where its flags say that prefix and suffix
    /// are dropped.
    ///
    /// # Errors
    /// A [`Reason`] when it is not compressed, broken, or would be larger than `limit` bytes.
    #[cfg(feature = "alloc")]
    pub fn inflate(&self, limit: u32) -> Result<alloc::vec::Vec<u8>, Reason> {
        self.compressed().ok_or(Reason::CompressionHeader)??.inflate(limit)
    }
}

fn read(content: &[u8]) -> Option<Compressed<'_>> {
    let size = usize::from(u16_at(content, 0)?);
    let window = u8_at(content, 3)?;
    let understood = size >= HEADER
        && u8_at(content, 2)? == DEFLATE
        && (window == 0 || (8..=LARGEST_WINDOW).contains(&window));
    understood.then_some(())?;
    Some(Compressed { original: u32_at(content, 4)?, stream: content.get(size..)? })
}

#[cfg(feature = "alloc")]
impl Compressed<'_> {
    /// What comes out.
    ///
    /// # Errors
    /// A [`Reason`] when the stream is broken, is not as long as it says, or would be longer than `limit` bytes.
    pub fn inflate(&self, limit: u32) -> Result<alloc::vec::Vec<u8>, Reason> {
        use crate::little::size;
        use miniz_oxide::inflate::TINFLStatus;
        use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

        let declared = self.original;
        if declared > limit {
            return Err(Reason::InflatedTooLarge { declared, limit });
        }
        // It cannot inflate to more than this; so a small file does not make much memory.
        const MOST_PER_BYTE: usize = 1032;
        if size(declared) > self.stream.len().saturating_mul(MOST_PER_BYTE) {
            return Err(Reason::InflatedSize { declared });
        }
        let mut out = alloc::vec![0; size(declared)];
        let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let mut state = alloc::boxed::Box::<DecompressorOxide>::default();
        let (status, read, written) = decompress(&mut state, self.stream, &mut out, 0, flags);
        match status {
            TINFLStatus::Done if written == out.len() && read == self.stream.len() => Ok(out),
            TINFLStatus::Done | TINFLStatus::HasMoreOutput => {
                Err(Reason::InflatedSize { declared })
            }
            _ => Err(Reason::Inflate),
        }
    }
}
