//! The boards that Device OS runs on, by number.

use core::fmt;

/// A kind of board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Platform(pub u16);

/// The processor of a board: it decides where modules lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mcu {
    /// STM32F103.
    Stm32f1,
    /// STM32F205.
    Stm32f2,
    /// nRF52840.
    Nrf52840,
    /// RTL8721.
    Rtl872x,
    /// A program of the host.
    Host,
}

/// Number, name and processor of each.
const KNOWN: [(u16, &str, Mcu); 19] = [
    (0, "core", Mcu::Stm32f1),
    (3, "gcc", Mcu::Host),
    (6, "photon", Mcu::Stm32f2),
    (8, "p1", Mcu::Stm32f2),
    (10, "electron", Mcu::Stm32f2),
    (12, "argon", Mcu::Nrf52840),
    (13, "boron", Mcu::Nrf52840),
    (14, "xenon", Mcu::Nrf52840),
    (15, "esomx", Mcu::Nrf52840),
    (22, "asom", Mcu::Nrf52840),
    (23, "bsom", Mcu::Nrf52840),
    (24, "xsom", Mcu::Nrf52840),
    (25, "b5som", Mcu::Nrf52840),
    (26, "tracker", Mcu::Nrf52840),
    (28, "trackerm", Mcu::Rtl872x),
    (32, "p2", Mcu::Rtl872x),
    (35, "msom", Mcu::Rtl872x),
    (37, "electron2", Mcu::Nrf52840),
    (38, "sulu", Mcu::Rtl872x),
];

impl Platform {
    /// The board's name and processor, if it is a known one.
    fn known(self) -> Option<(&'static str, Mcu)> {
        KNOWN.iter().find(|(id, ..)| *id == self.0).map(|(_, name, mcu)| (*name, *mcu))
    }

    /// Whether Device OS runs on such a board.
    #[must_use]
    pub fn is_known(self) -> bool {
        self.known().is_some()
    }

    /// The board's name.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.known().map(|(name, _)| name)
    }

    /// The board's processor.
    #[must_use]
    pub fn mcu(self) -> Option<Mcu> {
        self.known().map(|(_, mcu)| mcu)
    }

    /// The platform of a board's name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        KNOWN.iter().find(|(_, known, _)| *known == name).map(|(id, ..)| Self(*id))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}
