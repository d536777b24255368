//! The report: what it says in each of its forms, and that nobody changes it unseen.

mod compared;
mod forms;
mod page;
mod reference;
mod sample;
mod schema;
mod verified;
