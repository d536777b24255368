//! What is released reaches the devices that it is for, once, and a bad image not twice.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use pintle_cloud::DeviceId;
use pintle_cloud::device::update::{Offer, UpdateError};
use pintle_cloud::product::{Deliver, Delivery, ProductId, Reach};
use pintle_cloud::store::Store;
use pintle_cloud::store::device::{SavedHello, put_fell_back, put_hello, put_took};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::harness::{ALPHA, Cloud};
use super::signing::{PLATFORM, PRODUCT, module};

/// Devices that take what is sent, or say no as the script has it.
#[derive(Clone)]
struct Script {
    store: Store,
    sent: mpsc::UnboundedSender<Vec<u8>>,
    answers: Arc<Mutex<VecDeque<UpdateError>>>,
}

impl Reach for Script {
    fn is_online(&self, _: DeviceId) -> bool {
        true
    }

    async fn send(&self, id: DeviceId, offer: Offer) -> Result<(), UpdateError> {
        self.sent.send(offer.file.to_vec()).unwrap();
        if let Some(error) = self.answers.lock().unwrap().pop_front() {
            return Err(error);
        }
        self.store.devices().put(put_took(id, &offer.sha256, 1)).await.unwrap();
        Ok(())
    }
}

/// Waits until all that was woken is served.
async fn settle(delivery: Delivery, task: JoinHandle<()>) {
    drop(delivery);
    task.await.unwrap();
}

struct Run {
    cloud: Cloud,
    token: String,
    script: Script,
    sent: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Run {
    /// Alpha of the product runs version 3, which is released; so is version 4, later.
    async fn new() -> Self {
        let (cloud, token) = Cloud::with_product().await;
        for version in [3, 4] {
            assert_eq!(cloud.upload(&token, &module(version), None).await.0, 201);
        }
        cloud.alpha_runs(&token, 3).await;
        assert_eq!(cloud.release(&token, 3).await.0, 200);
        let (tell, sent) = mpsc::unbounded_channel();
        let script = Script { store: cloud.store.clone(), sent: tell, answers: Arc::default() };
        Self { cloud, token, script, sent }
    }

    fn start(&self) -> (Delivery, JoinHandle<()>) {
        let (store, shelf) = (self.cloud.store.clone(), self.cloud.shelf.clone());
        let (deliver, delivery) = Deliver::new(store, shelf, self.script.clone());
        let (open, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            deliver.run(stopped).await;
            drop(open);
        });
        (delivery, task)
    }

    /// Wakes for alpha and hears what it was sent.
    async fn wake(&mut self) -> Option<Vec<u8>> {
        let (delivery, task) = self.start();
        delivery.device(ALPHA.parse().unwrap());
        settle(delivery, task).await;
        self.sent.try_recv().ok()
    }

    async fn hello(&self, version: u16, at_ms: i64) {
        let hello = SavedHello {
            platform_id: PLATFORM,
            product_id: PRODUCT,
            firmware_version: Some(version),
            system_version: None,
        };
        let put = put_hello(ALPHA.parse().unwrap(), hello, at_ms);
        self.cloud.store.devices().put(put).await.unwrap();
    }

    async fn put(&self, body: &str) {
        let path = format!("/v1/products/12345/devices/{ALPHA}");
        assert_eq!(self.cloud.json("PUT", &path, Some(&self.token), body).await.0, 200);
    }
}

