//! `pintle quickstart`: a whole local cloud, one virtual device connected over DTLS on loopback, and
//! its events on screen.

use crate::args::QuickstartArgs;
use crate::failure::Failure;
use crate::pin::carry_out;
use crate::say::say;
use crate::serve::failure;
use crate::stop::StopSignals;
use pintle_cloud::account::AccountId;
use pintle_cloud::certificate::CA_FILE;
use pintle_cloud::clock::now_ms;
use pintle_cloud::control::{PinLine, Request};
use pintle_cloud::event::{Delivery, Event, Filter};
use pintle_cloud::init::{InitOptions, UDP_PUBLIC_FILE, create, is_data_folder};
use pintle_cloud::priority;
use pintle_cloud::serve::{Addresses, Node, ServeOptions};
use pintle_device::{
    Agent, AgentHandle, CreateOptions, Folder, RunOptions, Service, Value, VariableType,
    VirtualBoard, read_cloud_key,
};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

/// The first operator of a quickstart.
const USER: &str = "me@localhost";

/// The device's name, and its folder's.
const DEVICE: &str = "thermometer";

/// Where the operator's password is kept, so that the next quickstart can show it again.
const PASSWORD_FILE: &str = "quickstart-password";

/// How often the device publishes its temperature.
const EVERY: Duration = Duration::from_secs(3);

pub fn run(args: &QuickstartArgs) -> Result<(), Failure> {
    let runtime = priority::runtime().map_err(Failure::failed)?;
    runtime.block_on(quickstart(&args.data))
}

async fn quickstart(data: &Path) -> Result<(), Failure> {
    let mut signals = StopSignals::listen()?;
    let password = match is_data_folder(data) {
        true => read_password(data)?,
        false => make(data).await?,
    };
    let node = start(data).await?;
    let addresses = node.addresses();
    let owner = node.accounts().find(USER).await.map_err(Failure::failed)?;
    let owner = owner
        .ok_or_else(|| Failure::usage(format!("{} was not made by quickstart", data.display())))?;
    let device = connect(data, &node, owner).await?;
    introduce(data, &addresses, &password);
    let ended = show_events(&node, owner, &device, &mut signals).await;
    spawn_blocking(move || device.stop())
        .await
        .map_err(Failure::failed)?
        .map_err(Failure::failed)?;
    let saved = node.stop().await;
    say!("");
    say!("Stopped; {saved} session saved. The next quickstart goes on from {}.", data.display());
    ended
}

async fn make(data: &Path) -> Result<Zeroizing<String>, Failure> {
    say!("Making {} ...", data.display());
    let password = Zeroizing::new(random_password()?);
    let options = InitOptions {
        user: USER.into(),
        password: password.clone(),
        names: Vec::new(),
        contact: None,
        node_key: None,
        now_ms: now_ms(),
    };
    let folder = data.to_owned();
    let made = spawn_blocking(move || create(&folder, &options)).await.map_err(Failure::failed)?;
    made.map_err(Failure::usage)?;
    let path = data.join(PASSWORD_FILE);
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
    file.and_then(|mut file| writeln!(file, "{}", *password))
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
    Ok(password)
}

