//! Dependencies: a product with a Rust project, an npm project, a Debian root and firmware, all of it sound; each fault is
//! planted in one of its files.

mod plants;
mod world;

pub use plants::PLANTS;
