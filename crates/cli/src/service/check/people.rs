//! Names of the host's users, from `/etc/passwd`; who is kept elsewhere is shown by number.

use std::fs;

/// The user that the package makes.
pub const SERVICE_USER: &str = "pintle";

/// `pintle`, or `user 998` where the number has no name here.
pub fn name_of(id: u32) -> String {
    let named = users().into_iter().find(|(_, number)| *number == id);
    named.map_or_else(|| format!("user {id}"), |(name, _)| name)
}

/// The number of a user.
pub fn id_of(name: &str) -> Option<u32> {
    users().into_iter().find(|(known, _)| known == name).map(|(_, id)| id)
}

fn users() -> Vec<(String, u32)> {
    let file = fs::read_to_string("/etc/passwd").unwrap_or_default();
    file.lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<(String, u32)> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    Some((name, fields.nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_passwd_names_a_user() {
        let line = "pintle:x:998:997:Pintle:/var/lib/pintle:/usr/sbin/nologin";
        assert_eq!(parse(line), Some(("pintle".into(), 998)));
        assert_eq!(parse("# nothing"), None);
    }
}
