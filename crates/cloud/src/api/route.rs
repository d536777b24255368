//! What a route is: where it is, what it needs of who calls it, what answers it, and what is said of it to people.
//!
//! All routes together are the one table (see `routes`): the router is made from it, and so are the walk of
//! every role through every route and the description of the API. What a route needs is asked before its handler is
//! called (see `gate`), which therefore checks nothing of it.

use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::{ApiState, Fleet};
use crate::account::Scope;

/// What a route needs of who calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: anyone may call it.
    Nothing,
    /// A valid token.
    Token,
    /// A token with this scope; the route is about what is the caller's own.
    Own(Scope),
    /// A token with this scope, of who owns the device that `{device}` names.
    Device(Scope),
    /// A token with this scope, of who has a role with it in the product that `{product}` names. A `{device}` after it
    /// is one of the product's.
    Product(Scope),
    /// A token with this scope, of who has a role with it in the organisation that `{org}` names.
    Org(Scope),
}

impl Needs {
    /// The scope that it needs.
    #[must_use]
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Nothing | Self::Token => None,
            Self::Own(scope) | Self::Device(scope) | Self::Product(scope) | Self::Org(scope) => {
                Some(scope)
            }
        }
    }
}

/// In which words who may not see a device is told that it is not found, whether or not it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unseen {
    /// That it is not found.
    #[default]
    Missing,
    /// That permission is denied: clients show that to who is about to change it.
    Denied,
}

/// What a field holds. A body may be JSON or a form; in a form everything is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// Yes or no; `1` and `0` will do.
    Flag,
    /// A list of texts.
    Texts,
    /// A JSON object.
    Object,
    /// A file: the body is `multipart/form-data` then.
    File,
}

/// One field of a query or a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there.
    pub is_required: bool,
}

/// What a route answers with when all went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gives {
    /// A JSON object or list.
    #[default]
    Json,
    /// No body.
    Nothing,
    /// Plain text.
    Text,
    /// A page for a browser.
    Html,
    /// The bytes of a file.
    Bytes,
    /// Events, one after the other (`text/event-stream`).
    Events,
}

/// All that is known of a route but what answers it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The method.
    pub method: Method,
    /// The path, with its variable parts in braces.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// Whether it needs a fresh second factor beside that.
    pub is_fresh: bool,
    /// In which words who may not see the device is told so.
    pub unseen: Unseen,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What may stand behind the question mark.
    pub query: Vec<Field>,
    /// What may stand in the body.
    pub body: Vec<Field>,
    /// The status when all went well.
    pub success: u16,
    /// And what comes with it.
    pub gives: Gives,
    /// The statuses of its own that it may answer with instead; [`Entry::failures`] has those of what it needs.
    pub fails: Vec<u16>,
}

impl Entry {
    /// Every status of an error that this route may answer with, in order.
    #[must_use]
    pub fn failures(&self) -> Vec<u16> {
        // Too many, too long a head, the server failed, the disk is full, the store cannot just now.
        let mut all = vec![429, 431, 500, 503, 507];
        all.extend(&self.fails);
        if !self.body.is_empty() {
            all.extend([400, 408, 413, 415]);
        }
        if self.path.contains('{') {
            all.extend([400, 414]);
        }
        match self.needs {
            Needs::Nothing => {}
            Needs::Token => all.push(401),
            Needs::Own(_) => all.extend([401, 403]),
            Needs::Device(_) | Needs::Product(_) | Needs::Org(_) => all.extend([401, 403, 404]),
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The variable parts of the path, in order; one that takes the rest of it has no star here.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> {
        let inside = |part: &'static str| part.strip_prefix('{')?.strip_suffix('}');
        self.path.split('/').filter_map(inside).map(|name| name.trim_start_matches('*'))
    }
}

/// A route: an entry, and what answers it.
pub struct Route<F> {
    pub(super) entry: Entry,
    pub(super) answers: MethodRouter<ApiState<F>>,
}

/// A route that is got.
pub(super) fn get<F: Fleet, T: 'static>(
    path: &'static str,
    needs: Needs,
    handler: impl Handler<T, ApiState<F>>,
) -> Route<F> {
    route(Method::GET, path, needs, on(MethodFilter::GET, handler))
}

/// A route that is posted to.
pub(super) fn post<F: Fleet, T: 'static>(
    path: &'static str,
    needs: Needs,
    handler: impl Handler<T, ApiState<F>>,
) -> Route<F> {
    route(Method::POST, path, needs, on(MethodFilter::POST, handler))
}

/// A route that is put.
pub(super) fn put<F: Fleet, T: 'static>(
    path: &'static str,
    needs: Needs,
    handler: impl Handler<T, ApiState<F>>,
) -> Route<F> {
    route(Method::PUT, path, needs, on(MethodFilter::PUT, handler))
}

/// A route that is deleted.
pub(super) fn delete<F: Fleet, T: 'static>(
    path: &'static str,
    needs: Needs,
    handler: impl Handler<T, ApiState<F>>,
) -> Route<F> {
    route(Method::DELETE, path, needs, on(MethodFilter::DELETE, handler))
}

fn route<F>(
    method: Method,
    path: &'static str,
    needs: Needs,
    answers: MethodRouter<ApiState<F>>,
) -> Route<F> {
    let entry = Entry {
        method,
        path,
        needs,
        is_fresh: false,
        unseen: Unseen::default(),
        summary: "",
        query: Vec::new(),
        body: Vec::new(),
        success: 200,
        gives: Gives::default(),
        fails: Vec::new(),
    };
    Route { entry, answers }
}

impl<F> Route<F> {
    /// What it does, in one sentence. A test asks every route for it.
    pub(super) fn says(mut self, summary: &'static str) -> Self {
        self.entry.summary = summary;
        self
    }

    /// It needs a second factor that was proven a short while ago.
    pub(super) fn fresh(mut self) -> Self {
        self.entry.is_fresh = true;
        self
    }

    /// Who may not see the device is told that permission is denied.
    pub(super) fn unseen_is_denied(mut self) -> Self {
        self.entry.unseen = Unseen::Denied;
        self
    }

    /// May stand behind the question mark.
    pub(super) fn query(mut self, name: &'static str, kind: Kind) -> Self {
        self.entry.query.push(Field { name, kind, is_required: false });
        self
    }

    /// May stand in the body.
    pub(super) fn takes(mut self, name: &'static str, kind: Kind) -> Self {
        self.entry.body.push(Field { name, kind, is_required: false });
        self
    }

    /// Must stand in the body.
    pub(super) fn asks(mut self, name: &'static str, kind: Kind) -> Self {
        self.entry.body.push(Field { name, kind, is_required: true });
        self
    }

    /// The same route, with a handler that only says that it was reached.
    pub(super) fn rehearsed(mut self) -> Self
    where
        F: Fleet,
    {
        let filter = MethodFilter::try_from(self.entry.method.clone());
        self.answers = on(filter.unwrap_or(MethodFilter::GET), async || StatusCode::IM_A_TEAPOT);
        self
    }

    /// What it answers with when all went well.
    pub(super) fn gives(mut self, status: u16, gives: Gives) -> Self {
        (self.entry.success, self.entry.gives) = (status, gives);
        self
    }

    /// The statuses of its own that it may answer with instead.
    pub(super) fn fails(mut self, statuses: &[u16]) -> Self {
        self.entry.fails.extend_from_slice(statuses);
        self
    }
}
