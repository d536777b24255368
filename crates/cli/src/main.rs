//! pintle
fn main() {}
