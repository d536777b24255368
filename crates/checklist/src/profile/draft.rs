//! A profile drafted from what a run found: what `pintle checklist init` writes.
//!
//! Whatever is there is declared, so a draft says nothing yet. Every line is marked for somebody to read, and every key is
//! in `please-confirm`, which a check looks at until it is empty.

use crate::application::Applications;
use crate::profile::Port;
use crate::scene::Scene;
use crate::system::System;
use crate::system::socket::{Protocol, Reach, Socket};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Behind every line.
pub const MARK: &str = "# please confirm";

/// Drafts a profile.
#[must_use]
pub fn draft(name: &str, scene: &Scene) -> String {
    let system = scene.system.found.as_ref().ok();
    let found = scene.application.found.as_ref().ok();
    let mut draft = Draft::default();
    draft.value("name", "name", &quoted(name));
    draft.list("programs", "programs", programs(found));
    draft.list("services", "services", services(found));
    let ports = system.map(ports).unwrap_or_default();
    if !ports.is_empty() {
        draft.keys.push("ports".into());
    }
    for port in &ports {
        draft.port(port);
    }
    draft.text.push_str("\n# What it needs of the machine.\n[host]\n");
    draft.host(scene, system, found);
    draft.done()
}

#[derive(Default)]
struct Draft {
    text: String,
    keys: Vec<String>,
}

impl Draft {
    fn value(&mut self, key: &str, dotted: &str, value: &str) {
        let _ = writeln!(self.text, "{key} = {value} {MARK}");
        self.keys.push(dotted.to_owned());
    }

    fn list(&mut self, key: &str, dotted: &str, values: BTreeSet<String>) {
        if values.is_empty() {
            return;
        }
        let _ = writeln!(self.text, "{key} = [");
        for value in values {
            let _ = writeln!(self.text, "    {}, {MARK}", quoted(&value));
        }
        self.text.push_str("]\n");
        self.keys.push(dotted.to_owned());
    }

