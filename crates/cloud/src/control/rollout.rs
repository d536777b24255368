//! Rollouts, as an operator asks for them.

use super::line::Response;
use super::office::Office;
use crate::product::rollout::{Desk, Plan};
use crate::product::{ProductId, Shelf};
use serde::{Deserialize, Serialize};

/// What is needed to speak of rollouts.
#[derive(Clone)]
pub struct Rollouts {
    /// Where they are spoken to.
    pub desk: Desk,
    /// Where firmware comes from.
    pub shelf: Shelf,
}

/// Which rollout is meant: the newest, of this product where one is named, unless its number is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// Its number.
    pub rollout: Option<u64>,
    /// Its product, by number or slug.
    pub product: Option<String>,
}

/// What an operator asks of rollouts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum RolloutRequest {
    /// Start one.
    Start {
        /// The product, by number or slug.
        product: String,
        /// The version.
        version: u16,
        /// Its plan.
        plan: Plan,
    },
    /// How it stands.
    Status {
        /// Which one.
        which: Which,
        /// Whether updated devices are named, too.
        all: bool,
    },
    /// No more offers.
    Halt {
        /// Which one.
        which: Which,
    },
    /// Go on.
    Resume {
        /// Which one.
        which: Which,
    },
}

type Result<T> = std::result::Result<T, String>;

impl Office {
    pub(super) async fn rollout(&self, request: RolloutRequest) -> Result<Response> {
        let rollouts = self.rollouts().ok_or("this node has no products")?;
        let Rollouts { desk, shelf } = rollouts;
        let (number, all) = match request {
            RolloutRequest::Start { product, version, plan } => {
                let product = rollouts.product(&product).await?;
                let started = desk.start(shelf, product, version, plan).await;
                (started.map_err(|error| error.to_string())?, false)
            }
            RolloutRequest::Status { which, all } => (rollouts.which(&which).await?, all),
            RolloutRequest::Halt { which } => {
                let number = rollouts.which(&which).await?;
                desk.halt(number).await.map_err(|error| error.to_string())?;
                (number, false)
            }
            RolloutRequest::Resume { which } => {
                let number = rollouts.which(&which).await?;
                desk.resume(number).await.map_err(|error| error.to_string())?;
                (number, false)
            }
        };
        let status = desk.status(number, all).await.map_err(|error| error.to_string())?;
        Ok(Response::Rollout { status: Box::new(status) })
    }
}

impl Rollouts {
    async fn which(&self, which: &Which) -> Result<u64> {
        let product = match &which.product {
            Some(product) => Some(self.product(product).await?),
            None => None,
        };
        let found = self.desk.which(which.rollout, product).await;
        found.map_err(|error| error.to_string())
    }

    async fn product(&self, named: &str) -> Result<ProductId> {
        let products = self.desk.store().products();
        let found = match named.parse().map(ProductId) {
            Ok(id) => products.find(id).await,
            Err(_) => products.find_by_slug(named).await,
        };
        let found = found.map_err(|error| error.to_string())?;
        let found = found.ok_or_else(|| format!("there is no product `{named}` on this node"))?;
        Ok(found.id)
    }
}
