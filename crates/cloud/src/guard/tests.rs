//! The guard as a whole, on virtual time: who is stopped, and above all who is not.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::task::{Context, Poll, Waker};

use super::*;
use crate::account::NameHash;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The names of accounts are keyed hashes, so any bytes will do.
fn account(number: u32) -> NameHash {
    let mut hash = [0; 32];
    hash[0] = u8::try_from(number % 256).unwrap();
    hash[4..8].copy_from_slice(&number.to_be_bytes());
    NameHash(hash)
}

fn loopback(number: u32) -> Origin {
    let [_, _, c, d] = number.to_be_bytes();
    IpAddr::from(Ipv4Addr::new(127, 1, c, d)).into()
}

/// Looks at passwords by a table, and counts how often.
#[derive(Default)]
struct Checker {
    with_second_factor: Vec<NameHash>,
    with_password_alone: Vec<NameHash>,
    looked: HashMap<NameHash, u32>,
    total: u32,
}

impl Checker {
    /// One try through all of the guard; false if it was refused before the checker saw it.
    fn try_login(
        &mut self,
        guard: &Guard,
        from: Origin,
        who: NameHash,
        right: bool,
        now: Duration,
    ) -> bool {
        let token = guard.admit(from, Group::Login, None, now);
        let begun = token.map_err(Refused::Wait);
        let begun = begun.and_then(|()| guard.logins().begin(from, &who, now));
        let Ok(mut attempt) = begun else { return false };
        let Poll::Ready(Ok(_turn)) = poll(attempt.turn()) else { panic!("nobody else has a turn") };
        let behind = match who {
            _ if self.with_second_factor.contains(&who) => Behind::SecondFactor,
            _ if self.with_password_alone.contains(&who) => Behind::Password,
            _ => Behind::Nobody,
        };
        attempt.found(behind);
        *self.looked.entry(who).or_default() += 1;
        self.total += 1;
        match behind {
            Behind::Password if right => attempt.was_right(),
            Behind::SecondFactor if right => attempt.was_right_so_far(),
            _ => drop(attempt),
        }
        true
    }
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn p9_a_hundred_thousand_guesses_from_a_thousand_addresses_slow_the_attacked_accounts_alone() {
    let guard = Guard::default();
    let attacked: Vec<_> = (0..8).map(account).collect();
    let mut checker = Checker {
        with_password_alone: [&attacked[..4], &[account(100), account(101)]].concat(),
        with_second_factor: attacked[4..].to_vec(),
        ..Checker::default()
    };
    let home = loopback(0x7001);
    // Who has no second factor logged in from home before.
    assert!(checker.try_login(&guard, home, attacked[0], true, at(0)));
    checker.total = 0;
    checker.looked.clear();

    let mut slowed = 0;
    for guess in 0..100_000_u32 {
        // Ten minutes long, each address in turn; half at the attacked accounts, half at names that nobody has.
        let now = at(1) + Duration::from_millis(6) * guess;
        let who = match guess % 2 {
            0 => attacked[(guess / 2) as usize % attacked.len()],
            _ => account(1_000 + guess),
        };
        checker.try_login(&guard, loopback(guess % 1_000), who, false, now);
        if guess % 5_000 != 4_999 {
            continue;
        }
        // Meanwhile, each time from an address that nobody has seen.
        let abroad = loopback(0x7100 + guess / 5_000);
        assert!(checker.try_login(&guard, home, attacked[0], true, now), "the owner, from home");
        for who in &attacked[4..] {
            assert!(checker.try_login(&guard, abroad, *who, true, now), "with a second factor");
        }
        for who in [account(100), account(101)] {
            assert!(checker.try_login(&guard, abroad, who, true, now), "who is not attacked");
        }
        let begun = guard.logins().begin(abroad, &attacked[1], now);
        match begun.map(Attempt::was_not_looked_at) {
            Ok(()) => {}
            Err(Refused::Wait(wait)) if wait <= at(30) => slowed += 1,
            Err(refused) => panic!("slowed, not shut out: {refused:?}"),
        }
    }
    assert!(slowed > 0, "who is attacked, without a second factor, from an address never seen");
    // Ten an address, three that came back in ten minutes, and the people's own.
    assert!(checker.total <= 1_000 * 13 + 200, "{} passwords were looked at", checker.total);
    for who in &attacked[1..4] {
        // Ten, and one each thirty seconds.
        assert!(checker.looked[who] <= 10 + 20 + 1, "{}", checker.looked[who]);
    }
}

#[test]
fn short_codes_are_guessed_ten_times_and_right_ones_cost_nothing() {
    let logins = Guard::default().logins().clone();
    let look = |found: Option<u8>| logins.look_up(loopback(1), at(1), || found);
    assert!((0..50).all(|_| look(Some(1)) == Ok(Some(1))));
    assert!((0..10).all(|_| look(None) == Ok(None)));
    assert_eq!(look(Some(1)), Err(Refused::Wait(at(180))));
    assert!(logins.look_up(loopback(2), at(1), || Some(1)).is_ok());
}

#[test]
fn a_name_that_nobody_has_is_refused_like_one_of_either_kind() {
    let logins = Guard::default().logins().clone();
    let refused = |who: NameHash, behind| {
        (0..20).any(|from| match logins.begin(loopback(from), &who, at(1)) {
            Ok(attempt) => {
                attempt.found(behind);
                false
            }
            Err(_) => true,
        })
    };
    assert!(refused(account(2), Behind::Password));
    assert!(!refused(account(4), Behind::SecondFactor));
    assert!(refused(account(6), Behind::Nobody));
    assert!(!refused(account(7), Behind::Nobody));
}

#[test]
fn many_guesses_at_once_get_no_more_than_one_after_the_other() {
    let logins = Guard::default().logins().clone();
    let begun = |who| logins.begin(loopback(1), &account(who), at(1));
    let at_once: Vec<_> = (0..50).filter_map(|who| begun(who).ok()).collect();
    assert_eq!(at_once.len(), 10);
    at_once.into_iter().for_each(Attempt::was_right);
    assert!(begun(60).is_ok(), "those that were right are not counted");
}

#[test]
fn a_right_login_forgives_its_own_try_and_no_other() {
    let logins = Guard::default().logins().clone();
    for round in 0..10 {
        let wrong = logins.begin(loopback(1), &account(round), at(1));
        assert!(wrong.is_ok());
        drop(wrong);
        if let Ok(attempt) = logins.begin(loopback(1), &account(99), at(1)) {
            attempt.was_right();
        }
    }
    assert!(logins.begin(loopback(1), &account(50), at(1)).is_err());
    assert!(logins.begin(loopback(1), &account(99), at(1)).is_ok());
}

#[test]
fn an_address_has_its_quota_and_each_group_of_routes_its_own() {
    let guard = Guard::default();
    let admitted = |origin, group, now| {
        (0..20_000).take_while(|_| guard.admit(origin, group, None, now).is_ok()).count()
    };
    assert_eq!(admitted(loopback(1), Group::Login, at(1)), 100);
    assert_eq!(admitted(loopback(1), Group::Stream, at(1)), 200);
    assert_eq!(admitted(loopback(2), Group::Login, at(1)), 100);
    // Those that were refused by their group's quota count, too.
    assert_eq!(admitted(loopback(1), Group::Other, at(1)), 10_000 - 302);
    assert_eq!(guard.admit(loopback(1), Group::Other, None, at(1)), Err(Duration::from_millis(30)));
    assert_eq!(admitted(loopback(1), Group::Login, at(4)), 1);
    assert_eq!(guard.tally().count(Reason::Group), 4);
}

#[test]
fn an_account_has_one_quota_for_all_its_tokens_and_addresses() {
    let guard = Guard::default();
    let owner = AccountId::from_bytes([7; 16]);
    guard.belongs(b"one", owner);
    guard.belongs(b"two", owner);
    let asks =
        |from, token: &[u8]| guard.admit(loopback(from), Group::Other, Some(token), at(1)).is_ok();
    assert_eq!((0..6_000).filter(|n| asks(n % 7, b"one")).count(), 6_000);
    assert_eq!((0..6_000).filter(|n| asks(10 + n % 7, b"two")).count(), 4_000);
    assert!(asks(30, b"null") && asks(30, b"another"));
    guard.belongs_to_nobody(b"two");
    assert!(asks(40, b"two"), "a token that is good no more counts for itself");
}
