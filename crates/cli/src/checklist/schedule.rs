//! `pintle checklist schedule`: what has a run made every day. It prints and installs nothing: what runs on a machine is its
//! operator's to say.

use crate::args::ChecklistScheduleArgs;
use crate::failure::Failure;
use crate::say::say;
use std::path::{Path, PathBuf, absolute};

pub fn run(args: &ChecklistScheduleArgs) -> Result<(), Failure> {
    let (hour, minute) = time_of_day(&args.at)?;
    let command = command(args)?;
    match args.cron {
        true => say!("{minute} {hour} * * * {}", command.replace('%', "\\%")),
        false => units(&command.replace('%', "%%"), hour, minute),
    }
    Ok(())
}

fn units(command: &str, hour: u8, minute: u8) {
    say!("# /etc/systemd/system/pintle-checklist.service");
    say!("[Unit]");
    say!("Description=Pintle: the security checklist");
    say!("");
    say!("[Service]");
    say!("Type=oneshot");
    say!(
        "# 3 to 5 mean that something is broken: the unit fails, and what watches units tells of it."
    );
    say!("ExecStart={command}");
    say!("Nice=10");
    say!("PrivateTmp=true");
    say!("");
    say!("# /etc/systemd/system/pintle-checklist.timer");
    say!("[Unit]");
    say!("Description=Pintle: the security checklist, every day");
    say!("");
    say!("[Timer]");
    say!("OnCalendar=*-*-* {hour:02}:{minute:02}:00");
    say!("RandomizedDelaySec=10min");
    say!("Persistent=true");
    say!("");
    say!("[Install]");
    say!("WantedBy=timers.target");
    say!("");
    say!("# then: systemctl daemon-reload && systemctl enable --now pintle-checklist.timer");
}

fn command(args: &ChecklistScheduleArgs) -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(Failure::failed)?;
    let mut words = vec![quoted(&program)?, "checklist".into(), "run".into()];
    let mut add = |flag: &str, path: &Path| -> Result<(), Failure> {
        words.extend([flag.to_owned(), quoted(path)?]);
        Ok(())
    };
    add("--data", &args.data)?;
    add("--keep", &args.keep.join("kept"))?;
    add("--out", &args.keep.join("last"))?;
    args.profile.iter().try_for_each(|path| add("--profile", path))?;
    args.advisories.iter().try_for_each(|path| add("--advisories", path))?;
    Ok(words.join(" "))
}

/// A path as one word, for systemd and for a shell.
fn quoted(path: &Path) -> Result<String, Failure> {
    let path: PathBuf = absolute(path).map_err(Failure::usage)?;
    let text = path.to_str().filter(|text| !text.contains(['\'', '"', '\\', '\n', '$', '`']));
    let text = text.ok_or_else(|| {
        Failure::usage(format!("{} holds a character that needs quoting by hand", path.display()))
    })?;
    let plain =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@:%".contains(&byte));
    Ok(if plain { text.to_owned() } else { format!("'{text}'") })
}

fn time_of_day(text: &str) -> Result<(u8, u8), Failure> {
    let wrong = || Failure::usage(format!("--at takes a time of the day as 03:30, not {text:?}"));
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str, below: u8| {
        let number = digits.parse().ok().filter(|number| *number < below);
        number.filter(|_| digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    Ok((number(hour, 24).ok_or_else(wrong)?, number(minute, 60).ok_or_else(wrong)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_day_is_two_numbers() {
        assert_eq!(time_of_day("03:30").ok(), Some((3, 30)));
        for wrong in ["", "3", "24:00", "1:60", "+1:00", "001:00", "a:b"] {
            assert!(time_of_day(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_path_is_one_word_or_refused() {
        assert_eq!(quoted(Path::new("/var/lib/pintle")).ok().as_deref(), Some("/var/lib/pintle"));
        assert_eq!(quoted(Path::new("/a b")).ok().as_deref(), Some("'/a b'"));
        assert!(quoted(Path::new("/a'b")).is_err());
    }
}
