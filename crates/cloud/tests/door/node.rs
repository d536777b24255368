//! A node's doors without its API.

use pintle_cloud::account::{AccountId, Accounts, Cost};
use pintle_cloud::device::{Command, Gateway, Roll};
use pintle_cloud::door::{Layout, Surroundings, UdpDoor};
use pintle_cloud::event::{Bus, Outbox};
use pintle_cloud::journal::Shelf;
#[cfg(feature = "simulation")]
use pintle_cloud::journal::simulated::SimulatedDisk;
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::store::Store;
use pintle_cloud::store::pin::{HistoryEntry, NewPin, PinnedBy};
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_protocol::DeviceId;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

/// Doors on a store of their own.
pub struct Node {
    folder: TempDir,
    node_key: Arc<NodeKey>,
    cloud_key: Vec<u8>,
    pub incarnation: [u8; 32],
    pub runtime: Runtime,
    pub store: Store,
    pub bus: Bus,
    pub outbox: Outbox,
    pub owner: AccountId,
    pub roll: Roll,
    pub gateway: Gateway,
    pub door: Option<UdpDoor>,
    #[cfg(feature = "tcp")]
    pub tcp: Option<crate::tcp::Open>,
    pub layout: Layout,
    shelf: Shelf,
}

impl Node {
    pub fn start() -> Self {
        Self::start_with(Duration::from_secs(20))
    }

    pub fn start_with(answer_within: Duration) -> Self {
        Self::start_on(Layout::new(1), answer_within)
    }

    pub fn start_on(layout: Layout, answer_within: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::folder(folder.path().join("journal"));
        Self::start_in(folder, shelf, layout, answer_within)
    }

    /// Its journals on a disk that does as the test says.
    #[cfg(feature = "simulation")]
    pub fn start_with_disk(disk: &SimulatedDisk) -> Self {
        let disk = disk.clone();
        let shelf = Shelf::other(move || Box::new(disk.clone()));
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(folder, shelf, Layout::new(1), Duration::from_secs(20))
    }

    fn start_in(folder: TempDir, shelf: Shelf, layout: Layout, answer_within: Duration) -> Self {
        let node_key = Arc::new(NodeKey::generate().unwrap());
        let store = Store::open(folder.path(), &node_key).unwrap();
        let owner = Accounts::new(store.clone(), &node_key)
            .with_cost(Cost::for_tests())
            .create_blocking("someone", "a password of some length", 0)
            .unwrap();
        let mut node = Self {
            folder,
            node_key,
            cloud_key: new_key(),
            incarnation: [1; 32],
            runtime: Runtime::new().unwrap(),
            store,
            bus: Bus::new(),
            outbox: Outbox::new(Vec::new()).1,
            owner,
            gateway: Gateway::new(Vec::new(), Roll::default()),
            roll: Roll::default(),
            door: None,
            #[cfg(feature = "tcp")]
            tcp: None,
            layout,
            shelf,
        };
        node.open_door("127.0.0.1:0".parse().unwrap(), answer_within);
        node
    }

    fn open_door(&mut self, address: SocketAddr, answer_within: Duration) {
        let around = self.around(answer_within);
        let door = UdpDoor::open(address, around.clone()).unwrap();
        self.roll = around.roll.clone();
        self.gateway = Gateway::new(door.mailboxes(), around.roll);
        self.door = Some(door);
    }

    /// What a door needs of the node, everything anew.
    pub fn around(&mut self, answer_within: Duration) -> Surroundings {
        let (intake, outbox) = Outbox::new(vec!["kept/".into()]);
        self.outbox = outbox;
        self.bus = Bus::new();
        Surroundings {
            store: self.store.clone(),
            node_key: Arc::clone(&self.node_key),
            incarnation: self.incarnation,
            cloud_key: Zeroizing::new(self.cloud_key.clone()),
            bus: self.bus.clone(),
            roll: Roll::default(),
            runtime: self.runtime.handle().clone(),
            answer_within,
            layout: self.layout,
            journal: self.shelf.clone(),
            intake,
            neighbours: Vec::new(),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.door.as_ref().unwrap().address()
    }

    /// The cloud's key, as devices have it pinned.
    pub fn public_key(&self) -> PublicKey {
        public_key(&self.cloud_key)
    }

    pub fn pin(&self, device: DeviceId, key: &[u8]) {
        let pin = NewPin {
            device,
            key: public_key(key).into(),
            platform_id: None,
            owner: Some(self.owner),
            by: PinnedBy::Operator,
            at_ms: 1,
        };
        self.store.pins().set(&pin).wait().unwrap();
        self.gateway.key_changed(device);
    }

    /// Stops and starts on the same folder and port; how many sessions were saved.
    pub fn restart(&mut self) -> usize {
        let address = self.address();
        let saved = self.door.take().unwrap().close();
        self.open_door(address, Duration::from_secs(20));
        saved
    }

    /// Ends as `kill -9` does, as far as the disk can tell, and starts again: the journal is put back as it was
    /// at this moment.
    pub fn kill(&mut self) {
        let copy = self.copy_of_journal();
        self.restart_with_journal(&copy);
    }

    /// Stops, puts another journal in the place of the one written, and starts.
    pub fn restart_with_journal(&mut self, journal: &[(String, Vec<u8>)]) {
        let address = self.address();
        self.door.take().unwrap().close();
        let folder = self.folder().join("journal");
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        for (name, bytes) in journal {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
        self.open_door(address, Duration::from_secs(20));
    }

    /// The journal's files as they are.
    pub fn copy_of_journal(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self.folder().join("journal")).unwrap();
        let copy = |file: std::fs::DirEntry| {
            (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())
        };
        files.map(|file| copy(file.unwrap())).collect()
    }

    pub fn journal_bytes(&self) -> Vec<u8> {
        self.copy_of_journal().into_iter().flat_map(|(_, bytes)| bytes).collect()
    }

    /// Takes a row as a durable consumer does.
    pub fn take(&self, row: u64) {
        assert_eq!(self.outbox.taken(row), Some(true));
        for mailbox in self.door.as_ref().unwrap().mailboxes() {
            mailbox.put(Command::Taken(row));
        }
    }

    pub fn history(&self) -> Vec<HistoryEntry> {
        // Queued writes are in the store once this returns.
        self.store.flush().wait().unwrap();
        self.store.pins().history(None).wait().unwrap()
    }

    pub fn count(&self, name: &str) -> u64 {
        let all = self.door.as_ref().unwrap().counters().all();
        all.into_iter().find(|(counter, _)| *counter == name).unwrap().1
    }

    /// Waits until a counter reaches a value.
    pub fn wait_for(&self, name: &str, at_least: u64) {
        for _ in 0..50_000 {
            if self.count(name) >= at_least {
                return;
            }
            std::thread::yield_now();
            std::thread::park_timeout(Duration::from_micros(200));
        }
        panic!(
            "{name} is {}, not {at_least}: {:?}",
            self.count(name),
            self.door.as_ref().unwrap().counters()
        );
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(door) = self.door.take() {
            door.close();
        }
    }
}

/// A fresh P-256 key in PKCS#8.
pub fn new_key() -> Vec<u8> {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
    document.unwrap().as_ref().to_vec()
}

pub fn public_key(key: &[u8]) -> PublicKey {
    AwsLc.public_key(&AwsLc.signing_key_from_der(key).unwrap())
}
