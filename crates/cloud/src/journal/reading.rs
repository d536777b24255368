//! Frames read from a segment as a stream: never more than one frame and one read are in memory.

use super::frame::{Header, OVERHEAD, View};
use super::segment;
use std::io::{self, Read};

/// How many bytes are read at least, in one go: 256 KiB.
const CHUNK: usize = 256 << 10;

/// How far ahead of the last a frame's number may be, to be looked at as one after bytes that are none.
const FARTHEST: u64 = 1 << 32;

/// A segment being read.
pub(super) struct Reading<R> {
    from: R,
    buffer: Vec<u8>,
    /// Where in the buffer the next frame begins.
    at: usize,
    ended: bool,
    /// Bytes of the file read so far.
    pub(super) bytes: u64,
}

/// What comes next in a segment.
pub(super) enum Next<'a> {
    /// A whole frame.
    Frame(View<'a>),
    /// Bytes that are no whole frame.
    Torn,
    /// Nothing.
    End,
}

impl<R: Read> Reading<R> {
    pub(super) const fn new(from: R) -> Self {
        Self { from, buffer: Vec::new(), at: 0, ended: false, bytes: 0 }
    }

    /// The segment's header; none where the file is shorter.
    pub(super) fn header(&mut self) -> io::Result<Option<[u8; segment::HEADER]>> {
        self.fill(segment::HEADER)?;
        let header = self.rest().first_chunk().copied();
        self.at += if header.is_some() { segment::HEADER } else { 0 };
        Ok(header)
    }

    /// The next frame. After [`Next::Torn`] the same again, unless [`Self::find_frame`] found another.
    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        if !self.fill(1)? {
            return Ok(Next::End);
        }
        self.fill(OVERHEAD)?;
        let Some(header) = Header::read(self.rest()) else { return Ok(Next::Torn) };
        self.fill(header.frame_size())?;
        let start = self.at;
        let bytes = self.buffer.get(start..start + header.frame_size());
        let Some(view) = bytes.and_then(|bytes| View::read(header, bytes)) else {
            return Ok(Next::Torn);
        };
        self.at += header.frame_size();
        Ok(Next::Frame(view))
    }

    /// Looks for a whole frame with a number above `last` in the bytes after the torn one. True where there
    /// is one: it comes next.
    pub(super) fn find_frame(&mut self, last: u64) -> io::Result<bool> {
        while self.fill(OVERHEAD + 1)? {
            self.at += 1;
            if self.may_begin(last) && self.is_frame()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn may_begin(&self, last: u64) -> bool {
        let ahead = |header: Header| header.number.checked_sub(last);
        Header::read(self.rest()).and_then(ahead).is_some_and(|by| (1..FARTHEST).contains(&by))
    }

    fn is_frame(&mut self) -> io::Result<bool> {
        let Some(header) = Header::read(self.rest()) else { return Ok(false) };
        self.fill(header.frame_size())?;
        let bytes = self.rest().get(..header.frame_size());
        Ok(bytes.is_some_and(|bytes| View::read(header, bytes).is_some()))
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// Reads on until `need` bytes are there; false where the file has no more.
    fn fill(&mut self, need: usize) -> io::Result<bool> {
        let have = self.rest().len();
        if have < need && !self.ended {
            self.buffer.drain(..self.at);
            self.at = 0;
            let want = CHUNK.max(need - have);
            let got = self.from.by_ref().take(want as u64).read_to_end(&mut self.buffer)?;
            self.ended = got < want;
            self.bytes += got as u64;
        }
        Ok(self.rest().len() >= need)
    }
}
