//! A world with a product of one person, an organisation with another, a device in each, and somebody of every kind.

use pintle_cloud::account::{AccountId, Grant, Holder, OrganizationId, Place, Role, Scopes};
use pintle_cloud::api::route::Needs;
use pintle_cloud::audit::{Act, Who};
use pintle_cloud::product::{NewProduct, ProductId};
use pintle_cloud::store::member::{Joining, Unmatched};
use pintle_cloud::store::organization::OrganizationRow;

use crate::harness::{ALPHA, BETA, Cloud, START_MS};

const OWN: ProductId = ProductId(12_345);
const SHARED: ProductId = ProductId(12_346);

/// Somebody, and what the world is to them.
#[derive(Clone)]
pub struct Actor {
    pub name: String,
    pub account: AccountId,
    pub token: Option<String>,
    /// What the token is good for; `None` where there is no valid one.
    pub scopes: Option<Scopes>,
    pub is_person: bool,
    pub is_fresh: bool,
    /// Of a person in somebody else's product or organisation, with a second factor never set up.
    pub lacks_second_factor: bool,
    pub has_device: bool,
    /// The product that this one walks through, and a device of it.
    pub product: u16,
    pub device: &'static str,
    pub in_product: Option<Scopes>,
    pub in_organization: Option<Scopes>,
}

pub struct World {
    pub cloud: Cloud,
    pub organization: String,
    organization_id: OrganizationId,
    maker: AccountId,
    /// An administrator without a second factor.
    newcomer: AccountId,
    /// Who has each role in the product and in the organisation.
    staff: Vec<(Role, AccountId)>,
}

pub fn act() -> Act {
    Act::new("test.arranged", Who::Node, START_MS)
}

impl World {
    pub async fn new() -> Self {
        let cloud = Cloud::new().await;
        let mut people = Vec::new();
        for name in ["maker", "viewer", "support", "developer", "administrator", "owner"] {
            people.push(cloud.new_account(name).await);
        }
        let bob = cloud.account("bob").await;
        for account in people.iter().chain([&cloud.ada, &bob]) {
            cloud.enrol(*account).await;
        }
        let newcomer = cloud.new_account("newcomer").await;
        let (maker, owner) = (people[0], people[5]);
        let organization_id = OrganizationId::generate().unwrap();
        let organization = OrganizationRow {
            id: organization_id,
            slug: "acme".into(),
            name: "Acme".into(),
            created_at_ms: START_MS,
        };
        let made = cloud.store.organizations().create(&organization, owner, act()).await;
        assert!(made.unwrap());
        for (id, whose) in [(OWN, None), (SHARED, Some(organization_id))] {
            cloud.shelf.create(new_product(id, maker, whose)).await.unwrap();
        }
        for (device, product) in [(ALPHA, OWN), (BETA, SHARED)] {
            cloud.add_device(device).await;
            let id = device.parse().unwrap();
            cloud.store.product_devices().add(product, &[id], START_MS).await.unwrap();
        }
        let staff: Vec<_> = Role::ALL.into_iter().zip(people.into_iter().skip(1)).collect();
        let organization = "acme".to_owned();
        let world = Self { cloud, organization, organization_id, maker, newcomer, staff };
        world.let_staff_in().await;
        world
    }

    async fn let_staff_in(&self) {
        let organization = Place::Organization(self.organization_id);
        let newcomer = (Role::Administrator, self.newcomer);
        for (role, account) in self.staff.iter().chain([&newcomer]) {
            for place in [Place::Product(OWN), organization] {
                if (*role, place) == (Role::Owner, organization) {
                    continue;
                }
                let joining = Joining::person(*account, place, *role, START_MS);
                assert!(self.cloud.store.members().add(&joining, act()).await.unwrap());
            }
        }
    }

    /// Ada has the device, and nothing else; what is taken from her in a walk she has again.
    async fn give_ada_the_device(&self) {
        let id = ALPHA.parse().unwrap();
        self.cloud.store.devices().claim(id, self.cloud.ada).await.unwrap();
        for (device, product) in [(ALPHA, OWN), (BETA, SHARED)] {
            let id = device.parse().unwrap();
            self.cloud.store.product_devices().add(product, &[id], START_MS).await.unwrap();
        }
    }

    pub async fn token_for(&self, account: AccountId, scopes: Scopes) -> String {
        self.token(&Grant { scopes, ..fresh(account) }).await
    }

    async fn token(&self, grant: &Grant) -> String {
        let issued = self.cloud.state.accounts.issue(grant, START_MS).await.unwrap();
        issued.token.reveal().to_string()
    }

    /// Who may do what a route needs.
    pub async fn who_may(&self, needs: Needs) -> Actor {
        self.give_ada_the_device().await;
        let owner = self.staff.last().unwrap().1;
        let account = match needs {
            Needs::Product(_) => self.maker,
            Needs::Org(_) => owner,
            _ => self.cloud.ada,
        };
        self.person("who may", account).await
    }

