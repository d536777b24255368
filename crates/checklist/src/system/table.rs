//! The kernel's tables of sockets: `/proc/net/tcp` and its like, `/proc/net/unix`, `/proc/net/packet`.
//!
//! A line that is not understood is left out: there is none in any kernel since 2.6, save the heading.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A socket of the internet protocols that has no peer: it takes what comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The address that it is bound to.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// By what its owner's open files name it.
    pub inode: u64,
}

/// A Unix socket with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// A path, or a name after `@` that is in no file system.
    pub path: String,
    /// By what its owner's open files name it.
    pub inode: u64,
}

/// TCP listens in this state, as the kernel numbers them.
const LISTEN: &str = "0A";
/// UDP and raw sockets without a peer are in this one.
const UNCONNECTED: &str = "07";
/// A Unix socket that listens has this flag (`__SO_ACCEPTCON`).
const ACCEPTS: u32 = 0x1_0000;
/// The type of Unix sockets that take datagrams.
const DATAGRAM: &str = "0002";

/// Sockets that listen, in a table of TCP.
pub fn listening(table: &str) -> Vec<Entry> {
    table.lines().filter_map(|line| entry(line, LISTEN)).collect()
}

/// Sockets without a peer, in a table of UDP or of raw sockets. Of the latter the port is the protocol's number.
pub fn unconnected(table: &str) -> Vec<Entry> {
    table.lines().filter_map(|line| entry(line, UNCONNECTED)).collect()
}

fn entry(line: &str, state: &str) -> Option<Entry> {
    let mut words = line.split_whitespace();
    let (address, port) = words.nth(1)?.split_once(':')?;
    (words.nth(1)? == state).then_some(())?;
    let inode = words.nth(5)?.parse().ok()?;
    Some(Entry {
        address: parse_address(address)?,
        port: u16::from_str_radix(port, 16).ok()?,
        inode,
    })
}

/// An address as the kernel prints it: words of 32 bits, each in the order of this machine.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| -> Option<[u8; 4]> {
        u32::from_str_radix(text.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes)
    };
    match text.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let octets: [u8; 16] = words.concat().try_into().ok()?;
            let address = Ipv6Addr::from(octets);
            Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
        }
        _ => None,
    }
}

/// Unix sockets that others may speak to: those that listen, and those with a name that take datagrams.
pub fn named(table: &str) -> Vec<Named> {
    table.lines().filter_map(named_socket).collect()
}

fn named_socket(line: &str) -> Option<Named> {
    let mut words = line.split_whitespace();
    let flags = u32::from_str_radix(words.nth(3)?, 16).ok()?;
    let kind = words.next()?;
    let inode = words.nth(1)?.parse().ok()?;
    let path = words.collect::<Vec<_>>().join(" ");
    let takes = flags & ACCEPTS != 0 || kind == DATAGRAM;
    (takes && !path.is_empty()).then_some(Named { path, inode })
}

/// The inodes of packet sockets: programs that read whole frames off the wire.
pub fn packets(table: &str) -> Vec<u64> {
    table.lines().filter_map(|line| line.split_whitespace().nth(8)?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{listening, named, packets, parse_address, unconnected};
    use proptest::prelude::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41 1 0 100 0 0 10 0
   1: 0100007F:A175 0100007F:E28E 01 00000000:00000000 00:00000000 00000000     0        0 42 1 0 100 0 0 10 0
";

    #[test]
    fn a_port_that_listens_is_read_with_its_owner() {
        let [one] = &listening(TCP)[..] else { panic!("one socket listens") };
        assert_eq!((one.address.to_string().as_str(), one.port, one.inode), ("0.0.0.0", 8080, 41));
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn addresses_are_read_as_the_kernel_prints_them() {
        let read = |text| parse_address(text).unwrap().to_string();
        assert_eq!(read("0100007F"), "127.0.0.1");
        assert_eq!(read("00000000000000000000000001000000"), "::1");
        assert_eq!(read("0000000000000000FFFF00000100007F"), "127.0.0.1");
    }

    #[test]
    fn unix_sockets_are_those_that_others_may_speak_to() {
        let table = "Num       RefCount Protocol Flags    Type St Inode Path
0: 00000003 00000000 00000000 0001 03 1
0: 00000002 00000000 00010000 0001 01 2 /run/a b
0: 00000002 00000000 00000000 0002 01 3 @log
0: 00000002 00000000 00000000 0002 01 4
";
        let found: Vec<_> = named(table).into_iter().map(|one| (one.path, one.inode)).collect();
        assert_eq!(found, [("/run/a b".to_owned(), 2), ("@log".to_owned(), 3)]);
    }

    proptest! {
        #[test]
        fn no_table_makes_it_panic(table in "([ -~\n]|[0-9A-F: ]){0,300}") {
            let _ = (listening(&table), unconnected(&table), named(&table), packets(&table));
        }

        #[test]
        fn no_address_makes_it_panic(address in "\\PC{0,40}") {
            let _ = parse_address(&address);
        }
    }
}
