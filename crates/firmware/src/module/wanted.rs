//! What a module has to be, by the product and the device it is for.

use super::{Function, Installed, Module, Platform, Reason};

/// What a module has to be; what is `None` does not matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The kind of board.
    pub platform: Option<Platform>,
    /// The product it belongs to.
    pub product: Option<u16>,
    /// Its version in the product.
    pub product_version: Option<u16>,
    /// What it is for.
    pub function: Option<Function>,
    /// Which of those.
    pub index: Option<u8>,
    /// What the device has: every dependency has to be among it.
    pub installed: Option<&'a [Installed]>,
    /// How many bytes the device takes.
    pub max_size: Option<usize>,
}

impl Wanted<'_> {
    /// Reports everything in which `module` is not what is wanted.
    pub fn compare(&self, module: &Module<'_>, report: &mut dyn FnMut(Reason)) {
        let prefix = module.prefix();
        if let Some(wanted) = self.platform.filter(|wanted| *wanted != prefix.platform) {
            report(Reason::Platform { found: prefix.platform, wanted });
        }
        if let Some(wanted) = self.function.filter(|wanted| *wanted != prefix.function) {
            report(Reason::Function { found: prefix.function, wanted });
        }
        if let Some(wanted) = self.index.filter(|wanted| *wanted != prefix.index) {
            report(Reason::Index { found: prefix.index, wanted });
        }
        if let Some(limit) = self.max_size.filter(|limit| module.bytes().len() > *limit) {
            report(Reason::TooLarge { size: module.bytes().len(), limit });
        }
        self.compare_product(module, report);
        self.compare_dependencies(module, report);
    }

    fn compare_product(&self, module: &Module<'_>, report: &mut dyn FnMut(Reason)) {
        let Some(found) = module.suffix().product else {
            if let Some(wanted) = self.product {
                report(Reason::NoProduct { wanted });
            }
            return;
        };
        if let Some(wanted) = self.product.filter(|wanted| *wanted != found.id) {
            report(Reason::ProductId { found, wanted });
        }
        if let Some(wanted) = self.product_version.filter(|wanted| *wanted != found.version) {
            report(Reason::ProductVersion { found, wanted });
        }
    }

    fn compare_dependencies(&self, module: &Module<'_>, report: &mut dyn FnMut(Reason)) {
        let Some(installed) = self.installed else { return };
        for wanted in module.dependencies() {
            if installed.iter().any(|one| wanted.is_met_by(one)) {
                continue;
            }
            let same =
                |one: &&Installed| one.function == wanted.function && one.index == wanted.index;
            match installed.iter().filter(same).map(|one| one.version).max() {
                Some(found) => report(Reason::DependencyTooOld { wanted, found }),
                None => report(Reason::DependencyMissing(wanted)),
            }
        }
    }
}
