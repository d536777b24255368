//! `pintle fleet`: pins the keys of its devices in the node, runs them, and says what came of it.
//!
//! What it does while it runs is in `pintle_device::fleet`; [`pins`] and [`show`] are the two ends of it, and [`keys`] is
//! what its devices are known by.

mod keys;
mod pins;
mod show;

use crate::args::{FleetArgs, Protocol};
use crate::failure::Failure;
use crate::stop::StopSignals;
use keys::FleetKeys;
use pintle_cloud::config::Config;
use pintle_cloud::init::{TCP_PUBLIC_FILE, UDP_PUBLIC_FILE, is_data_folder};
use pintle_device::fleet::{self, Observer, Plan, Progress, Report, Weather};
use pintle_device::{Service, Stop, read_cloud_key};
use show::Display;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Builder;

pub fn run(args: &FleetArgs) -> Result<(), Failure> {
    if let Some(core) = args.core {
        fleet::stay_on_core(core).map_err(Failure::usage)?;
    }
    let plan = plan(args)?;
    plan.check().map_err(Failure::usage)?;
    if !args.pin_only {
        knock(&plan, &args.data)?;
    }
    let acknowledged = args.acknowledged.as_deref().map(create).transpose()?;
    let json = args.json.as_deref().filter(|path| *path != Path::new("-"));
    let json = json.map(create).transpose()?;

    let stop = Stop::new().map_err(Failure::failed)?;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(Failure::failed)?;
    let mut signals = runtime.block_on(async { StopSignals::listen() })?;
    let stopper = stop.clone();
    runtime.spawn(async move {
        signals.told().await;
        stopper.stop();
    });

    let (mut display, mut count) = (Display::new(), 0);
    let keys = FleetKeys::open(args, &plan, &stop, &mut display)?;
    let pinned = match args.pinned {
        true => Ok(()),
        false => pins::set(args, &plan, &keys, &stop, &mut display, &mut count),
    };
    if args.pin_only {
        display.end();
        return pinned;
    }
    let ran = pinned.and_then(|()| {
        let mut watch = Watch { display: &mut display, acknowledged };
        let report = keys.run(&plan, &stop, &mut watch)?;
        watch.end(args)?;
        Ok(report)
    });
    // Whatever became of it, nothing stays behind that was not asked for.
    let cleared = match args.keep {
        true => Ok(()),
        false => pins::forget(args, &keys, &mut display, count),
    };
    display.end();
    let report = ran?;
    conclude(args, &report, json)?;
    cleared
}

/// The result; a fleet that lost devices has failed.
fn conclude(
    args: &FleetArgs,
    report: &Report,
    json: Option<BufWriter<File>>,
) -> Result<(), Failure> {
    let text = serde_json::json!(report).to_string();
    match (&args.json, json) {
        (Some(path), Some(mut file)) => {
            writeln!(file, "{text}")
                .and_then(|()| file.flush())
                .map_err(|error| unwritable(path, &error))?;
            show::report(report);
        }
        (Some(_), None) => crate::say::line(format_args!("{text}")),
        (None, _) => show::report(report),
    }
    match (report.devices_lost, &report.first_failure) {
        (0, _) => Ok(()),
        (lost, why) => Err(Failure::failed(format!(
            "{lost} of {} devices were not connected at the end{}",
            report.devices,
            why.as_ref().map(|why| format!("; the first failure: {why}")).unwrap_or_default()
        ))),
    }
}

fn plan(args: &FleetArgs) -> Result<Plan, Failure> {
    if !is_data_folder(&args.data) {
        let data = args.data.display();
        return Err(Failure::usage(format!(
            "{data} is not a data folder: give the one of the node, --data DIR"
        )));
    }
    let publishers = args.publishers.unwrap_or(args.devices);
    let often = |time: Duration| (!time.is_zero()).then_some(time);
    let usual_limit = Duration::from_secs(60 + u64::from(args.devices) / 500);
    Ok(Plan {
        service: service(args)?,
        target: target(args)?,
        devices: args.devices,
        seed: args.seed,
        rate: args.rate.unwrap_or(f64::from(publishers) / 10.0),
        publishers,
        payload: args.payload,
        confirmable: !args.unconfirmed,
        duration: args.duration,
        connect_within: args.connect_within.unwrap_or(usual_limit),
        settle: args.settle,
        ramp: args.ramp,
        at_once: args.at_once,
        weather: Weather {
            loss: args.loss,
            duplicate: args.duplicate,
            reorder: args.reorder,
            corrupt: args.corrupt,
            replay: args.replay,
        },
        churn: args.churn,
        nat_rebind: often(args.nat_rebind),
        ping: often(args.ping),
        product: args.product,
        unhealthy: args.unhealthy,
        lean: args.lean,
    })
}

