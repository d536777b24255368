//! The metrics report: a binary table of numbers, little endian throughout.
//!
//! `00`, size of the header (4), size of an id (2), size of a value (4), then ids with their values. What says
//! where a device is (addresses, cell, country) cannot become a [`MetricId`]: it is passed over (P6).

use alloc::vec::Vec;

use crate::Error;

/// What a number measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId(u16);

impl MetricId {
    /// The metric of this number; `None` for those that say where a device is.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        match number {
            // Own and gateway address; country; network, operator, area and cell.
            15 | 16 | 18 | 40..=43 => None,
            number => Some(Self(number)),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// What was measured.
    pub id: MetricId,
    /// The number, or the negative code that says why there is none.
    pub value: Result<i32, i32>,
}

/// The report of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics(Vec<Metric>);

const HEADER: [u8; 7] = [0, 4, 0, 2, 0, 4, 0];
const ENTRY: usize = 6;
/// Set in the id of a measurement that failed. Applications count their own metrics from here on as well, so
/// a negative number of theirs cannot be told from a failure.
const FAILED: u16 = 0x8000;

impl Metrics {
    /// A report of these measurements.
    #[must_use]
    pub const fn new(metrics: Vec<Metric>) -> Self {
        Self(metrics)
    }

    /// The measurements, in the order of the device.
    #[must_use]
    pub fn as_slice(&self) -> &[Metric] {
        &self.0
    }

    /// Reads the table.
    ///
    /// # Errors
    /// [`Error::Metrics`] if its header is not the known one or an entry is cut.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let table = bytes.strip_prefix(&HEADER).ok_or(Error::Metrics)?;
        let (entries, []) = table.as_chunks::<ENTRY>() else { return Err(Error::Metrics) };
        Ok(Self(entries.iter().filter_map(read).collect()))
    }

    /// Writes the table.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::from(HEADER);
        for metric in &self.0 {
            let (id, value) = match metric.value {
                Ok(value) => (metric.id.0, value),
                Err(code) => (metric.id.0 | FAILED, code),
            };
            out.extend_from_slice(&id.to_le_bytes());
            out.extend_from_slice(&value.to_le_bytes());
        }
        out
    }
}

fn read(&[a, b, value @ ..]: &[u8; ENTRY]) -> Option<Metric> {
    let (id, value) = (u16::from_le_bytes([a, b]), i32::from_le_bytes(value));
    let failed = id & FAILED != 0 && value < 0;
    let id = MetricId::new(if failed { id & !FAILED } else { id })?;
    Some(Metric { id, value: if failed { Err(value) } else { Ok(value) } })
}
