//! Guesses from many addresses of this machine, over TLS: who is slowed, and what it costs.
//!
//! Two thousand from twenty addresses in every run; `cargo xtask test --full` makes a hundred thousand from a thousand
//! (`PINTLE_GUESSERS`) and holds what it costs in memory. As many on virtual time are in every run, beside the guard.

use std::net::Ipv4Addr;
use std::ops::Range;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;

use super::harness::Cloud;
use super::second_factor::{enrolled, now_code};
use super::tls::{Served, serve};

/// Has a second factor.
const ADA: &str = "ada%40example.com";
/// Addresses, where nobody asks for more.
const FEW: u32 = 20;
const GUESSES: u32 = 100;
/// How much a process with all the clients in it may grow from the first half of the guesses to the end, in KiB.
const MOST_GROWN: usize = 8 * 1024;

/// A connection from an address of this machine.
async fn connect(served: &Served, address: u32) -> TlsStream<TcpStream> {
    let [_, b, c, d] = address.to_be_bytes();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::new(127, b + 2, c, d), 0).into()).unwrap();
    let stream = socket.connect(served.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    served.connector.connect(name, stream).await.unwrap()
}

/// The status of a login, and what came with it.
async fn log_in(stream: &mut TlsStream<TcpStream>, grant: &str) -> (u16, String) {
    let form = format!("client_id=particle-cli&{grant}");
    let request = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "an answer comes");
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse().unwrap() {
            return (head[9..12].parse().unwrap(), body.to_owned());
        }
    }
}

async fn login(stream: &mut TlsStream<TcpStream>, name: &str, password: &str) -> (u16, String) {
    log_in(stream, &format!("grant_type=password&username={name}&password={password}")).await
}

/// KiB of this process in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

type Attackers = Vec<TlsStream<TcpStream>>;

/// Has all of them guess at once; gives them back, with how many guesses at bob and at others were looked at.
async fn guess(attackers: Attackers, guesses: Range<u32>) -> (Attackers, (u32, u32)) {
    let mut guessing = JoinSet::new();
    for (number, mut stream) in attackers.into_iter().enumerate() {
        let guesses = guesses.clone();
        guessing.spawn(async move {
            let mut looked_at = (0, 0);
            for guess in guesses {
                // One in three at bob, one at ada, the rest at names that nobody has.
                let (at_bob, name) = match guess % 3 {
                    0 => (true, "bob".to_owned()),
                    1 => (false, ADA.to_owned()),
                    _ => (false, format!("n{number}-{guess}")),
                };
                match login(&mut stream, &name, "wrong").await.0 {
                    400 if at_bob => looked_at.0 += 1,
                    400 => looked_at.1 += 1,
                    429 => {}
                    other => panic!("{other}"),
                }
            }
            (stream, looked_at)
        });
    }
    let (attackers, looked_at): (Vec<_>, Vec<_>) = guessing.join_all().await.into_iter().unzip();
    let (at_bob, others): (Vec<u32>, Vec<u32>) = looked_at.into_iter().unzip();
    (attackers, (at_bob.iter().sum(), others.iter().sum()))
}

#[tokio::test]
async fn p9_guesses_from_many_addresses_over_tls_cost_little_and_lock_nobody_out() {
    let asked = std::env::var("PINTLE_GUESSERS").ok().and_then(|asked| asked.parse().ok());
    let addresses: u32 = asked.unwrap_or(FEW);
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let cloud = Cloud::new().await;
    let served = serve(&cloud).await;
    let mut home = connect(&served, 0x1_0000).await;
    assert_eq!(login(&mut home, "bob", "correct+horse").await.0, 200);
    cloud.new_account("carol").await;
    let (_, secret, _) = enrolled(&cloud).await;

    let mut attackers = Vec::new();
    for address in 0..addresses {
        let mut stream = connect(&served, address + 1).await;
        login(&mut stream, "nobody", "wrong").await;
        attackers.push(stream);
    }
    let half = GUESSES / 2;
    let first = tokio::spawn(guess(attackers, 1..half));
    // Meanwhile: an owner where they were before; and from addresses never seen somebody whom nobody attacks, and an owner
    // with a second factor.
    for address in 0..20 {
        assert_eq!(login(&mut home, "bob", "correct+horse").await.0, 200);
        let mut abroad = connect(&served, 0x1_0100 + address).await;
        assert_eq!(login(&mut abroad, "carol", "correct+horse").await.0, 200);
        let mut abroad = connect(&served, 0x1_0200 + address).await;
        let (status, body) = login(&mut abroad, ADA, "correct+horse").await;
        assert_eq!(status, 403, "{body}");
        let asked: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(asked["error"], "mfa_required");
        if address == 0 {
            let (token, code) = (asked["mfa_token"].as_str().unwrap(), now_code(&cloud, &secret));
            let step = format!("grant_type=urn%3Acustom%3Amfa-otp&mfa_token={token}&otp={code}");
            assert_eq!(log_in(&mut abroad, &step).await.0, 200);
        }
    }
    let (attackers, first) = first.await.unwrap();
    // Everybody was served by now, and what that takes is taken: from here on it is to stay as it is.
    let before = resident();
    let (_, second) = guess(attackers, half..GUESSES).await;
    let (at_bob, others) = (first.0 + second.0, first.1 + second.1);
    assert!(at_bob <= 10, "{at_bob} guesses at bob were looked at");
    assert!(others <= addresses * 10, "{others} others were");
    let grown = resident().saturating_sub(before);
    // By itself; in every run there may be other tests in this process.
    assert!(asked.is_none() || grown <= MOST_GROWN, "grown by {grown} KiB");
    println!("looked at: {at_bob} at bob, {others} others; grown by {grown} KiB");
    served.serving.abort();
}
