//! What firmware modules need beside them.

use super::judge;
use crate::anchor::{cra, en303645, isvs};
use crate::check::{Check, Item, Severity};
use crate::dependency::facts::ModuleNeeds;
use crate::dependency::policy::OnDevice;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use pintle_firmware::module::Function;

pub static MET: Check = Check {
    id: "dependency-modules-met",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "Whatever a firmware module declares that it needs is there: among the modules, or on the devices by the profile.",
    how: "Reads the dependencies that each module declares, and looks for a module of that function and index in that version or \
          a later one.",
    remedy: "Hand the missing module along with --module, or say with modules in [dependencies] of pintle-product.toml that the \
             devices have it: one that lacks it falls back to the image before.",
    anchors: &[isvs("3.4.1"), en303645("5.3-2"), cra("I.1(2)(h)")],
    risks: &[Risk::Downtime, Risk::PhysicalDamage],
    room: Room::Dependency,
    judge: met,
};

fn met(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        found.modules.judge(|modules| {
            let declared = &scene.profile.dependencies.modules;
            let faults = modules.iter().flat_map(|module| {
                let open = module
                    .needs
                    .iter()
                    .filter(|need| !is_met(module.platform, need, modules, declared));
                open.map(|need| fault(module, need))
            });
            Verdict::of(faults, format!("{} modules have all that they need", modules.len()))
        })
    })
}

fn is_met(
    platform: u16,
    need: &(u8, u8, u16),
    modules: &[ModuleNeeds],
    declared: &[OnDevice],
) -> bool {
    let does = |of: u16, is: (u8, u8, u16)| {
        of == platform && (is.0, is.1) == (need.0, need.1) && is.2 >= need.2
    };
    modules.iter().any(|one| does(one.platform, one.is))
        || declared.iter().any(|one| does(one.platform, (one.function, one.index, one.version)))
}

fn fault(module: &ModuleNeeds, (function, index, version): &(u8, u8, u16)) -> Fault {
    let name = Function(*function).name();
    let detail =
        format!("it needs {name} {index} in version {version} or later, which nothing here has");
    Fault::new(&module.of, detail)
}