/// The service, and the cloud's key for it.
fn service(args: &FleetArgs) -> Result<Service, Failure> {
    let given = |given: bool, what: &str, with: &str| match given {
        true => Err(Failure::usage(format!("{what} is for --protocol {with}"))),
        false => Ok(()),
    };
    match args.protocol {
        Protocol::Udp => {
            given(args.generation.is_some(), "--generation", "tcp")?;
            given(args.tcp.is_some(), "--tcp", "tcp")?;
            let cloud_key = read_cloud_key(&args.data.join(UDP_PUBLIC_FILE));
            Ok(Service::Udp { cloud_key: cloud_key.map_err(Failure::usage)? })
        }
        Protocol::Tcp => {
            given(args.udp.is_some(), "--udp", "udp")?;
            let file = args.data.join(TCP_PUBLIC_FILE);
            if !file.exists() {
                let data = args.data.display();
                return Err(Failure::usage(format!(
                    "{data} has no key for the TCP service: make one with `pintle init --tcp --data {data}`"
                )));
            }
            crate::device::tcp_service(&file, args.generation)
        }
    }
}

/// Where the node is, as seen from this machine.
fn target(args: &FleetArgs) -> Result<SocketAddrV4, Failure> {
    let configured = || Config::load(&args.data).map_err(Failure::usage);
    let address = match (args.protocol, args.udp, args.tcp) {
        (Protocol::Udp, Some(address), _) | (Protocol::Tcp, _, Some(address)) => address,
        (Protocol::Udp, None, _) => configured()?.udp.listen,
        (Protocol::Tcp, _, None) => configured()?.tcp.listen,
    };
    match address.ip() {
        ip if ip.is_unspecified() => Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, address.port())),
        IpAddr::V4(ip) => Ok(SocketAddrV4::new(ip, address.port())),
        IpAddr::V6(_) => Err(Failure::usage(format!(
            "{address} is IPv6: a fleet has its addresses in 127.0.0.0/8"
        ))),
    }
}

/// Before a million keys are pinned for nobody.
fn knock(plan: &Plan, data: &Path) -> Result<(), Failure> {
    let is_tcp = plan.generation().is_some();
    let answers = if is_tcp { fleet::greets } else { fleet::answers };
    let (service, serve) = if is_tcp { ("tcp", " --tcp ADDR") } else { ("udp", "") };
    match answers(plan.target) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::usage(format!(
            "no node answers on {}/{service}: start it with `pintle serve --data {}{serve}`, or say where it is with --{service}",
            SocketAddr::V4(plan.target),
            data.display()
        ))),
        Err(error) => Err(Failure::failed(error)),
    }
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    File::create(path).map(BufWriter::new).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", path.display()))
}

/// Shows how the fleet is doing, and writes down what was acknowledged.
struct Watch<'a> {
    display: &'a mut Display,
    acknowledged: Option<BufWriter<File>>,
}

impl Watch<'_> {
    /// What was written down is complete, or the command failed.
    fn end(self, args: &FleetArgs) -> Result<(), Failure> {
        let Some((mut file, path)) = self.acknowledged.zip(args.acknowledged.as_deref()) else {
            return Ok(());
        };
        // What could not be written earlier is still in the buffer, and fails again now.
        file.flush().map_err(|error| unwritable(path, &error))
    }
}

impl Observer for Watch<'_> {
    fn progress(&mut self, progress: &Progress) {
        self.display.progress(progress);
    }

    fn acknowledged(&mut self, device: u32, count: u32) {
        if let Some(file) = &mut self.acknowledged {
            // The end of the run finds out.
            let _ = writeln!(file, "{device} {count}");
        }
    }
}
