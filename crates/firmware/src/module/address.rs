//! Where modules may lie: a device refuses one whose addresses are outside its place.
//!
//! Only places that are known are here; a module without one is not judged by its addresses. Where releases of
//! Device OS differ (the application of nRF52840 boards moved, and the system grew into its place) the place is what
//! any of them used.

use super::{Function, Mcu, Prefix};
use core::ops::Range;

/// The addresses a module may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first it may use, and one past the last.
    pub range: Range<u32>,
    /// Whether it has to fill the place up to its end.
    pub ends_at_end: bool,
}

impl Place {
    const fn within(start: u32, end: u32) -> Option<Self> {
        Some(Self { range: start..end, ends_at_end: false })
    }

    const fn up_to(start: u32, end: u32) -> Option<Self> {
        Some(Self { range: start..end, ends_at_end: true })
    }

    /// Whether the module lies in it, CRC-32 included.
    #[must_use]
    pub fn holds(&self, prefix: &Prefix) -> bool {
        let Some(end) = prefix.end.checked_add(4) else { return false };
        let ends_well =
            if self.ends_at_end { end == self.range.end } else { end <= self.range.end };
        prefix.start >= self.range.start && prefix.start < prefix.end && ends_well
    }
}

/// The place of such a module, where one is known.
#[must_use]
pub fn place_of(prefix: &Prefix) -> Option<Place> {
    match prefix.platform.mcu()? {
        Mcu::Nrf52840 => on_nrf52840(prefix.function, prefix.index),
        Mcu::Rtl872x => on_rtl872x(prefix.function, prefix.index),
        Mcu::Stm32f1 | Mcu::Stm32f2 | Mcu::Host => None,
    }
}

fn on_nrf52840(function: Function, index: u8) -> Option<Place> {
    match (function, index) {
        (Function::BOOTLOADER, 0) => Place::within(0x000f_4000, 0x0010_0000),
        (Function::SYSTEM_PART, 1) => Place::within(0x0002_8000, 0x000d_4000),
        (Function::USER_PART, 1) => Place::within(0x000d_4000, 0x000f_4000),
        (Function::USER_PART, 2) => Place::within(0x000b_4000, 0x000f_4000),
        (Function::RADIO_STACK, 0) => Place::within(0x0000_1000, 0x0002_7000),
        _ => None,
    }
}

fn on_rtl872x(function: Function, index: u8) -> Option<Place> {
    match (function, index) {
        (Function::BOOTLOADER, 0) => Place::within(0x0800_4000, 0x0801_4000),
        (Function::BOOTLOADER, 1) => Place::within(0x0800_0000, 0x0800_4000),
        (Function::BOOTLOADER, 2) => Place::within(0x0801_4000, 0x0805_e000),
        (Function::SYSTEM_PART, 1) => Place::within(0x0806_0000, 0x081e_0000),
        // It grows to the left, at most 1.5 MiB.
        (Function::USER_PART, 1) => Place::up_to(0x0848_0000, 0x0860_0000),
        _ => None,
    }
}