    fn port(&mut self, port: &Port) {
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(self.text, "{key} = {value} {MARK}");
        };
        line("\n[[ports]]\nprotocol", &quoted(&port.protocol));
        if let Some(number) = port.port {
            line("port", &number.to_string());
        }
        if let Some(path) = &port.path {
            line("path", &quoted(path));
        }
        if let Some(program) = &port.program {
            line("program", &quoted(program));
        }
        if port.loopback {
            line("loopback", "true");
        }
        line("purpose", "\"\"");
    }

    fn host(&mut self, scene: &Scene, system: Option<&System>, found: Option<&Applications>) {
        self.list(
            "protocols",
            "host.protocols",
            faulty(scene, "system-protocols-declared", "protocol "),
        );
        self.list("raw-sockets", "host.raw-sockets", raw(system));
        self.list("logins", "host.logins", faulty(scene, "system-accounts-declared", ""));
        if !faulty(scene, "system-network-forwarding", "").is_empty() {
            self.value("router", "host.router", "true");
        }
        let files = found.and_then(|found| found.files.found.as_ref().ok());
        let of = |list: Option<&Vec<String>>| list.into_iter().flatten().cloned().collect();
        self.list("set-uid", "host.set-uid", of(files.map(|files| &files.set_uid)));
        self.list("capabilities", "host.capabilities", of(files.map(|files| &files.capable)));
        let schedule = found.and_then(|found| found.schedule.found.as_ref().ok());
        self.list("scheduled", "host.scheduled", of(schedule.map(|schedule| &schedule.entries)));
        self.list("tools", "host.tools", faulty(scene, "application-interpreters-declared", ""));
    }

    fn done(self) -> String {
        let mut text = String::from(
            "# What this product ships, drafted from what was found. Nothing here was decided by anybody yet: read each\n\
             # line, correct it, say what each port is for, and take its key out of please-confirm.\n\
             please-confirm = [\n",
        );
        for key in &self.keys {
            let _ = writeln!(text, "    {},", quoted(key));
        }
        text.push_str("]\n\n");
        text + &self.text
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn programs(found: Option<&Applications>) -> BTreeSet<String> {
    let running = found.and_then(|found| found.running.found.as_ref().ok());
    running
        .into_iter()
        .flat_map(|running| &running.programs)
        .map(|program| program.path.clone())
        .collect()
}

fn services(found: Option<&Applications>) -> BTreeSet<String> {
    let services = found.and_then(|found| found.services.found.as_ref().ok());
    services
        .into_iter()
        .flat_map(|services| &services.enabled)
        .map(|service| service.name.clone())
        .collect()
}

/// What breaks a check with nothing declared is what is to be declared.
fn faulty(scene: &Scene, check: &str, before: &str) -> BTreeSet<String> {
    let Some(check) = crate::registry::check_named(check) else { return BTreeSet::new() };
    match (check.judge)(scene) {
        crate::Verdict::Broken { faults } => faults
            .into_iter()
            .map(|fault| fault.subject.trim_start_matches(before).to_owned())
            .collect(),
        _ => BTreeSet::new(),
    }
}

fn raw(system: Option<&System>) -> BTreeSet<String> {
    let sockets = system.and_then(|system| system.sockets.found.as_ref().ok());
    let open = sockets.into_iter().flat_map(|sockets| &sockets.open);
    let raw = open.filter(|socket| matches!(socket.protocol, Protocol::Raw | Protocol::Packet));
    raw.flat_map(|socket| socket.programs.clone()).collect()
}

/// Where a socket is: its protocol, its port, its path.
type Place = (Protocol, Option<u16>, Option<String>);

/// Ports with a number, and Unix sockets that are open to all; each once, on loopback where it is nowhere else.
fn ports(system: &System) -> Vec<Port> {
    let Ok(sockets) = &system.sockets.found else { return Vec::new() };
    let mut ports: BTreeMap<Place, Vec<&Socket>> = BTreeMap::new();
    for socket in &sockets.open {
        let internet =
            matches!(socket.protocol, Protocol::Tcp | Protocol::Udp) && socket.port.is_some();
        let unix = socket.protocol == Protocol::Unix && socket.reach == Reach::Machine;
        if internet || unix {
            ports
                .entry((socket.protocol, socket.port, socket.path.clone()))
                .or_default()
                .push(socket);
        }
    }
    ports
        .into_iter()
        .map(|((protocol, port, path), sockets)| declared(protocol, port, path, &sockets))
        .collect()
}

fn declared(
    protocol: Protocol,
    port: Option<u16>,
    path: Option<String>,
    sockets: &[&Socket],
) -> Port {
    let programs: BTreeSet<&String> = sockets.iter().flat_map(|socket| &socket.programs).collect();
    let mut programs = programs.into_iter();
    let program = programs.next().filter(|_| programs.len() == 0).cloned();
    let loopback =
        protocol != Protocol::Unix && sockets.iter().all(|socket| socket.reach != Reach::Network);
    Port {
        protocol: protocol.name().to_owned(),
        port,
        path,
        program,
        loopback,
        purpose: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::draft;
    use crate::look::Look;
    use crate::profile::Profile;
    use crate::scene::Scene;
    use crate::system::System;
    use crate::system::socket::{Protocol, Reach, Socket, Sockets};

    fn scene() -> Scene {
        let socket = |port, reach| Socket {
            protocol: Protocol::Tcp,
            port: Some(port),
            path: None,
            reach,
            network: None,
            programs: vec!["/usr/bin/a \"b\"".into()],
        };
        let open = vec![socket(22, Reach::Network), socket(80, Reach::Machine)];
        let sockets = Look::seen([""], Sockets { open, ..Sockets::default() });
        Scene {
            system: Look::seen([""], System { sockets, ..System::default() }),
            ..Scene::default()
        }
    }

    #[test]
    fn a_draft_is_a_profile_that_declares_what_was_found() {
        let text = draft("lamp", &scene());
        let profile: Profile = toml::from_str(&text).unwrap();
        let ports: Vec<_> = profile.ports.iter().map(|port| (port.port, port.loopback)).collect();
        assert_eq!(ports, [(Some(22), false), (Some(80), true)]);
        assert_eq!(profile.please_confirm, ["name", "ports"]);
    }

    #[test]
    fn every_line_of_a_draft_that_says_something_asks_to_be_confirmed() {
        let text = draft("lamp", &scene());
        let (_, drafted) = text.split_once("]\n").unwrap();
        let says = |line: &&str| {
            !line.is_empty() && !line.starts_with(['#', '[', ']']) && !line.ends_with("= [")
        };
        assert!(drafted.lines().filter(says).all(|line| line.ends_with(super::MARK)), "{text}");
    }
}
