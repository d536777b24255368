//! Connection IDs as RFC 9146 has them, with a client that shares no code with the cloud.

use crate::cloud::Cloud;
use crate::coap;
use crate::device::Device;
use crate::second_client::SecondClient;

const ID: &str = "0b1e00000000000000009146";

fn connected(cloud: &Cloud) -> SecondClient {
    let device = Device::new(cloud, ID, cloud.udp());
    cloud.pin(device.id(), &device.public_key());
    let client = SecondClient::connect(cloud.udp(), &device.private_key(), &cloud.public_key());
    let mut client = client.expect("the handshake completes");
    client.ask(&coap::hello(1, ID), |message| message == coap::empty_ack(1));
    client
}

fn asks_the_time(client: &mut SecondClient, message_id: u16) {
    let start = coap::time_answer_start(message_id, 7);
    let came = client.ask(&coap::get_time(message_id, 7), |message| message.starts_with(&start));
    let answer = came.last().expect("an answer");
    assert!(coap::is_about_now(&answer[start.len()..]), "{answer:02x?}");
}

#[test]
fn a_client_with_rfc_9146_connection_ids_says_hello_and_is_answered() {
    let cloud = Cloud::start();
    let mut client = connected(&cloud);
    assert_eq!(client.connection_id().len(), 8);
    client.ask(&coap::ping(2), |message| message == coap::empty_ack(2));
    asks_the_time(&mut client, 3);
}

#[test]
fn a_client_with_rfc_9146_connection_ids_continues_from_another_port() {
    let cloud = Cloud::start();
    let mut client = connected(&cloud);
    asks_the_time(&mut client, 2);
    client.change_port();
    asks_the_time(&mut client, 3);
    client.ask(&coap::ping(4), |message| message == coap::empty_ack(4));
}

#[test]
fn p3_a_record_replayed_from_another_port_is_not_answered() {
    let cloud = Cloud::start();
    let mut client = connected(&cloud);
    let start = coap::time_answer_start(2, 7);
    let request = client.send(&coap::get_time(2, 7));
    client.ask(&coap::ping(3), |message| message == coap::empty_ack(3));
    client.change_port();
    client.send_raw(&request);
    let came = client.ask(&coap::ping(4), |message| message == coap::empty_ack(4));
    assert!(!came.iter().any(|message| message.starts_with(&start)), "{came:02x?}");
}
