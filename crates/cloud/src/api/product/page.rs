//! A page of a product's devices: filters, order, and how many pages there are.

use std::cmp::Ordering;

use serde::Deserialize;

use crate::store::product_device::Member;

/// Devices on a page, where the client does not say.
const PER_PAGE: usize = 25;
/// Devices on a page, at most.
const MOST_PER_PAGE: usize = 1_000;

/// What a client asks for. Clients write some of it in two ways.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct Wanted {
    device_id: Option<String>,
    device_name: Option<String>,
    groups: Option<String>,
    sort_attr: Option<String>,
    sort_dir: Option<String>,
    #[serde(default)]
    pub(super) quarantined: Option<String>,
    page: Option<String>,
    #[serde(alias = "per_page")]
    per_page: Option<String>,
}

/// A page.
pub(super) struct Page {
    pub(super) members: Vec<Member>,
    pub(super) pages: usize,
    pub(super) total: usize,
}

impl Wanted {
    /// Whether devices that only say themselves that they are of the product are asked for.
    pub(super) fn is_for_quarantined(&self) -> bool {
        matches!(self.quarantined.as_deref(), Some("true" | "1"))
    }

    /// The page of these devices that is asked for.
    pub(super) fn page_of(&self, mut members: Vec<Member>) -> Page {
        members.retain(|member| self.takes(member));
        self.sort(&mut members);
        let number = |text: &Option<String>| text.as_deref()?.trim().parse::<usize>().ok();
        let per_page = number(&self.per_page).unwrap_or(PER_PAGE).clamp(1, MOST_PER_PAGE);
        let page = number(&self.page).unwrap_or(1).max(1);
        let total = members.len();
        let first = (page - 1).saturating_mul(per_page);
        let members = members.into_iter().skip(first).take(per_page).collect();
        Page { members, pages: total.div_ceil(per_page).max(1), total }
    }

    fn takes(&self, member: &Member) -> bool {
        let id = member.device.id.to_string();
        let name = member.device.name.as_deref().unwrap_or_default().to_lowercase();
        let part = |wanted: &Option<String>, of: &str| {
            wanted.as_deref().is_none_or(|wanted| of.contains(&wanted.to_lowercase()))
        };
        let in_groups = |groups: &String| {
            let own = member.membership.as_ref().map(|known| &known.groups);
            own.is_some_and(|own| groups.split(',').any(|name| own.contains(name.trim())))
        };
        part(&self.device_id, &id)
            && part(&self.device_name, &name)
            && self.groups.as_ref().filter(|groups| !groups.is_empty()).is_none_or(in_groups)
    }

    fn sort(&self, members: &mut [Member]) {
        let by: fn(&Member, &Member) -> Ordering = match self.sort_attr.as_deref() {
            Some("deviceName") => |a, b| a.device.name.cmp(&b.device.name),
            Some("firmwareVersion") => {
                |a, b| a.device.firmware_version.cmp(&b.device.firmware_version)
            }
            Some("lastConnection") => {
                |a, b| a.device.last_handshake_ms.cmp(&b.device.last_handshake_ms)
            }
            // They come by id.
            _ => |_, _| Ordering::Equal,
        };
        members.sort_by(by);
        if self.sort_dir.as_deref() == Some("desc") {
            members.reverse();
        }
    }
}
