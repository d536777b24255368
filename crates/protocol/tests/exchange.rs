//! The message layer on virtual time: the recorded timing, every way a request is settled, duplicates, bounds.

use std::time::Duration;

use pintle_protocol::coap::{Code, Kind, Message, MessageId, RequestToken, Token, Writer};
use pintle_protocol::exchange::{Exchange, Numbering, Received, Settings};
use pintle_protocol::{from_cloud, reply};

const NOW: Duration = Duration::from_secs(100);

fn exchange() -> Exchange<&'static str> {
    Exchange::new(Settings::default(), 1, 0x70)
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn ack(id: MessageId) -> Vec<u8> {
    let mut out = Vec::new();
    reply::ack_empty(&mut out, id);
    out
}

fn message(kind: Kind, code: Code, id: u16, token: impl Into<Token>) -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new(&mut out, kind, code, MessageId(id), token.into()).payload(&[]);
    out
}

fn receive<T>(exchange: &mut Exchange<T>, now: Duration, bytes: &[u8]) -> Received<T> {
    exchange.receive(now, &Message::parse(bytes).unwrap())
}

/// A call that is on its way, due in 30 s.
fn call(exchange: &mut Exchange<&'static str>) -> (MessageId, RequestToken) {
    let (id, token) = (exchange.next_id(), exchange.next_token());
    let mut out = Vec::new();
    from_cloud::call(&mut out, id, token, "f", b"").unwrap();
    exchange.request(NOW, 0, id, token, out, NOW + seconds(30.0), "call").unwrap();
    (id, token)
}

#[test]
fn ids_and_tokens_count_up_and_wrap_and_pass_over_those_in_use() {
    let mut exchange = Exchange::new(Settings::default(), 0xffff, 0xff);
    assert_eq!((exchange.next_id(), exchange.next_id()), (MessageId(0xffff), MessageId(0)));
    assert_eq!(exchange.last_id(), MessageId(0));
    let token = exchange.next_token();
    assert_eq!(token, RequestToken(0xff));
    exchange.request(NOW, 0, MessageId(1), token, vec![], NOW, "kept").unwrap();
    assert_eq!(exchange.next_id(), MessageId(2));
    for expected in (0..0xff).chain([0]) {
        assert_eq!(exchange.next_token(), RequestToken(expected));
    }
}

#[test]
fn a_message_is_repeated_three_times_at_doubling_intervals_and_then_given_up() {
    for (jitter, factor) in [(0, 1.0), (u16::MAX, 1.5)] {
        let mut exchange = exchange();
        exchange.send(NOW, jitter, MessageId(1), b"copy".to_vec(), "event").unwrap();
        let mut at = NOW;
        for wait in [4.0, 8.0, 16.0] {
            at += seconds(wait * factor);
            assert_eq!(exchange.poll_timeout(), Some(at));
            assert_eq!(exchange.poll_retransmit(at - Duration::from_millis(1)), None);
            assert_eq!(exchange.poll_retransmit(at), Some(&b"copy"[..]));
            assert_eq!(exchange.poll_retransmit(at), None);
        }
        at += seconds(32.0 * factor);
        assert_eq!(exchange.poll_given_up(at - Duration::from_millis(1)), None);
        assert_eq!(exchange.poll_retransmit(at), None);
        assert_eq!(exchange.poll_given_up(at), Some("event"));
        assert_eq!(exchange.poll_given_up(at), None);
        assert!(exchange.is_idle(at));
    }
}

#[test]
fn all_outstanding_messages_are_repeated_side_by_side() {
    let mut exchange = exchange();
    for id in 1..=3 {
        exchange.send(NOW, 0, MessageId(id), vec![id as u8], "event").unwrap();
    }
    let due = NOW + seconds(4.0);
    let mut repeated = Vec::new();
    while let Some(copy) = exchange.poll_retransmit(due) {
        repeated.push(copy[0]);
    }
    assert_eq!(repeated, [1, 2, 3]);
}

#[test]
fn an_acknowledgement_settles_what_asked_for_no_response() {
    let mut exchange = exchange();
    exchange.send(NOW, 0, MessageId(5), vec![], "event").unwrap();
    assert_eq!(receive(&mut exchange, NOW, &ack(MessageId(4))), Received::Unmatched);
    assert_eq!(receive(&mut exchange, NOW, &ack(MessageId(5))), Received::Acknowledged("event"));
    assert_eq!(receive(&mut exchange, NOW, &ack(MessageId(5))), Received::Unmatched);
    assert_eq!(exchange.poll_timeout(), None);
}

