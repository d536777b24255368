//! Readers that do not keep up: bounded, told, and sent away. On virtual time.

use std::time::Duration;

use pintle_cloud::event::{Event, MOST_LOST, READER_DEPTH};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{Instant, pause, sleep};

use super::events::{Stream, event};
use super::harness::Cloud;
use super::tls::{Served, serve};

#[tokio::test]
async fn a_stream_that_lost_too_much_is_told_and_ended_and_others_hear_everything() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut slow = Stream::open(&cloud, "/v1/devices/events", &token).await;
    let mut quick = Stream::open(&cloud, "/v1/devices/events", &token).await;
    let (rounds, each) = (MOST_LOST as usize / READER_DEPTH + 2, READER_DEPTH);
    for _ in 0..rounds {
        for _ in 0..each {
            cloud.bus.publish(event(&cloud, "x", b"", 0));
        }
        let mut heard = 0;
        while heard < each {
            heard += quick.piece().await.unwrap().matches("event: x\n").count();
        }
    }
    assert_eq!(cloud.bus.given_up(), 1);
    let told = slow.piece().await.unwrap();
    assert_eq!(
        told,
        format!(
            ":missed {}\n\n:too slow: more than {MOST_LOST} events were missed without catching up; \
             connect again\n\n",
            MOST_LOST + 1
        )
    );
    assert_eq!(slow.piece().await, None);
}

#[tokio::test]
async fn a_stream_that_takes_nothing_for_thirty_seconds_is_told_and_ended() {
    let (cloud, token) = Cloud::with_alpha().await;
    let mut slow = Stream::open(&cloud, "/v1/devices/events", &token).await;
    let mut idle = Stream::open(&cloud, "/v1/events/other", &token).await;
    pause();
    let before = Instant::now();
    cloud.bus.publish(event(&cloud, "x", b"", 0));
    while cloud.bus.given_up() == 0 {
        sleep(Duration::from_secs(1)).await;
    }
    let waited = before.elapsed();
    assert!((30..60).contains(&waited.as_secs()), "{waited:?}");
    let told = slow.piece().await.unwrap();
    assert_eq!(told, ":too slow: events waited 30 seconds and none was taken; connect again\n\n");
    assert_eq!(slow.piece().await, None);
    assert_eq!(idle.piece().await.unwrap(), ":\n\n");
    assert_eq!(cloud.bus.given_up(), 1);
}

#[tokio::test]
async fn the_connection_of_a_reader_that_takes_nothing_is_cut() {
    let (cloud, token) = Cloud::with_alpha().await;
    let Served { address, connector, serving, .. } = serve(&cloud).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let request = format!(
        "GET /v1/devices/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 17]).await.unwrap();

    pause();
    let large = || Event { data: vec![b'x'; 1024], ..event(&cloud, "x", b"", 0) };
    while cloud.bus.missed() == 0 {
        (0..256).for_each(|_| cloud.bus.publish(large()));
        // On a clock that jumps this waits until nobody has anything left to do.
        sleep(Duration::from_millis(1)).await;
    }
    while cloud.bus.readers() > 0 {
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(cloud.bus.given_up(), 1);
    // No end is announced that cannot be: the connection just ends.
    assert!(stream.read_to_end(&mut Vec::new()).await.is_err());
    serving.abort();
}
