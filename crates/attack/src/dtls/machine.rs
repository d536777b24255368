//! The states of a handshake, learned: messages in every order up to a depth, each order compared with what the expected
//! automaton says.
//!
//! | state | goes on with | stays with | ends with |
//! |---|---|---|---|
//! | the flight was sent | Certificate | noise | all else |
//! | the key was shown | ClientKeyExchange | noise | all else |
//! | there are keys | CertificateVerify | noise | all else, Finished too |
//! | the key was proven | Finished | noise | all else |
//!
//! Noise is what is not protected but should be, data before its time, and a protected record before there are keys.

use super::hello::Hello;
use super::line::Line;
use super::shaking::{Answers, Shaking};
use super::wire::{self, APPLICATION, CLIENT_HELLO, FINISHED, HANDSHAKE};
use crate::case::{Case, Cost, Group};
use crate::raid::{Identity, Raid, Tried, broke, raid};
use std::collections::BTreeSet;
use std::time::Duration;

/// Messages in each run.
const DEPTH: usize = 3;
/// Messages where there is time for a full run.
const FULL_DEPTH: usize = 5;
/// How much time that is.
const FULL_TIME: Duration = Duration::from_secs(30);

/// Every message in every order.
pub(super) const STATES: Case = Case {
    id: "dtls-states",
    group: Group::Handshake,
    tries: "A device sends the messages of its flight in every order up to a depth, and in the right order with one left out, \
            doubled, exchanged or put between.",
    expects: "The right order alone is finished; any other ends with the first message that is out of place.",
    cost: Cost::Quick,
    run: |target, course| raid(target, course, states),
};

/// A message that a device may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Letter {
    Certificate,
    KeyExchange,
    Verify,
    Finished,
    /// The hello again, as a later message.
    Hello,
    /// A Finished that is not protected.
    ClearFinished,
    /// Application data that is not protected.
    ClearData,
}

use Letter::{Certificate, ClearData, ClearFinished, Finished, KeyExchange, Verify};

const LETTERS: [Letter; 7] =
    [Certificate, KeyExchange, Verify, Finished, Letter::Hello, ClearFinished, ClearData];

/// The right order.
const SOUND: [Letter; 4] = [Certificate, KeyExchange, Verify, Finished];

/// Where a handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many of the right messages came.
    After(usize),
    Over,
}

impl State {
    const FIRST: Self = Self::After(0);
    const DONE: Self = Self::After(SOUND.len());

    /// What the expected automaton does.
    fn next(self, letter: Letter) -> Self {
        let Self::After(count) = self else { return Self::Over };
        if self == Self::DONE {
            return self;
        }
        if SOUND.get(count) == Some(&letter) {
            return Self::After(count + 1);
        }
        let is_noise =
            matches!(letter, ClearFinished | ClearData) || letter == Finished && count < 2;
        if is_noise { self } else { Self::Over }
    }

    fn of(word: &[Letter]) -> Self {
        word.iter().fold(Self::FIRST, |state, letter| state.next(*letter))
    }
}

/// What was seen of a word.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Alert,
    Session,
}

impl Seen {
    fn expected(word: &[Letter]) -> Self {
        match State::of(word) {
            State::DONE => Self::Session,
            State::After(_) => Self::Nothing,
            State::Over => Self::Alert,
        }
    }

    fn of(answers: &Answers) -> Self {
        match answers.alerts().as_slice() {
            _ if answers.has_finished() => Self::Session,
            [] => Self::Nothing,
            _ => Self::Alert,
        }
    }
}

/// All words up to this depth, but those that only go on after an end.
fn words(depth: usize) -> BTreeSet<Vec<Letter>> {
    let mut all = BTreeSet::from([Vec::new()]);
    let mut alive = vec![Vec::new()];
    for _ in 0..depth {
        let mut longer = Vec::new();
        for word in &alive {
            for letter in LETTERS {
                let word: Vec<Letter> = [&word[..], &[letter]].concat();
                if !matches!(State::of(&word), State::Over | State::DONE) {
                    longer.push(word.clone());
                }
                all.insert(word);
            }
        }
        alive = longer;
    }
    all.extend(nearly());
    all
}