    pub async fn everyone(&self) -> Vec<Actor> {
        self.give_ada_the_device().await;
        let (ada, maker) = (self.cloud.ada, self.maker);
        let bob = self.cloud.account("bob").await;
        let mut all = vec![
            Actor { scopes: None, token: None, ..self.person("nobody", bob).await },
            Actor {
                scopes: None,
                token: Some("0".repeat(64)),
                ..self.person("who made a token up", bob).await
            },
            self.person("an outsider", bob).await,
            Actor { has_device: true, ..self.person("who has the device", ada).await },
            Actor { in_product: Some(Scopes::all()), ..self.person("the maker", maker).await },
            // Who made an organisation's product has no part in it by that.
            Actor {
                product: SHARED.0,
                device: BETA,
                ..self.person("the maker, in the organization's product", maker).await
            },
        ];
        let scopes = Some(Role::Administrator.scopes());
        // Their token says that one was proven; it was taken away since.
        all.push(Actor {
            is_fresh: false,
            lacks_second_factor: true,
            in_product: scopes,
            in_organization: scopes,
            ..self.person("an administrator who has no second factor", self.newcomer).await
        });
        for (role, account) in &self.staff {
            let (person, scopes) = (self.person(role.name(), *account).await, Some(role.scopes()));
            let staff = Actor { in_product: scopes, in_organization: scopes, ..person };
            let name = format!("{role}, through the organization");
            all.push(Actor { name, product: SHARED.0, device: BETA, ..staff.clone() });
            let stale = Grant::new(*account, "", "walk");
            all.push(Actor {
                name: format!("{role}, without a second factor"),
                token: Some(self.token(&stale).await),
                is_fresh: false,
                ..staff.clone()
            });
            all.push(staff);
        }
        all.extend(self.programs().await);
        all
    }

    /// Services, a client, and a customer.
    async fn programs(&self) -> Vec<Actor> {
        let mut all = Vec::new();
        for role in [Role::Viewer, Role::Owner] {
            let scopes = role.scopes().for_services();
            let account = AccountId::generate().unwrap();
            let label = "a program".to_owned();
            let place = Place::Product(OWN);
            let joining = Joining::service(account, place, scopes, label, START_MS);
            let unmatched = Unmatched::generate().unwrap();
            self.cloud.store.members().add_service(&joining, &unmatched, act()).await.unwrap();
            let (holder, product) = (Holder::Service, Some(OWN));
            let stale = Grant { scopes, holder, product, ..Grant::new(account, "", "walk") };
            all.push(Actor {
                name: format!("a service with what {role} has"),
                token: Some(self.token(&stale).await),
                scopes: Some(scopes),
                is_person: false,
                in_product: Some(scopes),
                ..self.person("", account).await
            });
        }
        let (maker, ada) = (self.maker, self.cloud.ada);
        let bound = |account| Grant { product: Some(OWN), ..fresh(account) };
        let client = Grant { holder: Holder::Client, ..bound(maker) };
        let client = Actor {
            name: "a client of the product".into(),
            token: Some(self.token(&client).await),
            is_person: false,
            in_product: Some(Scopes::all()),
            ..self.person("", maker).await
        };
        let astray = Actor {
            name: "a client of another product".into(),
            product: SHARED.0,
            device: BETA,
            in_product: None,
            ..client.clone()
        };
        let customer = Grant { holder: Holder::Customer, ..bound(ada) };
        let customer = Actor {
            name: "a customer of the product".into(),
            token: Some(self.token(&customer).await),
            has_device: true,
            ..self.person("", ada).await
        };
        all.extend([client, astray, customer]);
        all
    }

    /// With a token that is good for everything, and a second factor proven just now.
    async fn person(&self, name: &str, account: AccountId) -> Actor {
        Actor {
            name: name.to_owned(),
            account,
            token: Some(self.token(&fresh(account)).await),
            scopes: Some(Scopes::all()),
            is_person: true,
            is_fresh: true,
            lacks_second_factor: false,
            has_device: false,
            product: OWN.0,
            device: ALPHA,
            in_product: None,
            in_organization: None,
        }
    }
}

fn fresh(account: AccountId) -> Grant {
    Grant { second_factor_at_ms: Some(START_MS), ..Grant::new(account, "", "walk") }
}

fn new_product(id: ProductId, owner: AccountId, whose: Option<OrganizationId>) -> NewProduct {
    NewProduct {
        id: Some(id.0),
        name: format!("Product {id}"),
        slug: None,
        description: String::new(),
        platform_id: 13,
        owner,
        organization: whose,
        quarantine: true,
    }
}
