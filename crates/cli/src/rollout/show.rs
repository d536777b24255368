//! How a rollout stands, for a person: a line for each stage, with a bar where there is a terminal, and a table of
//! the devices that are not there yet.

use pintle_cloud::product::rollout::{DeviceStatus, Kind, Progress, StageStatus, Status};

/// Clears a terminal.
pub const CLEAR: &str = "\u{1b}[H\u{1b}[2J";
/// How wide a bar is.
const WIDTH: usize = 40;
/// The most devices in the table.
const MOST_LINES: usize = 40;

pub fn lines(status: &Status, bars: bool) -> Vec<String> {
    let Status { rollout, product, version, phase, .. } = status;
    let mut lines =
        vec![format!("rollout {rollout}: version {version} of product {product}, {phase}")];
    lines.extend(status.why.as_ref().map(|why| format!("why: {why}")));
    if !status.node && matches!(phase.as_str(), "running" | "halted") {
        lines.push("no node runs on this folder: nothing goes on until one does".to_owned());
    }
    lines.extend(status.stages.iter().map(|one| stage(one, bars)));
    if !status.devices.is_empty() {
        lines.push(format!("\n{:24}  stage  {:9}  why", "device", "state"));
        lines.extend(status.devices.iter().take(MOST_LINES).map(device));
    }
    let rest = status.devices.len().saturating_sub(MOST_LINES) as u64 + status.more;
    if rest > 0 {
        lines.push(format!("and {rest} more (--json names them)"));
    }
    lines
}

fn stage(stage: &StageStatus, bars: bool) -> String {
    let StageStatus { stage: number, phase, devices, .. } = stage;
    let bar = if bars { format!("[{}]  ", bar(stage)) } else { String::new() };
    let states = Kind::ALL.into_iter().filter(|kind| stage.of(*kind) > 0);
    let states: Vec<_> = states.map(|kind| format!("{} {kind}", stage.of(kind))).collect();
    let met = stage.met_at.as_ref().map(|at| format!("; met since {at}")).unwrap_or_default();
    let colon = if states.is_empty() { "" } else { ": " };
    let states = states.join(", ");
    format!("stage {number:2}  {bar}{phase:6}  {devices} devices{colon}{states}{met}")
}

/// `#` runs the image, `x` failed, `>` is under way, `.` is to come.
fn bar(stage: &StageStatus) -> String {
    let sum = |which: fn(Kind) -> bool| {
        Kind::ALL.into_iter().filter(|kind| which(*kind)).map(|kind| stage.of(kind)).sum::<u32>()
    };
    let (updated, failed) = (stage.of(Kind::Updated), sum(Kind::is_failure));
    let under_way = sum(Kind::is_under_way);
    let mut bar = String::with_capacity(WIDTH);
    let mut count = 0;
    for (more, mark) in [(updated, '#'), (failed, 'x'), (under_way, '>'), (stage.devices, '.')] {
        count = stage.devices.min(count + more);
        // Whatever there is of a kind is seen, however small.
        let until = (count as usize * WIDTH).div_ceil(stage.devices.max(1) as usize);
        let until = if mark == '.' { WIDTH } else { until };
        bar.extend(std::iter::repeat_n(mark, until.saturating_sub(bar.len())));
    }
    bar
}

fn device(one: &DeviceStatus) -> String {
    let DeviceStatus { device, stage, state, why, progress } = one;
    let why = match (why, progress) {
        (_, Some(progress)) => percent(*progress),
        (Some(why), None) => why.clone(),
        (None, None) => String::new(),
    };
    format!("{device}  {stage:5}  {state:9}  {why}").trim_end().to_owned()
}

fn percent(Progress { stored, of }: Progress) -> String {
    let part = (u64::from(stored) * 100).checked_div(of.into()).unwrap_or(0);
    format!("{part} % of {of} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_cloud::product::rollout::Plan;

    fn stage_with(devices: u32, states: &[(Kind, u32)]) -> StageStatus {
        let states = states.iter().copied().collect();
        StageStatus { stage: 1, phase: "open".into(), devices, states, met_at: None }
    }

    #[test]
    fn a_bar_has_its_width_and_shows_even_one_failure() {
        for (devices, states) in [
            (0, vec![]),
            (1, vec![(Kind::FellBack, 1)]),
            (100_000, vec![(Kind::Updated, 99_999), (Kind::Refused, 1)]),
            (10, vec![(Kind::Updated, 5), (Kind::Sending, 2), (Kind::FellBack, 1)]),
        ] {
            let bar = bar(&stage_with(devices, &states));
            assert_eq!(bar.chars().count(), WIDTH, "{bar}");
        }
        let some = bar(&stage_with(10, &[(Kind::Updated, 5), (Kind::Sent, 2), (Kind::Quiet, 1)]));
        assert_eq!(
            some,
            format!("{}{}{}{}", "#".repeat(20), "x".repeat(4), ">".repeat(8), ".".repeat(8))
        );
    }

    #[test]
    fn what_is_shown_names_the_reason_and_the_devices_that_are_not_there() {
        let device = |state, why: Option<&str>, progress| DeviceStatus {
            device: "0123456789abcdef01234567".into(),
            stage: 1,
            state,
            why: why.map(str::to_owned),
            progress,
        };
        let halfway = Some(Progress { stored: 50, of: 100 });
        let status = Status {
            rollout: 3,
            product: 12,
            version: 5,
            sha256: String::new(),
            phase: "halted".into(),
            why: Some("a person halted it".into()),
            started_at: String::new(),
            plan: Plan::default(),
            node: true,
            stages: vec![stage_with(2, &[(Kind::Sending, 1), (Kind::FellBack, 1)])],
            devices: vec![
                device(Kind::Sending, None, halfway),
                device(Kind::FellBack, Some("it is not well"), None),
            ],
            more: 2,
        };
        let expected = "rollout 3: version 5 of product 12, halted
why: a person halted it
stage  1  open    2 devices: 1 sending, 1 fell-back

device                    stage  state      why
0123456789abcdef01234567      1  sending    50 % of 100 bytes
0123456789abcdef01234567      1  fell-back  it is not well
and 2 more (--json names them)";
        assert_eq!(lines(&status, false).join("\n"), expected);
        assert!(lines(&status, true)[2].contains("[xxxx"), "{:?}", lines(&status, true));
    }
}
