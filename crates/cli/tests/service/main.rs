//! Pintle as a service, from outside: what it tells the service manager, how it logs to the journal, and what
//! `pintle service check` finds.

mod check;
mod folder;
mod journal;
mod notify;
