//! A module that a release asks for, as it is typed: `system-part:1:6305`.

use pintle_firmware::module::{Dependency, Function};

/// Reads what was typed: a function by its name or number, an index, the oldest version.
pub fn minimum(typed: &str) -> Result<Dependency, String> {
    let parts: Vec<&str> = typed.split(':').collect();
    let [name, index, version] = parts.as_slice() else {
        return Err("typed as FUNCTION:INDEX:VERSION, for example system-part:1:6305".to_owned());
    };
    let function = function(name)?;
    let index = index.parse().map_err(|_| format!("`{index}` is no index: 0 to 255"))?;
    let version = version.parse().map_err(|_| format!("`{version}` is no version: 0 to 65535"))?;
    Ok(Dependency { function, index, version })
}

fn function(typed: &str) -> Result<Function, String> {
    let all = || (Function::NONE.0 + 1..=Function::ASSET.0).map(Function);
    let name = |function: Function| function.name().replace(' ', "-");
    let found = all().find(|one| name(*one) == typed || typed.parse() == Ok(one.0));
    found.ok_or_else(|| {
        let names: Vec<String> = all().map(name).collect();
        format!("`{typed}` is no module function: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minimum_is_read_by_name_or_number() {
        let wanted = Dependency { function: Function::SYSTEM_PART, index: 1, version: 6305 };
        assert_eq!(minimum("system-part:1:6305"), Ok(wanted));
        assert_eq!(minimum("4:1:6305"), Ok(wanted));
        for wrong in ["system-part:1", "none:0:0", "0:0:0", "10:0:0", "4:256:1", "4:1:65536"] {
            assert!(minimum(wrong).is_err(), "{wrong}");
        }
    }
}
