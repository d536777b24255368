//! The table of roles in `docs/roles.md` is what the code says. Where it has drifted, run this test with
//! `PINTLE_WRITE_REFERENCE=1` and check the page in.

use std::fmt::Write as _;
use std::path::Path;

use pintle_cloud::account::{Role, Scope, Scopes};

const BEGIN: &str = "<!-- The table below is written by a test. -->\n";
const END: &str = "<!-- The end of the table. -->\n";

fn rendered() -> String {
    let mut page = String::from("\n| scope |");
    for role in Role::ALL {
        write!(page, " {role} |").unwrap();
    }
    page.push_str(" a service |\n|---|");
    page.push_str(&"---|".repeat(Role::ALL.len() + 1));
    page.push('\n');
    let used: Scopes = super::table()
        .iter()
        .filter_map(|entry| match entry.needs {
            pintle_cloud::api::route::Needs::Product(scope)
            | pintle_cloud::api::route::Needs::Org(scope) => Some(scope),
            _ => None,
        })
        .collect();
    for scope in Scope::ALL.iter().filter(|scope| used.contains(**scope)) {
        write!(page, "| `{scope}` |").unwrap();
        for role in Role::ALL {
            page.push_str(if role.scopes().contains(*scope) { " yes |" } else { " |" });
        }
        let service = Scopes::all().for_services().contains(*scope);
        page.push_str(if service { " may |\n" } else { " never |\n" });
    }
    page.push('\n');
    page
}

#[test]
fn the_page_about_roles_says_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/roles.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the mark of the beginning");
    let (found, after) = rest.split_once(END).expect("the page has the mark of the end");
    let table = rendered();
    if std::env::var_os("PINTLE_WRITE_REFERENCE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert!(
        found == table,
        "docs/roles.md has drifted: run this test with PINTLE_WRITE_REFERENCE=1"
    );
}
