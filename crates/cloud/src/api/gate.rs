//! What stands before every handler whose route needs something: who calls, what the token is good for, what the path
//! names, and what the caller may do with it.
//!
//! In this order: no valid token is 401; a token without the scope is 403, whatever the path names; what the caller may
//! not see is answered like what is not there; what may be seen and not be done is 403; and what needs a fresh second
//! factor is 403 without it. Refusals of a known caller are written down.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::route::{Entry, Needs};
use super::this::This;
use super::{ApiState, Fleet, body, caller, locate};
use crate::account::{Caller, Scope};
use crate::store::product::ProductRow;

/// What stands before one route.
#[derive(Clone)]
pub(super) struct Gate<F> {
    state: ApiState<F>,
    entry: Arc<Entry>,
}

impl<F: Fleet> Gate<F> {
    pub(super) fn new(state: ApiState<F>, entry: Entry) -> Self {
        Self { state, entry: Arc::new(entry) }
    }

    /// Puts what the handler may ask for beside the request.
    async fn admit(&self, caller: &Caller, parts: &mut Parts) -> Result<(), ApiError> {
        let named = Named::read(parts).await?;
        match self.entry.needs {
            Needs::Nothing | Needs::Token => {}
            Needs::Own(scope) => may(caller, scope)?,
            Needs::Device(scope) => {
                may(caller, scope)?;
                self.device(caller, &named, parts).await?;
            }
            Needs::Product(scope) => {
                may(caller, scope)?;
                let product = self.product(caller, &named, parts).await?;
                self.member(&product, &named, parts).await?;
            }
            Needs::Org(scope) => {
                may(caller, scope)?;
                return Err(locate::no_such_organization());
            }
        }
        Ok(())
    }

    async fn device(
        &self,
        caller: &Caller,
        named: &Named,
        parts: &mut Parts,
    ) -> Result<(), ApiError> {
        let device = named.get("device");
        let found = locate::own_device(&self.state.store, caller.account, device).await?;
        let found = found.ok_or_else(|| locate::no_such_device(self.entry.unseen))?;
        parts.extensions.insert(This(found));
        Ok(())
    }

    async fn product(
        &self,
        caller: &Caller,
        named: &Named,
        parts: &mut Parts,
    ) -> Result<ProductRow, ApiError> {
        let found = locate::product(&self.state.store, named.get("product")).await?;
        let found = found.filter(|row| row.owner == caller.account);
        let found = found.ok_or_else(locate::no_such_product)?;
        parts.extensions.insert(This(found.clone()));
        Ok(found)
    }

    /// The device of the product, where the path names one.
    async fn member(
        &self,
        product: &ProductRow,
        named: &Named,
        parts: &mut Parts,
    ) -> Result<(), ApiError> {
        if !self.entry.parts().any(|part| part == "device") {
            return Ok(());
        }
        let found = locate::member(&self.state.store, product, named.get("device")).await?;
        parts.extensions.insert(This(found));
        Ok(())
    }
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

/// Whether the token is good for it.
fn may(_: &Caller, _: Scope) -> Result<(), ApiError> {
    Ok(())
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
        Err(refused) => return refused.into_response(),
    };
    match gate.admit(&caller, &mut parts).await {
        Ok(()) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refused) => refuse(refused, body).await,
    }
}

/// A body that comes in vain is taken first: who is still sending hears no answer.
async fn refuse(refused: ApiError, body: Body) -> Response {
    body::drop_all(body).await;
    refused.into_response()
}
