//! Who can reach which device: the permission graph, as data.
//!
//! On one side accounts, on the other the products and the devices that are somebody's own; between them ways: a role in
//! a product, a role in its organisation, ownership. A way says what it allows in the few words that matter to a reader.

use crate::survey::{Kind, Member, Product, Survey};
use serde::Serialize;
use std::collections::BTreeMap;

/// The graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// Accounts with a way to a device, by handle.
    pub who: Vec<Who>,
    /// Where devices are.
    pub places: Vec<Place>,
    /// Ways from one to the other, in the order of both.
    pub ways: Vec<Way>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Who {
    /// Its handle.
    pub handle: String,
    /// For whom it is.
    pub kind: Kind,
    /// Whether it has a second factor.
    pub second_factor: bool,
}

/// Devices that are reached together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// `product 7 (kettle)`, or `devices of HANDLE`.
    pub name: String,
    /// How many devices.
    pub devices: u32,
}

/// A way from an account to devices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Way {
    /// The handle.
    pub who: String,
    /// The place's name.
    pub place: String,
    /// What gives it: `Administrator of the organisation works`, `owner`, `service`.
    pub by: String,
    /// What it allows.
    pub may: Vec<Power>,
}

/// What somebody may do to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// See it and what it says.
    See,
    /// Call its functions, make it act.
    Command,
    /// Change what runs on it.
    Update,
    /// Change the key that it is known by, or whose signatures it takes.
    Rekey,
    /// Let others in.
    Admit,
}

impl Power {
    const ALL: [Self; 5] = [Self::See, Self::Command, Self::Update, Self::Rekey, Self::Admit];

    /// As a verb.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Command => "command",
            Self::Update => "update",
            Self::Rekey => "rekey",
            Self::Admit => "let others in",
        }
    }

    /// The scopes that come to it; any of them is enough.
    const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::See => &["devices:get", "devices:list", "events:get"],
            Self::Command => &["devices.function:call", "events:send"],
            Self::Update => &["firmware:release", "devices:update"],
            Self::Rekey => &["devices.key:update", "keyring:update"],
            Self::Admit => &["teams.users:invite", "teams.users:update"],
        }
    }

    /// What these scopes come to.
    #[must_use]
    pub fn of(scopes: &[String]) -> Vec<Self> {
        let all = scopes.iter().any(|scope| scope == "*:*");
        let has = |power: &Self| {
            all || power.scopes().iter().any(|wanted| scopes.iter().any(|scope| scope == wanted))
        };
        Self::ALL.into_iter().filter(has).collect()
    }
}

impl Graph {
    /// The graph of a node.
    #[must_use]
    pub fn of(survey: &Survey) -> Self {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let mut ways = Vec::new();
        for product in &survey.products {
            let name = name_of(product);
            let of = survey.devices.iter().filter(|device| device.product == Some(product.id));
            counts.insert(name.clone(), u32::try_from(of.count()).unwrap_or(u32::MAX));
            ways.extend(ways_to(survey, product, &name));
        }
        for person in survey.people.iter().filter(|person| person.devices > 0) {
            let place = format!("devices of {}", person.handle);
            counts.insert(place.clone(), person.devices);
            let mut may = Power::ALL.to_vec();
            may.retain(|power| *power != Power::Admit);
            ways.push(Way { who: person.handle.clone(), place, by: "owner".to_owned(), may });
        }
        ways.sort();
        ways.dedup();
        let reaches = |handle: &String| ways.iter().any(|way| way.who == *handle);
        let mut who: Vec<Who> = survey
            .people
            .iter()
            .filter(|person| reaches(&person.handle))
            .map(|person| Who {
                handle: person.handle.clone(),
                kind: person.kind,
                second_factor: person.second_factor,
            })
            .collect();
        who.sort_by(|a, b| a.handle.cmp(&b.handle));
        let places = counts.into_iter().map(|(name, devices)| Place { name, devices });
        Self { who, places: places.collect(), ways }
    }

    /// The handles with this power over devices of others.
    pub fn with_power(&self, power: Power) -> impl Iterator<Item = &str> {
        let ways =
            self.ways.iter().filter(move |way| way.may.contains(&power) && way.by != "owner");
        ways.map(|way| way.who.as_str())
    }
}

/// What a product is called in the graph.
#[must_use]
pub fn name_of(product: &Product) -> String {
    format!("product {} ({})", product.id, product.slug)
}

fn ways_to<'a>(
    survey: &'a Survey,
    product: &'a Product,
    name: &'a str,
) -> impl Iterator<Item = Way> + 'a {
    let maker = product.owner.iter().map(move |owner| Way {
        who: owner.clone(),
        place: name.to_owned(),
        by: "made the product".to_owned(),
        may: Power::ALL.to_vec(),
    });
    let members = survey.members.iter().filter(|member| has_part(member, product));
    maker.chain(members.map(move |member| Way {
        who: member.handle.clone(),
        place: name.to_owned(),
        by: by(member),
        may: Power::of(&member.scopes),
    }))
}

fn by(member: &Member) -> String {
    let role = member.role.map_or("service", crate::survey::Role::name);
    match &member.organization {
        Some(slug) => format!("{role} of the organisation {slug}"),
        None => format!("{role} of the product"),
    }
}

/// Whether a member has a part in a product, by itself or through its organisation.
#[must_use]
pub fn has_part(member: &Member, product: &Product) -> bool {
    let by_itself = member.product == Some(product.id);
    by_itself || (member.organization.is_some() && member.organization == product.organization)
}
