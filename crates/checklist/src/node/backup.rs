//! Backups: that there is one, that one was restored, that the key which opens it is kept.

use super::days_ago;
use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::Milestones;
use crate::verdict::{Fault, Verdict};

/// How old a backup may be, and a node without one, in days.
const BACKUP_DAYS: u64 = 7;

/// How long ago a restore may have been tried, in days.
const RESTORE_DAYS: u64 = 180;

/// How long a new node has for the first one, in days.
const FIRST_RESTORE_DAYS: u64 = 30;

/// There is one.
pub(super) const RECENT: Check = Check {
    id: "node-backup-recent",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "A backup was made in the last seven days, or the node is younger than that.",
    how: "Asks the node when its last backup was made.",
    remedy: "Run `pintle backup --data DIR --to NEW` every day, from a timer, and take the backup to another machine.",
    anchors: &[isvs("1.4"), en303645("5.9-1"), cra("I.1(2)(h)"), iso("A.8.13")],
    risks: &[Risk::Downtime, Risk::Reputation],
    room: Room::Node,
    judge: recent,
};

/// It was tried.
pub(super) const TRIED: Check = Check {
    id: "node-restore-tried",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "A backup was restored in the last half year, as a trial or in earnest, or the node is younger than a month.",
    how: "Asks the node when a backup of it was last restored.",
    remedy: "Restore the newest backup on another machine with `pintle restore`, start it there, and write it down with --tell DIR.",
    anchors: &[isvs("1.4"), en303645("5.9-2"), cra("I.1(2)(h)"), iso("A.5.30")],
    risks: &[Risk::Downtime, Risk::Reputation],
    room: Room::Node,
    judge: tried,
};

/// And can be opened.
pub(super) const KEY_COPIED: Check = Check {
    id: "node-key-copied",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "There is a copy of the node key, without which no backup opens, or the node is younger than a week.",
    how: "Asks the node whether a copy of its key was ever made.",
    remedy: "Run `pintle key backup` and keep the copy, or its shares, away from the backups.",
    anchors: &[asvs("V11.1"), cra("I.1(2)(h)"), iso("A.8.24"), iso("27018 A.10.1")],
    risks: &[Risk::Downtime],
    room: Room::Node,
    judge: key_copied,
};

/// Broken where the last time is longer ago than `most` days, or there was none and the node is older than `first` days.
fn judge(
    scene: &Scene,
    last: impl FnOnce(&Milestones) -> Option<i64>,
    (most, first): (u64, u64),
    what: &str,
) -> Verdict {
    scene.node.judge(|node| {
        node.milestones.judge(|milestones| {
            let age = days_ago(scene.now_ms, milestones.began_ms);
            match days_ago(scene.now_ms, last(milestones)) {
                Some(days) if days <= most => {
                    Verdict::holds(format!("{what} in the last {most} days"))
                }
                Some(_) => Verdict::of(
                    [Fault::new("the node", format!("not {what} for more than {most} days"))],
                    "",
                ),
                None if age.is_some_and(|age| age <= first) => {
                    Verdict::holds(format!("never {what}, and the node is not {first} days old"))
                }
                None => Verdict::of([Fault::new("the node", format!("was never {what}"))], ""),
            }
        })
    })
}

fn recent(scene: &Scene) -> Verdict {
    judge(scene, |done| done.backed_up_ms, (BACKUP_DAYS, BACKUP_DAYS), "backed up")
}

fn tried(scene: &Scene) -> Verdict {
    judge(
        scene,
        |done| done.restored_ms,
        (RESTORE_DAYS, FIRST_RESTORE_DAYS),
        "restored from a backup",
    )
}

fn key_copied(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.milestones.judge(|milestones| {
            let young =
                days_ago(scene.now_ms, milestones.began_ms).is_some_and(|age| age <= BACKUP_DAYS);
            let seen = if milestones.key_copied_ms.is_some() {
                "a copy was made"
            } else {
                "no copy yet, and the node is new"
            };
            Verdict::claim(milestones.key_copied_ms.is_some() || young, seen, || {
                Fault::new(
                    "the node key",
                    "was never copied for keeping: with it all backups are lost",
                )
            })
        })
    })
}