/// The right order with one message left out, put between, or exchanged.
fn nearly() -> impl Iterator<Item = Vec<Letter>> {
    let without = (0..SOUND.len()).map(|place| {
        let mut word = SOUND.to_vec();
        word.remove(place);
        word
    });
    let between = (0..=SOUND.len()).flat_map(|place| {
        LETTERS.map(|letter| {
            let mut word = SOUND.to_vec();
            word.insert(place, letter);
            word
        })
    });
    let exchanged = (1..SOUND.len()).map(|place| {
        let mut word = SOUND.to_vec();
        word.swap(place - 1, place);
        word
    });
    without.chain(between).chain(exchanged)
}

fn states(raid: &Raid<'_>) -> Tried {
    let (line, device) = (Line::open(raid)?, raid.identity(0)?);
    let depth = if raid.time_left() > FULL_TIME { FULL_DEPTH } else { DEPTH };
    let words = words(depth);
    let mut shaking = Shaking::begin(&line)?;
    for (turn, word) in (1..).zip(&words) {
        play(&mut shaking, word, &device)?;
        let hello = Hello::sound(raid.random());
        // What is heard before this begins is what came of the word.
        let (next, answers) = Shaking::begin_after(&line, hello, turn)?;
        let (seen, expected) = (Seen::of(&answers), Seen::expected(word));
        if seen != expected {
            return broke(format!("after {} came {seen:?} instead of {expected:?}", told(word)));
        }
        shaking = next;
    }
    Ok("every order of messages ended as the expected automaton says".into())
}

fn told(word: &[Letter]) -> String {
    let letters: Vec<String> = word.iter().map(|letter| format!("{letter:?}")).collect();
    if letters.is_empty() { "nothing".into() } else { letters.join(", ") }
}

fn play(shaking: &mut Shaking<'_, '_>, word: &[Letter], device: &Identity) -> Tried<()> {
    for letter in word {
        match letter {
            Letter::Certificate => shaking.show(&device.public)?,
            Letter::KeyExchange => shaking.exchange()?,
            Letter::Verify => shaking.prove(&device.key)?,
            Letter::Finished => shaking.finish(|_| {})?,
            Letter::Hello => {
                let body = shaking.hello.body(&shaking.cookie);
                shaking.say(CLIENT_HELLO, &body)?;
            }
            // Not numbered: whoever takes it would take it for the next.
            Letter::ClearFinished => {
                let message = wire::message(FINISHED, shaking.sequence(), &[0; 12]);
                shaking.send_clear(HANDSHAKE, &message)?;
            }
            Letter::ClearData => shaking.send_clear(APPLICATION, &[0x40, 0, 0, 1])?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_automaton_finishes_the_right_order_alone() {
        let done: Vec<_> =
            words(4).into_iter().filter(|word| State::of(word) == State::DONE).collect();
        let sound = |word: &Vec<Letter>| {
            let kept: Vec<_> = word.iter().filter(|letter| SOUND.contains(letter)).collect();
            // A Finished before there are keys is noise.
            kept.len() >= SOUND.len() && word.contains(&Verify)
        };
        assert!(done.contains(&SOUND.to_vec()));
        assert!(done.iter().all(sound), "{done:?}");
        assert_eq!(State::of(&[Certificate, KeyExchange, Finished]), State::Over);
    }

    #[test]
    fn what_ended_is_not_gone_on_with() {
        let goes_on = |word: &Vec<Letter>| {
            word.len() <= 3 && word.len() > 1 && State::of(&word[..word.len() - 1]) == State::Over
        };
        let without_one = [KeyExchange, Verify, Finished];
        assert!(words(3).iter().filter(|word| goes_on(word)).all(|word| {
            // Those that leave one out of the right order are kept whole.
            word[..] == without_one || nearly().any(|near| near == *word)
        }));
    }
}
