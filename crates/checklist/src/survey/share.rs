//! How much of a fleet runs what it is to run, by the fleet's own word.

use super::{Device, Firmware, Product, Survey};
use serde::Serialize;

/// How the devices of one product stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The product.
    pub product: u16,
    /// Its name in addresses.
    pub slug: String,
    /// Devices that are to run something: those with a release, without the ones marked for development.
    pub due: u32,
    /// Devices that reported the image they are to run, since their last Hello.
    pub confirmed: u32,
    /// Devices that reported another image since their last Hello.
    pub other: Vec<String>,
    /// Devices that have not said what they run since their last Hello, or never came.
    pub silent: Vec<String>,
    /// Devices that fell back from an image, by their own word.
    pub fell_back: Vec<String>,
}

impl Survey {
    /// How each product with a release stands, by its number.
    #[must_use]
    pub fn shares(&self) -> Vec<Share> {
        let released = |product: &&Product| product.firmware.iter().any(Firmware::is_released);
        self.products.iter().filter(released).map(|product| self.share(product)).collect()
    }

    fn share(&self, product: &Product) -> Share {
        let mut share = Share {
            product: product.id,
            slug: product.slug.clone(),
            due: 0,
            confirmed: 0,
            other: Vec::new(),
            silent: Vec::new(),
            fell_back: Vec::new(),
        };
        for device in self.devices.iter().filter(|device| device.product == Some(product.id)) {
            let Some(wanted) = product.wanted(device) else { continue };
            share.due += 1;
            match device.image.as_deref().filter(|_| device.confirmed) {
                Some(image) if wanted.is(image) => share.confirmed += 1,
                Some(_) => share.other.push(device.id.clone()),
                None => share.silent.push(device.id.clone()),
            }
            if device.fell_back.is_some() {
                share.fell_back.push(device.id.clone());
            }
        }
        share
    }
}

impl Product {
    /// The firmware that a device of this product is to run: its own version, else its groups' newest, else the default.
    #[must_use]
    pub fn wanted(&self, device: &Device) -> Option<&Firmware> {
        if device.development {
            return None;
        }
        if let Some(version) = device.desired_version {
            return self.firmware.iter().find(|firmware| firmware.version == version);
        }
        let of_group = |firmware: &&Firmware| {
            firmware.groups.iter().any(|group| device.groups.contains(group))
        };
        let newest = self.firmware.iter().filter(of_group).max_by_key(|firmware| firmware.version);
        newest.or_else(|| self.firmware.iter().find(|firmware| firmware.is_default))
    }
}
