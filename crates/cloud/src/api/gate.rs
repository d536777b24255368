//! What stands before every handler whose route needs something: who calls, what the token is good for, what the path
//! names, and what the caller may do with it.
//!
//! In this order: no valid token is 401; a token without the scope is 403, whatever the path names; what the caller may
//! not see is 404, like what is not there; what may be seen and not be done is 403; and what needs a fresh second factor
//! is 403 without one. Refusals of a known caller are written down, with the route's path and never the request's.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::route::{Entry, Needs};
use super::this::This;
use super::{ApiState, Fleet, body, caller, locate};
use crate::account::{Caller, Freshness, Holder, Place, Role, Scope, Standing};
use crate::audit::Act;
use crate::store::StoreError;
use crate::store::product::ProductRow;
use crate::weakened::{self, Weakness};

mod refused;

use refused::Refused;

/// What stands before one route.
#[derive(Clone)]
pub(super) struct Gate<F> {
    state: ApiState<F>,
    entry: Arc<Entry>,
}

/// Lets a request through to the handler, or answers it.
pub(super) async fn pass<F: Fleet>(
    State(gate): State<Gate<F>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match caller::caller(&gate.state, &parts).await {
        Ok(caller) => caller,
        Err(_) if weakened::is(Weakness::NobodyLetThrough) => {
            return next.run(Request::from_parts(parts, body)).await;
        }
        Err(error) => return error.into_response(),
    };
    match gate.admit(&caller, &mut parts).await {
        Ok(()) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refused) => {
            gate.write_down(&caller, &refused);
            // A body that comes in vain is taken first: who is still sending hears no answer.
            body::drop_all(body).await;
            refused.error.into_response()
        }
    }
}

impl<F: Fleet> Gate<F> {
    pub(super) fn new(state: ApiState<F>, entry: Entry) -> Self {
        Self { state, entry: Arc::new(entry) }
    }

    /// Puts what the handler may ask for beside the request.
    async fn admit(&self, caller: &Caller, parts: &mut Parts) -> Result<(), Refused> {
        let named = Named::read(parts).await?;
        if let Some(scope) = self.entry.needs.scope()
            && !caller.scopes.contains(scope)
            && !weakened::is(Weakness::ScopesUnchecked)
        {
            return Err(Refused::scope(scope));
        }
        match self.entry.needs {
            Needs::Nothing | Needs::Token => {}
            Needs::Own(_) => own(caller)?,
            Needs::Device(_) => self.device(caller, &named, parts).await?,
            Needs::Product(scope) => {
                let product = self.product(caller, &named, scope, parts).await?;
                self.member(&product, &named, parts).await?;
            }
            Needs::Org(scope) => self.organization(caller, &named, scope, parts).await?,
        }
        self.fresh(caller).await
    }

    async fn device(
        &self,
        caller: &Caller,
        named: &Named,
        parts: &mut Parts,
    ) -> Result<(), Refused> {
        let unseen = || Refused::unseen(locate::no_such_device(self.entry.unseen));
        let store = &self.state.store;
        let found = locate::own_device(store, caller.account, named.get("device")).await?;
        let found = found.ok_or_else(unseen)?;
        if let Some(bound) = caller.product {
            let known = store.product_devices().membership(found.id).await?;
            known.filter(|known| known.product == bound).ok_or_else(unseen)?;
        }
        parts.extensions.insert(This(found));
        Ok(())
    }

    async fn product(
        &self,
        caller: &Caller,
        named: &Named,
        scope: Scope,
        parts: &mut Parts,
    ) -> Result<ProductRow, Refused> {
        let unseen = || Refused::unseen(locate::no_such_product());
        let found = locate::product(&self.state.store, named.get("product")).await?;
        let in_reach = |row: &ProductRow| caller.product.is_none_or(|bound| bound == row.id);
        let found = found.filter(in_reach).ok_or_else(unseen)?;
        let standing = self.state.store.members().standing_in(caller.account, &found).await?;
        stand(caller, standing.ok_or_else(unseen)?, scope, parts)?;
        // Who made it and shares it with no organisation administers nobody's but their own.
        if found.organization.is_some() || found.owner != caller.account {
            self.administrator(caller, scope).await?;
        }
        parts.extensions.insert(This(Place::Product(found.id)));
        parts.extensions.insert(This(found.clone()));
        Ok(found)
    }