fn random_password() -> Result<String, Failure> {
    let mut bytes = [0; 12];
    pintle_cloud::node_key::random(&mut bytes).map_err(Failure::failed)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn read_password(data: &Path) -> Result<Zeroizing<String>, Failure> {
    let path = data.join(PASSWORD_FILE);
    let text = fs::read_to_string(&path).map_err(|_| {
        Failure::usage(format!(
            "{} was not made by quickstart: run it with `pintle serve --data {}`, or choose another --data",
            data.display(),
            data.display()
        ))
    })?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

/// Starts the node on loopback: on the usual ports, or on free ones where those are taken.
async fn start(data: &Path) -> Result<Node, Failure> {
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let usual = ServeOptions { api: Some(loopback(8443)), udp: Some(loopback(5684)), tcp: None };
    match Node::start(data, &usual).await {
        Ok(node) => Ok(node),
        Err(error) if error.is_address_in_use() => {
            say!("A usual port is taken; using free ones.");
            let free = ServeOptions { api: Some(loopback(0)), udp: Some(loopback(0)), tcp: None };
            Node::start(data, &free).await.map_err(failure)
        }
        Err(error) => Err(failure(error)),
    }
}

/// Makes the virtual device where there is none, pins it, and starts it.
async fn connect(data: &Path, node: &Node, owner: AccountId) -> Result<AgentHandle, Failure> {
    let dir = data.join(DEVICE);
    let cloud = node.addresses().udp.to_string();
    let folder = match Folder::open(&dir) {
        Ok(mut folder) => {
            folder.set_cloud(&cloud).map_err(Failure::failed)?;
            folder
        }
        Err(_) if !dir.exists() => {
            let cloud_key = read_cloud_key(&data.join(UDP_PUBLIC_FILE)).map_err(Failure::failed)?;
            let service = Service::Udp { cloud_key };
            Folder::create(CreateOptions { dir, id: None, service, cloud })
                .map_err(Failure::failed)?
        }
        Err(error) => return Err(Failure::failed(error)),
    };
    let id = folder.id();
    let pin = PinLine::from_file(&id.to_string(), &folder.public_key_file(), Some(USER.into()));
    let (request, data) = (Request::PinSet { pin: pin.map_err(Failure::failed)? }, data.to_owned());
    spawn_blocking(move || carry_out(&data, request)).await.map_err(Failure::failed)??;
    node.store().devices().rename(id, owner, DEVICE).await.map_err(Failure::failed)?;
    Agent::spawn(folder, RunOptions { board: Some(Arc::new(board())), ..RunOptions::default() })
        .map_err(Failure::failed)
}

/// A thermometer: a variable, and a function that answers with the length of its argument.
fn board() -> VirtualBoard {
    let start = Instant::now();
    VirtualBoard::new()
        .function("led", |argument| i32::try_from(argument.len()).unwrap_or(-1))
        .variable("temperature", VariableType::Double, move || Value::Double(temperature(start)))
        .variable("uptime", VariableType::Int, move || {
            Value::Int(i32::try_from(start.elapsed().as_secs()).unwrap_or(i32::MAX))
        })
}

/// A room that slowly warms and cools.
fn temperature(start: Instant) -> f64 {
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    (210.0 + 15.0 * minutes.sin()).round() / 10.0
}

fn introduce(data: &Path, addresses: &Addresses, password: &str) {
    let (api, ca) = (format!("https://localhost:{}", addresses.api.port()), data.join(CA_FILE));
    let ca = fs::canonicalize(&ca).unwrap_or(ca);
    let ca = ca.display();
    say!("A cloud is running; devices come in at {}/udp, people at {api}.", addresses.udp);
    say!("");
    say!("Log in with curl:");
    say!("  TOKEN=$(curl -s --cacert {ca} {api}/oauth/token \\");
    say!(
        "    -d grant_type=password -d client_id=pintle -d username={USER} -d password={password} \\"
    );
    say!("    | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')");
    say!("  curl --cacert {ca} -H \"Authorization: Bearer $TOKEN\" {api}/v1/devices");
    say!(
        "  curl --cacert {ca} -H \"Authorization: Bearer $TOKEN\" {api}/v1/devices/{DEVICE}/led -d args=hello"
    );
    say!("  curl -N --cacert {ca} -H \"Authorization: Bearer $TOKEN\" {api}/v1/devices/events");
    say!("Or with particle-cli:");
    say!("  export NODE_EXTRA_CA_CERTS={ca}");
    say!("  particle profile pintle apiUrl {api} && particle profile pintle");
    say!("  particle login -u {USER} -p {password}");
    say!("  particle list");
    say!("  particle call {DEVICE} led hello");
    say!("  particle get {DEVICE} temperature");
    say!("  particle subscribe");
    say!("");
    say!("Events of {DEVICE} (Ctrl-C to stop):");
}

/// Publishes a temperature every few seconds, and shows what comes through the cloud, until told to
/// stop.
async fn show_events(
    node: &Node,
    owner: AccountId,
    device: &AgentHandle,
    signals: &mut StopSignals,
) -> Result<(), Failure> {
    let filter = Filter { owner, device: None, prefix: String::new() };
    let (mut stream, start) = (node.bus().subscribe(filter), Instant::now());
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = signals.told() => return Ok(()),
            _ = tick.tick() => {
                let degrees = format!("{:.1}", temperature(start));
                if let Err(error) = device.publish("temperature", degrees.as_bytes()) {
                    // A device that is cut off goes on trying; so do we.
                    say!("  (not published: {error})");
                }
            }
            delivery = stream.next() => match delivery {
                Some(Delivery::Event(event)) => show(&event),
                Some(Delivery::Missed(n)) => say!("  ({n} events missed)"),
                None => return Ok(()),
            }
        }
    }
}

fn show(event: &Event) {
    let (time, data) =
        (pintle_cloud::clock::iso8601(event.published_at_ms), String::from_utf8_lossy(&event.data));
    say!("  {time}  {}  {}", event.name.escape_debug(), data.escape_debug());
}
