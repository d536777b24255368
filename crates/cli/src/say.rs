//! What a command prints: to standard output, where nobody may be listening any more.
//!
//! A reader that hung up (`pintle pin list | head`) is no failure; a disk that is full is one, and [`failed`]
//! tells the end of the command so.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

static FAILED: AtomicBool = AtomicBool::new(false);

/// Prints a line, like `println!`, without ending the program where it cannot.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::line(format_args!($($words)*)) };
}
pub(crate) use say;

pub fn line(words: Arguments<'_>) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_fmt(words).and_then(|()| out.write_all(b"\n"))
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        FAILED.store(true, Ordering::Relaxed);
    }
}

/// Whether something was said that did not arrive.
pub fn failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}
