//! Webhooks: made by clients that people have, delivered by the real binary to a receiver on loopback, over a kill.

use crate::api::wait_for_event;
use crate::cloud::{Cloud, PASSWORD, USER};
use crate::device::{Device, FUNCTION};
use crate::particle_cli::{Cli, node_22};
use crate::peers;
use crate::running::{PATIENCE, Running};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};

const ID: &str = "0b1e0000000000000000e80c";
const LOOPBACK: &str = "[webhooks]\nallow = [\"127.0.0.1\"]\nplain_http = true\n";

struct Request {
    headers: HashMap<String, String>,
    body: String,
}

/// Takes webhooks over plain HTTP. It answers 503 to the first `refusals`, then 200.
struct Place {
    address: SocketAddr,
    requests: Receiver<Request>,
}

impl Place {
    fn open(refusals: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (heard, requests) = channel();
        std::thread::spawn(move || {
            for (count, stream) in listener.incoming().flatten().enumerate() {
                let status = if count < refusals { "503 Busy" } else { "200 OK" };
                if take(stream, status, &heard).is_none() {
                    return;
                }
            }
        });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("a webhook")
    }
}

fn take(stream: TcpStream, status: &str, heard: &Sender<Request>) -> Option<()> {
    let mut lines = BufReader::new(stream);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        }
    }
    let length =
        headers.get("content-length").map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 6\r\n\r\nthanks");
    // A node that was killed reads no answer.
    let _ = lines.into_inner().write_all(answer.as_bytes());
    let body = String::from_utf8(body).expect("text");
    heard.send(Request { headers, body }).ok()
}

/// Makes, lists and removes a webhook, and sees an event go through it and its answer come back.
fn everything(peer: &str, node: std::path::PathBuf, noun: &str) {
    let cloud = Cloud::start_with(LOOPBACK);
    let place = Place::open(0);
    let cli = Cli::new(&cloud, peer, node);
    cli.run(&["login", "-u", USER, "-p", PASSWORD]);
    let stream = cloud.log_in().events("/v1/devices/events");
    cli.run(&[noun, "create", "harvest", &place.url()]);
    let listed = cli.run(&[noun, "list"]);
    assert!(listed.contains("harvest") && listed.contains(&place.url()), "{listed}");
    cli.run(&["publish", "harvest", "ripe"]);
    let request = place.next();
    assert!(request.body.contains("data=ripe"), "{}", request.body);
    wait_for_event(&stream, "hook-response/harvest/0");
    assert!(wait_for_event(&stream, "data:").contains("thanks"));

    let (_, hooks) = cloud.log_in().get("/v1/integrations");
    let id = hooks[0]["id"].as_str().expect("an id").to_owned();
    cli.run(&[noun, "delete", &id]);
    assert!(!cli.run(&[noun, "list"]).contains(&place.url()));
}

#[test]
fn particle_cli_3_43_makes_lists_and_removes_webhooks() {
    everything("particle-cli-3.43", peers::node(), "webhook");
}

#[test]
fn particle_cli_3_51_makes_lists_and_removes_integrations() {
    everything("particle-cli-3.51", node_22(), "integration");
}

#[test]
fn particle_api_js_12_makes_edits_lists_and_removes_webhooks() {
    let cloud = Cloud::start_with(LOOPBACK);
    let place = Place::open(0);
    let library = peers::npm("particle-api-js", "node_modules/particle-api-js");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/webhooks.mjs");
    let mut command = Command::new(peers::node());
    command.arg(script).arg(library).arg(cloud.api_url()).args([USER, PASSWORD, &place.url()]);
    command.env("NODE_EXTRA_CA_CERTS", cloud.ca());
    peers::without_proxies(&mut command);
    let mut node = Running::start(&mut command);
    let status = node.wait_for_end();
    let said = node.said();
    assert!(status.success() && said.ends_with("all passed"), "webhooks.mjs: {status}\n{said}");
    let request = place.next();
    assert_eq!(request.body, "{\"a\":\"21.5\"}");
    assert_eq!(request.headers.get("authorization").map(String::as_str), Some("Basic dTpw"));
}

#[test]
fn an_event_of_a_device_reaches_its_webhook_though_the_node_is_killed_in_between() {
    let mut cloud = Cloud::start_with(LOOPBACK);
    let device = Device::new(&cloud, ID, cloud.udp());
    cloud.pin(ID, &device.public_key());
    let mut device = device.run();
    let api = cloud.log_in();
    cloud.wait_for_device(&api, ID, FUNCTION);
    let place = Place::open(1);
    let (status, made) =
        api.post("/v1/integrations", &[("event", "alarm/"), ("url", &place.url())]);
    assert_eq!(status, 201, "{made}");
    device.write(b"alarm/one 1\n");
    let first = place.next();
    assert!(first.body.contains("event=alarm%2Fone"), "{}", first.body);
    cloud.kill();
    cloud.start_again();
    let second = place.next();
    let id = |request: &Request| request.headers["webhook-id"].clone();
    assert_eq!((id(&first), &first.body), (id(&second), &second.body), "the same once more");

    let publish = |cloud: &Cloud, name: &str| {
        let (status, said) = cloud.log_in().post("/v1/devices/events", &[("name", name)]);
        assert_eq!(status, 200, "{said}");
    };
    let stream = cloud.log_in().events("/v1/devices/events");
    publish(&cloud, "alarm/two");
    assert!(place.next().body.contains("event=alarm%2Ftwo"));
    wait_for_event(&stream, "hook-sent/alarm/two");
    cloud.stop();
    cloud.start_again();
    publish(&cloud, "alarm/three");
    assert!(place.next().body.contains("event=alarm%2Fthree"), "what was taken comes no more");
}