#[test]
fn a_response_in_the_acknowledgement_settles_a_request() {
    let mut exchange = exchange();
    let (id, token) = call(&mut exchange);
    let strange = message(Kind::Acknowledgement, Code::CHANGED, id.0, RequestToken(token.0 ^ 1));
    assert_eq!(receive(&mut exchange, NOW, &strange), Received::Unmatched);
    let response = message(Kind::Acknowledgement, Code::CHANGED, id.0, token);
    assert_eq!(receive(&mut exchange, NOW, &response), Received::Responded("call"));
    assert_eq!(receive(&mut exchange, NOW, &response), Received::Unmatched);
}

#[test]
fn a_separate_response_settles_a_request_once_and_is_acknowledged_each_time() {
    let mut exchange = exchange();
    let (id, token) = call(&mut exchange);
    assert_eq!(receive(&mut exchange, NOW, &ack(id)), Received::Accepted);
    assert_eq!(exchange.poll_retransmit(NOW + seconds(10.0)), None);
    let response = message(Kind::Confirmable, Code::CHANGED, 900, token);
    assert_eq!(receive(&mut exchange, NOW, &response), Received::Responded("call"));
    let reply = ack(MessageId(900));
    exchange.answered(NOW, MessageId(900), &reply);
    assert_eq!(receive(&mut exchange, NOW, &response), Received::Duplicate(Some(reply)));
    assert_eq!(exchange.poll_overdue(NOW + seconds(100.0)), None);
}

#[test]
fn a_separate_response_settles_a_request_whose_acknowledgement_was_lost() {
    let mut exchange = exchange();
    let (id, token) = call(&mut exchange);
    let response = message(Kind::NonConfirmable, Code::CHANGED, 900, token);
    assert_eq!(receive(&mut exchange, NOW, &response), Received::Responded("call"));
    assert_eq!(exchange.poll_retransmit(NOW + seconds(10.0)), None);
    assert_eq!(receive(&mut exchange, NOW, &ack(id)), Received::Unmatched);
}

#[test]
fn a_reset_settles_whatever_it_names() {
    let mut exchange = exchange();
    let (id, _) = call(&mut exchange);
    let reset = message(Kind::Reset, Code::EMPTY, id.0, Token::EMPTY);
    assert_eq!(receive(&mut exchange, NOW, &reset), Received::Reset("call"));
    assert_eq!(receive(&mut exchange, NOW, &reset), Received::Unmatched);
}

#[test]
fn a_request_that_is_never_answered_is_overdue_at_its_deadline() {
    let mut exchange = exchange();
    let (id, token) = call(&mut exchange);
    receive(&mut exchange, NOW, &ack(id));
    assert_eq!(exchange.poll_timeout(), Some(NOW + seconds(30.0)));
    assert_eq!(exchange.poll_overdue(NOW + seconds(29.9)), None);
    assert_eq!(exchange.poll_overdue(NOW + seconds(30.0)), Some("call"));
    let late = message(Kind::Confirmable, Code::CHANGED, 900, token);
    assert_eq!(receive(&mut exchange, NOW + seconds(31.0), &late), Received::Stray);
}

#[test]
fn a_cancelled_request_gives_its_tag_back_and_is_not_repeated() {
    let mut exchange = exchange();
    let (_, token) = call(&mut exchange);
    assert_eq!(exchange.cancel(token), Some("call"));
    assert_eq!(exchange.cancel(token), None);
    assert_eq!(exchange.poll_timeout(), None);
}

#[test]
fn p3_a_repeated_message_is_not_acted_on_and_hears_the_same_answer() {
    let mut exchange = exchange();
    let event = message(Kind::Confirmable, Code::POST, 7, Token::EMPTY);
    assert_eq!(receive(&mut exchange, NOW, &event), Received::Fresh);
    assert_eq!(receive(&mut exchange, NOW, &event), Received::Duplicate(None));
    let answer = message(Kind::Acknowledgement, Code::NOT_FOUND, 7, Token::EMPTY);
    exchange.answered(NOW, MessageId(7), &answer);
    let later = NOW + seconds(44.9);
    assert_eq!(receive(&mut exchange, later, &event), Received::Duplicate(Some(answer)));
    assert!(!exchange.is_idle(later));
    let much_later = NOW + seconds(64.0);
    assert!(exchange.is_idle(much_later));
    assert_eq!(receive(&mut exchange, much_later, &event), Received::Fresh);
}