#[tokio::test]
async fn a_device_is_sent_the_default_its_groups_release_or_what_it_is_locked_to() {
    let mut run = Run::new().await;
    assert_eq!(run.wake().await, None, "it runs version 3");
    run.hello(4, 1).await;
    assert_eq!(run.wake().await, None, "a release takes no device back");
    let release = r#"{"version":4,"groups":["beta"],"intelligent":true}"#;
    let path = "/v1/products/12345/firmware/release";
    assert_eq!(run.cloud.json("PUT", path, Some(&run.token), release).await.0, 200);
    run.hello(3, 2).await;
    assert_eq!(run.wake().await, None, "it is in no group");
    run.put(r#"{"groups":["beta"]}"#).await;
    assert_eq!(run.wake().await, Some(module(4)));
    run.put(r#"{"development":true}"#).await;
    assert_eq!(run.wake().await, None, "development devices are left alone");
    run.put(r#"{"development":false,"desired_firmware_version":3}"#).await;
    assert_eq!(run.wake().await, None, "it is locked to what it runs");
    run.hello(4, 3).await;
    assert_eq!(run.wake().await, Some(module(3)), "a lock takes a device back");
}

#[tokio::test]
async fn what_is_released_at_once_goes_to_the_connected_devices_of_the_product() {
    let mut run = Run::new().await;
    run.hello(2, 1).await;
    let (delivery, task) = run.start();
    delivery.product(ProductId(PRODUCT));
    settle(delivery, task).await;
    assert_eq!(run.sent.try_recv().unwrap(), module(3));
}

#[tokio::test]
async fn p8_an_image_that_a_device_fell_back_from_is_not_offered_to_it_again() {
    for says_so in [false, true] {
        let mut run = Run::new().await;
        let alpha = ALPHA.parse().unwrap();
        run.hello(2, 1).await;
        assert_eq!(run.wake().await, Some(module(3)));
        // It says Hello again, and runs what it ran before. In between the node was started anew.
        run.hello(2, 2).await;
        if says_so {
            run.hello(2, 3).await;
            let says = put_fell_back(alpha, "the health command failed");
            run.cloud.store.devices().put(says).await.unwrap();
        }
        assert_eq!(run.wake().await, None);
        let devices = run.cloud.store.product_devices();
        assert_eq!(devices.rejected(alpha).await.unwrap().len(), 1);
        run.hello(2, 4).await;
        assert_eq!(run.wake().await, None, "however often it comes");
    }
}

#[tokio::test]
async fn a_transfer_that_broke_off_is_made_again_when_the_device_comes_again() {
    let mut run = Run::new().await;
    run.hello(2, 1).await;
    run.script.answers.lock().unwrap().push_back(UpdateError::Ended);
    assert_eq!(run.wake().await, Some(module(3)));
    run.hello(2, i64::MAX).await;
    assert_eq!(run.wake().await, Some(module(3)));
}

#[tokio::test]
async fn without_quarantine_a_device_of_the_same_owner_is_let_in_when_it_says_that_it_is_of_the_product()
 {
    let mut run = Run::new().await;
    let path = format!("/v1/products/12345/devices/{ALPHA}");
    let removed = run.cloud.send("DELETE", &path, Some(&run.token), "", "{}".into()).await;
    assert_eq!(removed.status(), 204);
    run.hello(2, 1).await;
    assert_eq!(run.wake().await, None, "it waits in quarantine");
    let open = r#"{"quarantine":false}"#;
    run.cloud.json("PUT", "/v1/products/12345", Some(&run.token), open).await;
    assert_eq!(run.wake().await, Some(module(3)));
    assert_eq!(run.cloud.get(&path, &run.token).await.0, 200);
}

#[tokio::test]
async fn only_devices_of_a_product_there_is_are_looked_at_one_by_one() {
    let run = Run::new().await;
    let device = |n: u8| DeviceId::from_bytes([n; 12]);
    let said = |product_id| SavedHello {
        platform_id: PLATFORM,
        product_id,
        firmware_version: Some(1),
        system_version: None,
    };
    for (n, product) in [(1, PRODUCT), (2, PLATFORM), (3, PRODUCT + 1)] {
        let put = put_hello(device(n), said(product), 1);
        run.cloud.store.devices().put(put).await.unwrap();
    }
    let alpha: DeviceId = ALPHA.parse().unwrap();
    let devices = run.cloud.store.product_devices();
    let asked = [device(9), device(3), alpha, device(2), device(1)];
    let mut concerned = vec![alpha, device(1)];
    concerned.sort();
    assert_eq!(devices.concerned(&asked).await.unwrap(), concerned);
    assert_eq!(devices.concerned(&[]).await.unwrap(), []);
}
