//! How one device stands, from what is written down and what it said of itself. Pure.
//!
//! Hellos are counted. An image was taken in the Hello numbered `took`; a describe belongs to the Hello before it. So
//! "it said Hello after the transfer, and described itself after that" is `took < described_in`, whatever the clocks
//! show. A device that said Hello and has not yet described itself runs nobody knows what: it is not counted.

use super::fact::{Facts, Kind, Member, Offered, State, Times};

/// How a device stands.
pub fn judge(member: &Member, facts: &Facts, times: Times) -> State {
    if let Some((Kind::FellBack, why)) = &member.ended {
        // Its own word may have come after its describe.
        return fell_back(member, facts, why);
    }
    if runs_image(member, facts) {
        return State::plain(Kind::Updated);
    }
    if let Some((kind, why)) = &member.ended {
        return State::because(*kind, why);
    }
    match member.offered {
        Some(offer) if was_updated(member) => after_updated(member, offer, facts, times),
        Some(offer) if took(offer, facts).is_some() => after_transfer(member, offer, facts, times),
        // That it took the image was not written down, and it says what became of it.
        Some(_)
            if facts.sending.is_none()
                && is_described(facts)
                && confession(member, facts).is_some() =>
        {
            fell_back(member, facts, "it came back with another image")
        }
        _ => before_transfer(member, facts, times),
    }
}

/// Its newest describe belongs to its newest Hello, and names the image; where the image was offered, that Hello came
/// after the offer.
fn runs_image(member: &Member, facts: &Facts) -> bool {
    let before = member.offered.map_or(0, |offer| offer.greeting);
    facts.runs_image && is_described(facts) && facts.described_in > before
}

/// Whether it has described itself since its newest Hello.
fn is_described(facts: &Facts) -> bool {
    facts.described_in == facts.greetings
}

/// Why it fell back, where it has said so since it was offered the image.
fn confession<'a>(member: &Member, facts: &'a Facts) -> Option<&'a str> {
    let offer = member.offered?;
    let since = facts.confessed.as_ref().filter(|(greeting, _)| *greeting > offer.greeting);
    since.map(|(_, why)| why.as_str())
}

fn was_updated(member: &Member) -> bool {
    matches!(member.last, Kind::Updated | Kind::Returning)
}

/// In which Hello it took the image that it was offered last, and when.
fn took(offer: Offered, facts: &Facts) -> Option<(u64, i64)> {
    facts.took.filter(|(greeting, _)| *greeting >= offer.greeting)
}

/// It had reported the image, and does not now.
fn after_updated(member: &Member, offer: Offered, facts: &Facts, times: Times) -> State {
    let reported = is_described(facts) && facts.described_in > offer.greeting;
    match reported {
        true => fell_back(member, facts, "it ran the image, and reports another one now"),
        false if is_late(facts.greeted_ms, times) => {
            State::because(Kind::Quiet, "it came back, and does not say what it runs")
        }
        false => State::plain(Kind::Returning),
    }
}

/// It has the whole image.
fn after_transfer(member: &Member, offer: Offered, facts: &Facts, times: Times) -> State {
    let (greeting, at_ms) = took(offer, facts).unwrap_or((offer.greeting, offer.first_ms));
    let came_back = facts.greetings > greeting;
    if came_back && is_described(facts) {
        return fell_back(member, facts, "it took the image, and came back with another one");
    }
    let silence = if came_back {
        "it came back, and does not say what it runs"
    } else {
        "it took the image, and has not come back"
    };
    if is_late(at_ms, times) {
        return State::because(Kind::Quiet, silence);
    }
    State::plain(Kind::Sent)
}

/// It does not have the image, as far as anybody knows.
fn before_transfer(member: &Member, facts: &Facts, times: Times) -> State {
    if let Some(progress) = facts.sending {
        return State { progress: Some(progress), ..State::plain(Kind::Sending) };
    }
    if let Some(why) = &facts.rejected {
        return State::because(Kind::FellBack, format!("earlier, from this same image: {why}"));
    }
    if let Some(why) = &facts.exempt {
        return State::because(Kind::Exempt, why);
    }
    let trouble = member.trouble.as_ref();
    if !facts.online {
        return State::perhaps(Kind::Offline, trouble);
    }
    match member.offered {
        Some(offer) if is_late(offer.first_ms, times) => {
            let why = trouble.map_or("no transfer came to its end", String::as_str);
            State::because(Kind::Quiet, format!("it does not get the image: {why}"))
        }
        _ => State::perhaps(Kind::Waiting, trouble),
    }
}

fn fell_back(member: &Member, facts: &Facts, plainly: &str) -> State {
    State::because(Kind::FellBack, confession(member, facts).unwrap_or(plainly))
}

