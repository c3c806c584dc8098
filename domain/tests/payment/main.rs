//! Payments over the memory store: what is credited, what is set aside, and what is never believed.
#![cfg(feature = "memory")]

mod answers;
mod books;
mod closing;
mod contradictions;
mod disputing;
mod dollars;
mod ending;
mod keeping;
mod lists;
mod looking;
mod opening;
mod refunding;
mod resting;
mod settling;
mod staffed;
mod statements;
mod suspending;
mod sweeping;
mod words;
mod world;
