//! What our checklist says of this machine, read off its JSON: one value a line.

use crate::process::{Failure, Program};
use std::path::Path;

/// What each check said.
pub(crate) struct Ours(Vec<Said>);

#[derive(Default)]
struct Said {
    check: String,
    result: String,
    seen: String,
    subjects: Vec<String>,
}

impl Ours {
    /// Looks at this machine.
    pub(crate) fn of_this_machine() -> Result<Self, Failure> {
        let program = super::pintle()?;
        let text = Program::new(program)
            .args(["checklist", "run", "--target", "host", "--json"])
            .output()?;
        Ok(Self::read(&text))
    }

    /// Looks at the node of a data folder.
    pub(crate) fn of_node(data: &Path) -> Result<Self, Failure> {
        let program = super::pintle()?;
        let text = Program::new(program)
            .args(["checklist", "run", "--target", "cloud", "--json", "--data"])
            .arg(data)
            .output()?;
        Ok(Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let mut all: Vec<Said> = Vec::new();
        for line in text.lines() {
            let Some((key, value)) = pair(line) else { continue };
            if key == "check" {
                all.push(Said { check: value, ..Said::default() });
                continue;
            }
            let Some(last) = all.last_mut() else { continue };
            match key {
                "result" => last.result = value,
                "seen" => last.seen = value,
                "subject" => last.subjects.push(value),
                _ => {}
            }
        }
        Self(all)
    }

    /// What a check said, for a cell of the table.
    pub(crate) fn of(&self, check: &str) -> String {
        match self.0.iter().find(|said| said.check == check) {
            None => format!("`{check}`: not part of this run"),
            Some(said) if said.result == "holds" => format!("`{check}` holds: {}", said.seen),
            Some(said) if said.result == "untried" => {
                format!("`{check}`, which says that it could not be tried")
            }
            Some(said) => format!("`{check}` is {}", said.result),
        }
    }

    /// Whether a check found fault with this.
    pub(crate) fn faults(&self, check: &str, subject: &str) -> bool {
        self.0
            .iter()
            .any(|said| said.check == check && said.subjects.iter().any(|one| one == subject))
    }
}

/// `"KEY": "VALUE"`.
fn pair(line: &str) -> Option<(&str, String)> {
    let (key, value) = line.trim().strip_prefix('"')?.split_once("\": \"")?;
    Some((key, value.trim_end_matches(',').strip_suffix('"')?.replace("\\\"", "\"")))
}

#[cfg(test)]
mod tests {
    use super::Ours;

    #[test]
    fn what_checks_said_is_read() {
        let text = "{\n\"check\": \"a\",\n\"result\": \"broken\",\n\"subject\": \"tcp/1\",\n\
                    \"check\": \"b\",\n\"result\": \"holds\",\n\"seen\": \"all \\\"well\\\"\"\n}";
        let ours = Ours::read(text);
        assert!(ours.faults("a", "tcp/1") && !ours.faults("b", "tcp/1"));
        assert_eq!(ours.of("b"), "`b` holds: all \"well\"");
    }
}
