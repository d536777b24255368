//! Which profile a run goes by.

use crate::failure::Failure;
use pintle_checklist::Profile;
use std::fs;
use std::path::Path;

/// The profile that is taken where none is named.
pub const FILE: &str = "pintle-product.toml";

/// The profile of that file; where none is named, of [`FILE`], or one that declares nothing.
pub fn read(named: Option<&Path>) -> Result<Profile, Failure> {
    let path = named.unwrap_or(Path::new(FILE));
    if named.is_none() && !path.exists() {
        return Ok(Profile::default());
    }
    let told = |why: &dyn std::fmt::Display| {
        Failure::usage(format!("the profile {}: {why}", path.display()))
    };
    let text = fs::read_to_string(path).map_err(|error| told(&error))?;
    Profile::parse(&text).map_err(|error| told(&error))
}
