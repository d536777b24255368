//! A person at the command line of their own machine, calling a server over HTTPS with the token of a login.

mod calling;
mod login;

pub use calling::Server;
pub use login::{Login, folder, keep};
