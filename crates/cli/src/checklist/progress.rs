//! Which room is looking: a bar on a terminal, plain lines elsewhere; on standard error, beside what the command answers.

use pintle_checklist::run::Step;
use std::io::{self, IsTerminal, Write};

/// Characters of the bar.
const WIDTH: usize = 20;

/// Shows steps as they come.
pub fn shown() -> impl FnMut(Step) {
    let terminal = io::stderr().is_terminal();
    move |step| {
        // Nobody reads it: the run goes on.
        let _ = io::stderr().lock().write_all(text(step, terminal).as_bytes());
    }
}

fn text(step: Step, terminal: bool) -> String {
    match (step, terminal) {
        (Step::Looking(room, at, of), true) => {
            let done = (WIDTH * (at - 1)).checked_div(of).unwrap_or(0);
            let bar = "#".repeat(done) + &".".repeat(WIDTH - done);
            format!("\r\x1b[K[{bar}] {at} of {of}: {}", room.name())
        }
        (Step::Looked(..), true) => String::from("\r\x1b[K"),
        (Step::Looking(..), false) => String::new(),
        (Step::Looked(room, took), false) => {
            format!("{}: looked for {:.1} s\n", room.name(), took.as_secs_f64())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_checklist::Room;
    use std::time::Duration;

    #[test]
    fn a_bar_is_drawn_on_a_terminal_alone() {
        let begins = text(Step::Looking(Room::Node, 5, 10), true);
        assert!(begins.contains("[########............] 5 of 10: node"), "{begins:?}");
        assert_eq!(text(Step::Looking(Room::Node, 5, 10), false), "");
        let line = text(Step::Looked(Room::Node, Duration::from_millis(1500)), false);
        assert_eq!(line, "node: looked for 1.5 s\n");
    }
}
