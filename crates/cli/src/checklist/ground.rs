//! What a run of the checklist tries things on: the node of a data folder as a stranger reaches it, and a twin of it.

use crate::failure::Failure;
use crate::twin::cradle::Cradle;
use crate::twin::{Like, Twin};
use pintle_attack::Target;
use pintle_checklist::ground::{self, Ground};
use pintle_checklist::{Aim, Room};
use pintle_cloud::certificate::CA_FILE;
use pintle_cloud::config::Config;
use pintle_cloud::control::{Request, Response, ask_if_running};
use pintle_cloud::serve::Addresses;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where `pintle attack --full` keeps what came of it, in the data folder.
pub const RECORD: &str = "attacks.json";

/// For an answer of the running node.
const PATIENCE: Duration = Duration::from_secs(5);

/// What there is for the node of this data folder. A twin is made where a room of the run needs one.
pub fn of(data: Option<&Path>, profile: Option<&Path>, cradle: &Cradle, aim: Aim) -> Ground {
    let Some(data) = data else { return Ground::default() };
    let needed = aim.rooms().contains(&Room::Update);
    let twin = match needed {
        true => begin(data, cradle).map_err(said),
        false => Err("nothing in this run is tried on a twin".to_owned()),
    };
    let mut ground = Ground::default();
    ground.target = target(data);
    ground.twin = twin;
    ground.record = Some(data.join(RECORD));
    ground.program = std::env::current_exe().map_err(|error| error.to_string());
    ground.profile_folder =
        profile.and_then(Path::parent).map_or_else(PathBuf::new, Path::to_owned);
    ground
}

fn begin(data: &Path, cradle: &Cradle) -> Result<ground::Twin, Failure> {
    let twin = Twin::start(cradle, &Like { data: Some(data), ..Like::default() })?;
    let owner = Some(twin.operator.name.as_str());
    let heard = twin.new_device("heard", owner)?.dir().to_owned();
    let updated = twin.new_device("updated", owner)?.dir().to_owned();
    let scratch = twin.data.with_file_name("scratch");
    std::fs::create_dir(&scratch).map_err(Failure::failed)?;
    Ok(ground::Twin {
        target: twin.target.clone(),
        person: twin.operator.clone(),
        heard,
        updated,
        scratch,
        held: Box::new(twin),
    })
}

fn said(failure: Failure) -> String {
    match failure {
        Failure::Usage(why) | Failure::Failed(why) => why,
    }
}

/// The node as a stranger on this machine reaches it.
fn target(data: &Path) -> Result<Target, String> {
    let asked = ask_if_running(data, &Request::Heartbeat, PATIENCE);
    let addresses = match asked.map_err(|error| error.to_string())? {
        Some(Response::Alive { addresses, .. }) => addresses,
        _ => {
            let data = data.display();
            return Err(format!(
                "no node runs in {data}: start it with `pintle serve --data {data}`"
            ));
        }
    };
    Ok(seen(data, &addresses))
}

fn seen(data: &Path, addresses: &Addresses) -> Target {
    let given = Config::load(data).is_ok_and(|config| config.api.given_certificate().is_some());
    Target {
        udp: Some(reachable(addresses.udp)),
        tcp: addresses.tcp.map(reachable),
        api: Some(format!("https://{}", reachable(addresses.api))),
        // Of a certificate that was brought, the system's authorities know.
        authority: (!given).then(|| data.join(CA_FILE)),
        ..Target::default()
    }
}

/// Who listens everywhere is reached on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let here: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    if address.ip().is_unspecified() { SocketAddr::new(here, address.port()) } else { address }
}
