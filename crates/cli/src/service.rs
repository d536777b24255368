//! Pintle as a service of the system: what it tells systemd, how it writes to the journal, and `pintle service check`.

pub mod check;
pub mod journal;
pub mod notify;
pub mod watchdog;
