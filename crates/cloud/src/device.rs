//! One device's life, from its Hello to its goodbye: describe, functions, variables, events.
//!
//! A shard hands every message of a session to the device's [`Life`] and sends what that leaves in
//! [`Outgoing`]; others reach a device through the [`Gateway`]. Nothing here owns a socket.

mod address;
mod ask;
mod command;
mod ending;
pub mod enrolment;
mod gateway;
mod inquiry;
mod introduction;
mod life;
mod outgoing;
mod presence;
mod question;
mod records;
mod registry;
mod relay;
mod report;
mod roll;
pub(crate) mod safe_mode;
mod saying;
mod tcp;
pub mod update;
mod world;

pub use ask::{Answer, AskError, MAX_ARGUMENT, Question};
pub use command::{Bell, Command, Keep, LastWords, Mailbox, Reply, SessionKey, Told};
pub use ending::End;
pub use enrolment::Enrolment;
pub use gateway::Gateway;
pub use introduction::is_cellular;
pub use life::{Life, Standing, Verdict, Who};
pub use outgoing::Outgoing;
pub use presence::{Presence, Transport, Whereabouts};
pub use records::{Records, StoreRecords};
pub use registry::{Registry, Subscribed, Takes};
pub use roll::{Here, OwnerNumber, Roll, RollNumber};
pub use tcp::{Effects, Scene, TcpLife, TcpStanding, TcpVerdict};
pub use world::World;