/// A clock that was put back makes nobody late.
fn is_late(since_ms: i64, times: Times) -> bool {
    times.now.saturating_sub(since_ms) > times.patience
}

#[cfg(test)]
mod tests {
    use super::super::fact::Progress;
    use super::*;
    use pintle_protocol::DeviceId;

    const TIMES: Times = Times { now: 1_000, patience: 100 };

    fn offered(greeting: u64) -> Member {
        let offer = Offered { first_ms: 990, greeting, tries: 1, again_ms: 0 };
        Member { offered: Some(offer), ..Member::new(DeviceId::from_bytes([1; 12]), 0) }
    }

    fn kind(member: &Member, facts: &Facts) -> Kind {
        judge(member, facts, TIMES).kind
    }

    /// In its third session, online, described.
    fn idle() -> Facts {
        Facts { online: true, greetings: 3, described_in: 3, greeted_ms: 950, ..Facts::default() }
    }

    #[test]
    fn p8_only_a_hello_and_a_describe_after_the_transfer_make_an_update() {
        let member = offered(3);
        let mut facts = Facts { sending: Some(Progress { stored: 5, of: 9 }), ..idle() };
        assert_eq!(kind(&member, &facts), Kind::Sending);
        facts.sending = None;
        facts.took = Some((3, 995));
        assert_eq!(kind(&member, &facts), Kind::Sent);
        // A describe of the old session, even of the new image, is no proof.
        facts.runs_image = true;
        assert_eq!(kind(&member, &facts), Kind::Sent);
        facts.greetings = 4;
        assert_eq!(kind(&member, &facts), Kind::Sent, "what it described was before this Hello");
        facts.described_in = 4;
        assert_eq!(kind(&member, &facts), Kind::Updated);
    }

    #[test]
    fn p8_a_device_that_comes_back_with_another_image_fell_back_and_stays_so() {
        let mut member = offered(3);
        let mut facts = Facts { greetings: 4, took: Some((3, 995)), ..idle() };
        assert_eq!(kind(&member, &facts), Kind::Sent);
        facts.described_in = 4;
        facts.confessed = Some((3, "something else, before".into()));
        let plain = judge(&member, &facts, TIMES);
        assert!(plain.why.unwrap().contains("came back with another"));
        facts.confessed = Some((4, "its health command failed".into()));
        let state = judge(&member, &facts, TIMES);
        assert_eq!(state, State::because(Kind::FellBack, "its health command failed"));
        facts.took = None;
        assert_eq!(judge(&member, &facts, TIMES), state, "by its own word alone");
        member.ended = Some((Kind::FellBack, "so".into()));
        facts.runs_image = true;
        assert_eq!(kind(&member, &facts), Kind::FellBack);
    }

    #[test]
    fn p8_an_updated_device_that_says_hello_again_counts_when_it_has_described_itself_again() {
        let mut member = offered(3);
        member.last = Kind::Updated;
        let mut facts = Facts { greetings: 5, described_in: 4, runs_image: true, ..idle() };
        assert_eq!(kind(&member, &facts), Kind::Returning);
        facts.greeted_ms = 0;
        assert_eq!(kind(&member, &facts), Kind::Quiet);
        facts.described_in = 5;
        assert_eq!(kind(&member, &facts), Kind::Updated);
        facts.runs_image = false;
        assert_eq!(kind(&member, &facts), Kind::FellBack);
    }

    #[test]
    fn a_hello_in_the_middle_of_a_transfer_is_no_fallback() {
        let facts = Facts { greetings: 4, described_in: 4, ..idle() };
        assert_eq!(kind(&offered(3), &facts), Kind::Waiting);
        let facts = Facts { took: Some((2, 10)), ..facts };
        assert_eq!(kind(&offered(3), &facts), Kind::Waiting, "it took it before this offer");
    }

    #[test]
    fn silence_is_named_for_what_it_is() {
        let member = offered(3);
        let facts = Facts { took: Some((3, 899)), ..idle() };
        assert_eq!(kind(&member, &facts), Kind::Quiet);
        let late = Member {
            offered: member.offered.map(|offer| Offered { first_ms: 0, ..offer }),
            ..member.clone()
        };
        assert_eq!(kind(&late, &idle()), Kind::Quiet);
        assert_eq!(kind(&late, &Facts { online: false, ..idle() }), Kind::Offline);
        let fresh = Member::new(member.device, 0);
        assert_eq!(kind(&fresh, &idle()), Kind::Waiting);
        assert_eq!(kind(&fresh, &Facts { runs_image: true, ..idle() }), Kind::Updated);
        let rejected = Facts { rejected: Some("no".into()), ..idle() };
        assert_eq!(kind(&fresh, &rejected), Kind::FellBack);
        let left = Facts { exempt: Some("it left".into()), ..idle() };
        assert_eq!(kind(&fresh, &left), Kind::Exempt);
    }
}
