//! The schedule on virtual time.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn hook(n: u8) -> HookId {
    HookId::from_bytes([n; 12])
}

fn way(account: u8, host: &str) -> Way {
    let target = Target { tls: true, host: host.into(), port: 443 };
    Way { account: AccountId::from_bytes([account; 16]), target }
}

fn at(seconds: u64) -> Duration {
    SECOND * u32::try_from(seconds).unwrap()
}

#[test]
fn what_fails_is_tried_twice_more_and_then_given_up() {
    let mut schedule = Schedule::default();
    schedule.add(at(0), hook(1), way(1, "a"), "x");
    let going = schedule.next(at(0)).unwrap();
    assert_eq!(schedule.ended(at(1), going, Ended::Failed), (Next::Again, None));
    assert_eq!(schedule.wakes_at(at(1)), Some(at(31)));
    assert!(schedule.next(at(30)).is_none());
    let going = schedule.next(at(31)).unwrap();
    assert_eq!(schedule.ended(at(32), going, Ended::Failed), (Next::Again, None));
    assert!(schedule.next(at(91)).is_none());
    let going = schedule.next(at(92)).unwrap();
    assert_eq!(schedule.ended(at(93), going, Ended::Failed), (Next::GivenUp, Some("x")));
    assert_eq!((schedule.waiting(), schedule.wakes_at(at(93))), (0, None));
}

#[test]
fn what_is_taken_or_refused_is_done_with() {
    for how in [Ended::Well, Ended::Refused] {
        let mut schedule = Schedule::default();
        schedule.add(at(0), hook(1), way(1, "a"), ());
        let going = schedule.next(at(0)).unwrap();
        assert_eq!(schedule.ended(at(1), going, how), (Next::Done, Some(())));
        assert_eq!(schedule.waiting(), 0);
    }
}

#[test]
fn a_host_where_much_fails_sleeps_and_one_delivery_tries_whether_it_woke() {
    let mut schedule = Schedule::default();
    (0..30).for_each(|n| schedule.add(at(0), hook(1), way(1, "a"), n));
    (0..2).for_each(|n| schedule.add(at(0), hook(2), way(1, "b"), n));
    for _ in 0..MANY {
        let going = schedule.next(at(0)).unwrap();
        let going = if going.hook == hook(2) {
            schedule.ended(at(0), going, Ended::Well);
            schedule.next(at(0)).unwrap()
        } else {
            going
        };
        let how = if going.hook == hook(2) { Ended::Well } else { Ended::Failed };
        schedule.ended(at(0), going, how);
    }
    while let Some(going) = schedule.next(at(1)) {
        let how = if going.hook == hook(2) { Ended::Well } else { Ended::Failed };
        schedule.ended(at(1), going, how);
    }
    let until = schedule.sleeps_until(at(1), &way(1, "a").target).unwrap();
    assert!(until <= at(31), "{until:?}");
    assert!(schedule.sleeps_until(at(1), &way(1, "b").target).is_none(), "another host does not");
    let first = schedule.next(until).unwrap();
    assert!(schedule.next(until).is_none(), "one at a time");
    schedule.ended(until, first, Ended::Failed);
    let longer = schedule.sleeps_until(until, &way(1, "a").target).unwrap();
    assert_eq!(longer, until + at(60));
    let first = schedule.next(longer).unwrap();
    schedule.ended(longer, first, Ended::Well);
    assert!(schedule.next(longer).is_some() && schedule.next(longer).is_some(), "it is awake");
}

#[test]
fn no_account_takes_all_the_places() {
    let mut schedule = Schedule::default();
    for n in 0..100_u8 {
        (0..10).for_each(|_| schedule.add(at(0), hook(n), way(n / 10, &format!("h{n}")), ()));
    }
    let going: Vec<_> = std::iter::from_fn(|| schedule.next(at(0))).collect();
    assert_eq!(going.len(), AT_ONCE);
    for account in 0..10 {
        let of_account = going.iter().filter(|going| going.hook.as_bytes()[0] / 10 == account);
        assert!((6..=7).contains(&of_account.count()), "account {account}");
    }
    let mut alone = Schedule::default();
    for n in 0..10_u8 {
        (0..10).for_each(|_| alone.add(at(0), hook(n), way(1, "h"), ()));
    }
    let going: Vec<_> = std::iter::from_fn(|| alone.next(at(0))).collect();
    assert_eq!(going.len(), EACH_ACCOUNT);
    let most = (0..10).map(|n| going.iter().filter(|going| going.hook == hook(n)).count()).max();
    assert!(most <= Some(EACH_HOOK));
}

#[test]
fn what_waits_for_an_hour_is_given_up_and_what_is_for_no_one_is_taken_out() {
    let mut schedule = Schedule::default();
    schedule.add(at(0), hook(1), way(1, "a"), "old");
    schedule.add(at(3_000), hook(1), way(1, "a"), "new");
    assert_eq!(schedule.give_up(at(3_601)), [(hook(1), "old")]);
    assert_eq!(schedule.remove(hook(1)), ["new"]);
    assert_eq!(schedule.waiting(), 0);
}
