//! Ports and sockets: nothing takes what others send but what the profile declares.

use crate::anchor::{asvs, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::profile::{Port, names};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::system::claim::part;
use crate::system::socket::{Protocol, Reach, Socket, Sockets};
use crate::verdict::{Fault, Verdict};

pub(in crate::system) const DECLARED: Check = Check {
    id: "system-ports-declared",
    item: Item::OperatingSystem,
    severity: Severity::High,
    claim: "Every TCP and UDP port that something listens at, on any interface and in any network namespace, is declared.",
    how: "Reads the kernel's tables of sockets in every network namespace that a program is in, and holds them against the \
          ports of the profile.",
    remedy: "Stop the program that listens, bind it to loopback or a Unix socket, or declare the port with what it is for.",
    anchors: &[
        isvs("3.2.2"),
        isvs("1.1.2"),
        en303645("5.6-1"),
        cra("I.1(2)(j)"),
        asvs("V13"),
        nistir("configuration"),
        iso("A.8.20"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::Liability],
    room: Room::System,
    judge: declared,
};

pub(in crate::system) const PROGRAMS: Check = Check {
    id: "system-ports-programs",
    item: Item::OperatingSystem,
    severity: Severity::High,
    claim: "At every declared port the program listens that is declared for it, and no other.",
    how: "Finds the programs that hold each socket through their open files, and compares them with the profile's.",
    remedy: "Find out how the other program came there; stop it, or correct the program of that port in the profile.",
    anchors: &[isvs("3.2.3"), en303645("5.6-1"), cra("I.1(2)(f)"), iso("A.8.21")],
    risks: &[Risk::CustomerData, Risk::Reputation],
    room: Room::System,
    judge: programs,
};

pub(in crate::system) const LOOPBACK: Check = Check {
    id: "system-ports-loopback",
    item: Item::OperatingSystem,
    severity: Severity::High,
    claim: "What is declared to be on loopback alone cannot be reached from a network.",
    how: "Compares the addresses that sockets are bound to with what the profile says of their ports.",
    remedy: "Bind the program to 127.0.0.1 or ::1, better to a Unix socket.",
    anchors: &[isvs("3.2.2"), en303645("5.6-1"), cra("I.1(2)(j)"), iso("A.8.22")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::System,
    judge: loopback,
};

pub(in crate::system) const USED: Check = Check {
    id: "system-ports-used",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "At every declared port something listens: the list holds no doors that are not there.",
    how: "Looks for a socket for each port of the profile.",
    remedy: "Start what should listen, or take the port out of the profile, so that nothing else may take its place.",
    anchors: &[en303645("5.6-5"), cra("I.1(2)(j)"), iso("A.8.9")],
    risks: &[Risk::Downtime],
    room: Room::System,
    judge: used,
};

pub(in crate::system) const OUTSIDE: Check = Check {
    id: "system-ports-outside",
    item: Item::OperatingSystem,
    severity: Severity::High,
    claim: "A probe of all TCP ports from outside finds what the kernel's tables say, no more and no less.",
    how: "Connects to every port of every address that the machine has on a network, and compares what answers with the \
          tables. What differs is looked at three times.",
    remedy: "A port that answers and is in no table was hidden: take the machine off the network and look at it from \
             another system. One that should answer and does not is dropped by a filter: say so in the profile.",
    anchors: &[
        isvs("3.2.2"),
        en303645("5.6-1"),
        cra("I.1(2)(l)"),
        nistir("state awareness"),
        iso("A.8.16"),
    ],
    risks: &[Risk::CustomerData, Risk::Liability, Risk::Reputation],
    room: Room::System,
    judge: outside,
};

pub(in crate::system) const DATAGRAMS: Check = Check {
    id: "system-ports-chosen",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "Only declared programs hold sockets without a peer at ports that the system chose.",
    how: "Looks for TCP and UDP sockets without a peer in the range of ports that the kernel chooses from. Their numbers \
          change, so they are known by their programs.",
    remedy: "Give the program a port of its own and declare it, or declare the program.",
    anchors: &[isvs("3.2.2"), en303645("5.6-1"), cra("I.1(2)(j)")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: chosen,
};

pub(in crate::system) const UNIX: Check = Check {
    id: "system-unix-sockets-declared",
    item: Item::OperatingSystem,
    severity: Severity::Low,
    claim: "Every Unix socket that all users of the machine may connect to is declared.",
    how: "Reads the kernel's table of Unix sockets and the modes of their files; a socket without a file is open to all.",
    remedy: "Give the socket's file a mode that lets only its users write (0660 and a group), or declare its path.",
    anchors: &[isvs("2.2.2"), en303645("5.6-7"), cra("I.1(2)(d)"), iso("A.8.3")],
    risks: &[Risk::CorporateData],
    room: Room::System,
    judge: unix,
};

pub(in crate::system) const RAW: Check = Check {
    id: "system-raw-sockets-declared",
    item: Item::OperatingSystem,
    severity: Severity::Medium,
    claim: "No program but declared ones reads or makes packets past TCP and UDP, and no interface listens to what is \
            meant for others.",
    how: "Reads the kernel's tables of raw and packet sockets, and the flags of every interface.",
    remedy: "Stop the sniffer; a program that must have such a socket belongs in host.raw-sockets of the profile.",
    anchors: &[isvs("3.2.3"), en303645("5.6-7"), cra("I.1(2)(e)"), iso("A.8.18")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::System,
    judge: raw,
};

/// Judges sockets; where some are hidden from whoever looked, only what is wrong with the others is known.
fn sockets(scene: &Scene, judge: impl FnOnce(&Sockets) -> Verdict) -> Verdict {
    part(
        scene,
        |system| &system.sockets,
        |found| match (judge(found), &found.hidden) {
            (Verdict::Holds { .. }, Some(why)) => Verdict::untried(why.as_str()),
            (verdict, _) => verdict,
        },
    )
}

fn is_internet(socket: &&Socket) -> bool {
    matches!(socket.protocol, Protocol::Tcp | Protocol::Udp)
}

fn numbered(found: &Sockets) -> impl Iterator<Item = &Socket> {
    found.open.iter().filter(is_internet).filter(|socket| socket.port.is_some())
}

/// What the profile says of a socket.
fn declares<'a>(scene: &'a Scene, socket: &Socket) -> Option<&'a Port> {
    let same = |port: &&Port| {
        let path = port.path.as_deref();
        port.protocol == socket.protocol.name()
            && match (&socket.path, path) {
                (Some(is), Some(declared)) => crate::machine::is_like(declared, is),
                (None, None) => port.port == socket.port,
                _ => false,
            }
    };
    scene.profile.ports.iter().find(same)
}

fn declared(scene: &Scene) -> Verdict {
    sockets(scene, |found| {
        let undeclared = numbered(found).filter(|socket| declares(scene, socket).is_none());
        let faults = undeclared.map(|socket| {
            let whence = if socket.reach == Reach::Network { "the network" } else { "this machine" };
            Fault::new(
                socket.subject(),
                format!("{} listens there, reachable from {whence}, and no port of the profile says so.", socket.held_by()),
            )
        });
        Verdict::of(
            faults,
            format!("{} ports are listened at, all declared", numbered(found).count()),
        )
    })
}

fn programs(scene: &Scene) -> Verdict {
    sockets(scene, |found| {
        let faults = numbered(found).filter_map(|socket| {
            let wanted = declares(scene, socket)?.program.as_deref()?;
            let other =
                socket.programs.iter().find(|program| !crate::machine::is_like(wanted, program))?;
            Some(Fault::new(
                socket.subject(),
                format!("{other} listens there; the profile says {wanted}."),
            ))
        });
        Verdict::of(faults, "at every declared port its own program listens")
    })
}

fn loopback(scene: &Scene) -> Verdict {
    sockets(scene, |found| {
        let open = numbered(found).filter(|socket| socket.reach == Reach::Network);
        let faults = open
            .filter(|socket| declares(scene, socket).is_some_and(|port| port.loopback))
            .map(|socket| {
                let detail = format!(
                    "{} is bound to an address of a network; the profile says loopback.",
                    socket.held_by()
                );
                Fault::new(socket.subject(), detail)
            });
        Verdict::of(faults, "what is declared on loopback is bound to it")
    })
}

fn used(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.sockets,
        |found| {
            let is_there = |port: &Port| {
                found.open.iter().any(|socket| {
                    let declared = declares(scene, socket);
                    declared.is_some_and(|one| {
                        (&one.protocol, one.port, &one.path)
                            == (&port.protocol, port.port, &port.path)
                    })
                })
            };
            let faults = scene.profile.ports.iter().filter(|port| !is_there(port)).map(|port| {
                let name = match (&port.path, port.port) {
                    (Some(path), _) => format!("{} {path}", port.protocol),
                    (None, number) => format!("{}/{}", port.protocol, number.unwrap_or(0)),
                };
                Fault::new(name, "It is declared, and nothing listens there.")
            });
            Verdict::of(
                faults,
                format!("{} ports are declared, all in use", scene.profile.ports.len()),
            )
        },
    )
}

fn outside(scene: &Scene) -> Verdict {
    part(
        scene,
        |system| &system.outside,
        |found| {
            let hidden = found.hidden.iter().map(|port| {
                Fault::new(
                    format!("tcp/{port}"),
                    "It answers from outside, and the kernel's tables do not have it.",
                )
            });
            let silent = found.silent.iter().map(|port| {
                Fault::new(
                    format!("tcp/{port}"),
                    "The kernel's tables have it, and it does not answer from outside.",
                )
            });
            let seen = format!(
                "65,535 ports of each of {} addresses answer as the tables say",
                found.addresses
            );
            Verdict::of(hidden.chain(silent), seen)
        },
    )
}

fn chosen(scene: &Scene) -> Verdict {
    sockets(scene, |found| {
        let open = found.open.iter().filter(is_internet).filter(|socket| socket.port.is_none());
        let unknown = open.filter(|socket| {
            !socket.programs.iter().all(|one| names(&scene.profile.programs, one))
        });
        let faults = unknown.map(|socket| {
            Fault::new(
                socket.subject(),
                "It is at a port that the system chose, and its program is not declared.",
            )
        });
        Verdict::of(
            faults,
            "no undeclared program has a socket without a peer at a port that the system chose",
        )
    })
}

fn unix(scene: &Scene) -> Verdict {
    sockets(scene, |found| {
        let open = || {
            let of_unix = found.open.iter().filter(|socket| socket.protocol == Protocol::Unix);
            of_unix.filter(|socket| socket.reach == Reach::Machine)
        };
        let faults = open().filter(|socket| declares(scene, socket).is_none()).map(|socket| {
            let detail = format!(
                "Every user of the machine may connect to it; {} answers.",
                socket.held_by()
            );
            Fault::new(socket.subject(), detail)
        });
        Verdict::of(
            faults,
            format!("{} Unix sockets are open to every user, all declared", open().count()),
        )
    })
}

fn raw(scene: &Scene) -> Verdict {
    let verdict = sockets(scene, |found| {
        let raw = found
            .open
            .iter()
            .filter(|socket| matches!(socket.protocol, Protocol::Raw | Protocol::Packet));
        let allowed = |socket: &&Socket| {
            !socket.programs.is_empty()
                && socket.programs.iter().all(|one| names(&scene.profile.host.raw_sockets, one))
        };
        let faults = raw.filter(|socket| !allowed(socket)).map(|socket| {
            let detail = format!(
                "{} sees packets that are no affair of its own connections.",
                socket.held_by()
            );
            Fault::new(format!("{} {}", socket.protocol.name(), socket.held_by()), detail)
        });
        Verdict::of(
            faults,
            "no undeclared program has a raw or packet socket, and no interface takes all frames",
        )
    });
    let listening_in = part(
        scene,
        |system| &system.kernel,
        |kernel| {
            let faults = kernel.listening_in.iter().map(|name| {
                Fault::new(
                    format!("interface {name}"),
                    "It takes every frame on its network, not only its own.",
                )
            });
            Verdict::of(faults, "")
        },
    );
    match (verdict, listening_in) {
        (Verdict::Broken { faults }, Verdict::Broken { faults: more }) => {
            Verdict::of(faults.into_iter().chain(more), "")
        }
        (Verdict::Broken { faults }, _) | (_, Verdict::Broken { faults }) => {
            Verdict::Broken { faults }
        }
        (_, Verdict::Untried { why }) => Verdict::Untried { why },
        (verdict, Verdict::Holds { .. }) => verdict,
    }
}