#[test]
fn p3_a_flood_of_messages_is_refused_and_no_duplicate_slips_through() {
    let settings = Settings { max_seen: 100, ..Settings::default() };
    let mut exchange: Exchange<()> = Exchange::new(settings, 1, 1);
    let event = |id| message(Kind::Confirmable, Code::POST, id, Token::EMPTY);
    for id in 0..100 {
        assert_eq!(receive(&mut exchange, NOW, &event(id)), Received::Fresh);
    }
    assert_eq!(receive(&mut exchange, NOW, &event(100)), Received::Full);
    for id in 0..100 {
        assert_eq!(receive(&mut exchange, NOW, &event(id)), Received::Duplicate(None));
    }
    assert_eq!(receive(&mut exchange, NOW + seconds(64.0), &event(100)), Received::Fresh);
}

#[test]
fn p3_a_peer_in_a_hurry_is_heard_on_where_its_numbers_say_what_is_past() {
    let settings = Settings { max_seen: 100, ..Settings::default() };
    let mut exchange: Exchange<()> = Exchange::new(settings, 1, 1);
    exchange.set_numbering(Numbering::Up(None));
    let event = |id| message(Kind::Confirmable, Code::POST, id, Token::EMPTY);
    for id in 0..10_000 {
        assert_eq!(receive(&mut exchange, NOW, &event(id)), Received::Fresh);
    }
    for id in 0..10_000 {
        assert_eq!(receive(&mut exchange, NOW, &event(id)), Received::Duplicate(None));
    }
}

#[test]
fn p3_a_message_that_no_one_acknowledges_is_acted_on_once_too() {
    let mut exchange: Exchange<()> = Exchange::new(Settings::default(), 1, 1);
    let event = |id| message(Kind::NonConfirmable, Code::POST, id, Token::EMPTY);
    assert_eq!(receive(&mut exchange, NOW, &event(1)), Received::Fresh);
    assert_eq!(receive(&mut exchange, NOW, &event(1)), Received::Duplicate(None));
    for id in 2..1000 {
        assert_eq!(receive(&mut exchange, NOW, &event(id)), Received::Fresh);
    }
}

#[test]
fn p3_a_repetition_kept_back_until_its_id_is_forgotten_is_known_by_its_number() {
    let event = message(Kind::Confirmable, Code::POST, 40_000, Token::EMPTY);
    let next = message(Kind::Confirmable, Code::POST, 40_001, Token::EMPTY);
    let ping = message(Kind::Confirmable, Code::EMPTY, 9, Token::EMPTY);
    let later = NOW + Settings::default().dedupe;

    let mut exchange = exchange();
    exchange.set_numbering(Numbering::Up(None));
    assert_eq!(receive(&mut exchange, NOW, &event), Received::Fresh);
    // The id of a ping is random and says nothing.
    assert_eq!(receive(&mut exchange, NOW, &ping), Received::Fresh);
    assert_eq!(receive(&mut exchange, later, &event), Received::Duplicate(None));
    assert_eq!(receive(&mut exchange, later, &ping), Received::Fresh);
    // The same after the exchange was dropped and made anew.
    assert!(exchange.is_idle(later + Settings::default().dedupe));
    let numbering = exchange.numbering(later);
    assert_eq!(numbering, Numbering::Up(Some(MessageId(40_000))));
    let mut exchange = self::exchange();
    exchange.set_numbering(numbering);
    assert_eq!(receive(&mut exchange, later, &event), Received::Duplicate(None));
    assert_eq!(receive(&mut exchange, later, &next), Received::Fresh);
}

#[test]
fn p3_what_was_heard_before_a_restart_is_known_although_its_number_is_the_highest() {
    let mut before = exchange();
    before.set_numbering(Numbering::Up(None));
    let [first, second, third] =
        [5, 6, 7].map(|id| message(Kind::Confirmable, Code::POST, id, Token::EMPTY));
    for (id, message) in [(5, &first), (7, &third)] {
        assert_eq!(receive(&mut before, NOW, message), Received::Fresh);
        before.answered(NOW, MessageId(id), &ack(MessageId(id)));
    }
    let mut after = exchange();
    after.set_numbering(before.numbering(NOW));
    before.answers(NOW).for_each(|answered| after.recall(NOW, &answered));
    assert_eq!(receive(&mut after, NOW, &second), Received::Fresh);
    assert_eq!(receive(&mut after, NOW, &third), Received::Duplicate(Some(ack(MessageId(7)))));
    assert_eq!(receive(&mut after, NOW, &first), Received::Duplicate(Some(ack(MessageId(5)))));
}

#[test]
fn no_more_than_the_bound_may_be_outstanding() {
    let mut exchange: Exchange<u16> = Exchange::new(Settings::default(), 1, 1);
    for id in 0..64 {
        exchange.send(NOW, 0, MessageId(id), vec![], id).unwrap();
    }
    assert_eq!(exchange.send(NOW, 0, MessageId(64), vec![], 64), Err(64));
    assert_eq!(exchange.abandon().count(), 64);
    assert!(exchange.is_idle(NOW));
}
