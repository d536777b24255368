//! The unit as systemd knows it: installed, started with the machine, running.

use super::finding::Finding;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// The unit's name.
pub const NAME: &str = "pintle.service";

/// The properties of the unit.
pub struct Unit {
    properties: BTreeMap<String, String>,
}

impl Unit {
    /// Asks systemd; `None` where none runs.
    pub fn ask() -> Option<Self> {
        if !sd_notify::booted().unwrap_or(false) {
            return None;
        }
        let asked = Command::new("systemctl").args(["show", NAME]).stdin(Stdio::null()).output();
        let answer = asked.ok().filter(|output| output.status.success())?;
        Some(Self::parse(&String::from_utf8_lossy(&answer.stdout)))
    }

    /// Reads what `systemctl show` prints.
    pub fn parse(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Self { properties: pairs.map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The value of a property; empty where there is none.
    pub fn get(&self, property: &str) -> &str {
        self.properties.get(property).map_or("", String::as_str)
    }

    /// Whether systemd has read it.
    pub fn is_loaded(&self) -> bool {
        self.get("LoadState") == "loaded"
    }
}

/// What there is to say of the unit.
pub fn look(unit: Option<&Unit>) -> Vec<Finding> {
    let Some(unit) = unit else {
        let why = "systemd does not run here, or does not answer";
        return ["unit", "start with the machine", "unit runs"]
            .map(|name| Finding::not_tried(name, why))
            .into();
    };
    if !unit.is_loaded() {
        return vec![installed(unit)];
    }
    vec![installed(unit), enabled(unit), active(unit)]
}

fn installed(unit: &Unit) -> Finding {
    let name = "unit";
    match unit.get("LoadState") {
        "loaded" if unit.get("NeedDaemonReload") == "yes" => Finding::warn(
            name,
            "its file changed since systemd read it: systemctl daemon-reload, then systemctl restart pintle",
        ),
        "loaded" => Finding::ok(name, format!("installed as {}", unit.get("FragmentPath"))),
        "not-found" => {
            Finding::warn(name, "not installed: install the package, see docs/service.md")
        }
        "masked" => Finding::fail(name, "masked, so it cannot start: systemctl unmask pintle"),
        other => Finding::fail(name, format!("{other}: systemctl status pintle says why")),
    }
}

fn enabled(unit: &Unit) -> Finding {
    let name = "start with the machine";
    match unit.get("UnitFileState") {
        "enabled" | "enabled-runtime" => Finding::ok(name, "enabled"),
        other => Finding::warn(name, format!("{other}: systemctl enable pintle")),
    }
}

fn active(unit: &Unit) -> Finding {
    let name = "unit runs";
    match unit.get("ActiveState") {
        "active" => Finding::ok(name, format!("active, watchdog {}", watchdog(unit))),
        "failed" => Finding::fail(
            name,
            format!("failed ({}): journalctl -u pintle -e says why", unit.get("Result")),
        ),
        "inactive"
            if unit.get("ConditionResult") == "no"
                && !unit.get("ConditionTimestamp").is_empty() =>
        {
            Finding::warn(
                name,
                "not started, since there is no data folder: pintle init, then systemctl start pintle",
            )
        }
        "inactive" => Finding::warn(name, "not running: systemctl start pintle"),
        _ if unit.get("SubState") == "auto-restart" => Finding::fail(
            name,
            format!(
                "it ended ({}) and is about to be tried again: journalctl -u pintle -e says why",
                unit.get("Result")
            ),
        ),
        other => Finding::warn(name, format!("{other} just now: look again")),
    }
}

fn watchdog(unit: &Unit) -> &str {
    match unit.get("WatchdogUSec") {
        "" | "0" | "infinity" => "off",
        time => time,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    fn states(text: &str) -> Vec<State> {
        look(Some(&Unit::parse(text))).iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn a_unit_that_runs_and_starts_with_the_machine_is_fine() {
        let text =
            "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nWatchdogUSec=1min\n";
        assert_eq!(states(text), [State::Ok; 3]);
    }

    #[test]
    fn a_failed_unit_fails() {
        let text =
            "LoadState=loaded\nUnitFileState=disabled\nActiveState=failed\nResult=watchdog\n";
        assert_eq!(states(text), [State::Ok, State::Warn, State::Fail]);
    }

    #[test]
    fn a_unit_that_is_tried_again_and_again_fails() {
        let text = "LoadState=loaded\nUnitFileState=enabled\nActiveState=activating\nSubState=auto-restart\nResult=exit-code\n";
        assert_eq!(states(text), [State::Ok, State::Ok, State::Fail]);
    }

    #[test]
    fn without_systemd_nothing_passes_for_good() {
        assert!(look(None).iter().all(|finding| finding.state == State::NotTried));
    }
}
