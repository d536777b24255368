//! A person at the command line of their own machine, calling a server over HTTPS with the token of a login.

mod calling;
mod login;
mod refreshing;

pub use calling::{Server, form};
pub use login::{Login, folder, keep};