    /// The device of the product, where the path names one.
    async fn member(
        &self,
        product: &ProductRow,
        named: &Named,
        parts: &mut Parts,
    ) -> Result<(), Refused> {
        if self.entry.parts().any(|part| part == "device") {
            let found = locate::member(&self.state.store, product, named.get("device")).await?;
            parts.extensions.insert(This(found));
        }
        Ok(())
    }

    async fn organization(
        &self,
        caller: &Caller,
        named: &Named,
        scope: Scope,
        parts: &mut Parts,
    ) -> Result<(), Refused> {
        let unseen = || Refused::unseen(locate::no_such_organization());
        // A token that is for one product is not for what is above it.
        let found = match caller.product {
            None => locate::organization(&self.state.store, named.get("org")).await?,
            Some(_) => None,
        };
        let found = found.ok_or_else(unseen)?;
        let place = Place::Organization(found.id);
        let member = self.state.store.members().find(place, caller.account).await?;
        stand(caller, member.ok_or_else(unseen)?.standing, scope, parts)?;
        self.administrator(caller, scope).await?;
        parts.extensions.insert(This(place));
        parts.extensions.insert(This(found));
        Ok(())
    }

    /// Whoever may do more than a developer in what others share must have a second factor.
    async fn administrator(&self, caller: &Caller, scope: Scope) -> Result<(), Refused> {
        if caller.holder != Holder::Person || Role::Developer.scopes().contains(scope) {
            return Ok(());
        }
        let enrolled = self.state.accounts.has_second_factor(caller.account).await;
        match enrolled.map_err(ApiError::from)? {
            true => Ok(()),
            false => Refused::not_fresh(Freshness::NotEnrolled).map_or(Ok(()), Err),
        }
    }

    /// A service cannot prove a second factor: who gave it the scope has. What decides over others it is never given.
    async fn fresh(&self, caller: &Caller) -> Result<(), Refused> {
        let asks = self.entry.is_fresh && !weakened::is(Weakness::FreshnessUnchecked);
        if !asks || caller.holder == Holder::Service {
            return Ok(());
        }
        let (proven, now_ms) = (caller.second_factor_at_ms, self.state.clock.now().wall_ms);
        let freshness = self.state.accounts.freshness(caller.account, proven, now_ms).await;
        Refused::not_fresh(freshness.map_err(ApiError::from)?).map_or(Ok(()), Err)
    }

    fn write_down(&self, caller: &Caller, refused: &Refused) {
        let Some(why) = refused.why else { return };
        let act = Act::new("access.refused", caller.who(), self.state.clock.now().wall_ms)
            .on("route", format_args!("{} {}", self.entry.method, self.entry.path))
            .from_token(caller.mark())
            .refused(why);
        self.state.store.note(act);
    }
}

/// What is the caller's own is for people: a service and a client that is bound to a product have nothing.
fn own(caller: &Caller) -> Result<(), Refused> {
    match caller.holder {
        Holder::Person | Holder::Customer => Ok(()),
        Holder::Client if caller.product.is_none() => Ok(()),
        Holder::Client | Holder::Service => Err(Refused::not_a_person()),
    }
}

/// Whether the standing has the scope; the handler is told what is left of it after the token took away from it.
fn stand(
    caller: &Caller,
    standing: Standing,
    scope: Scope,
    parts: &mut Parts,
) -> Result<(), Refused> {
    if !standing.scopes.contains(scope) {
        return Err(Refused::role(scope));
    }
    let scopes = standing.scopes.and(caller.scopes);
    parts.extensions.insert(This(Standing { scopes, ..standing }));
    Ok(())
}

/// The variable parts of a path, percent-decoded.
struct Named(Vec<(String, String)>);

impl Named {
    async fn read(parts: &mut Parts) -> Result<Self, ApiError> {
        let read = RawPathParams::from_request_parts(parts, &()).await;
        let read = read.map_err(|_| ApiError::bad_request("The path is not UTF-8."))?;
        Ok(Self(read.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }

    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}
