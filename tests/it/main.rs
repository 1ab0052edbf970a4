//! The binary as its users meet it: as a process, with a data directory of its own, against a scripted web.
//!
//! `world` is that web and the process; each other module holds one side of what is promised to the user. Tests share
//! nothing, so they run at once and in any order. Nothing here waits for a fixed time: a condition is polled for until
//! it holds or a generous deadline is over.

#![allow(clippy::unwrap_used, clippy::panic)] // In tests both are how a broken claim is told.

mod alerts;
mod api;
mod cli;
mod crash;
mod daemon;
mod docs;
mod failures;
mod faults;
mod feeds;
mod flow;
mod idle;
mod import;
mod layout;
mod manners;
mod mcp;
mod pages;
mod refusals;
mod replay;
mod simulation;
mod sources;
mod tryouts;
mod upkeep;
mod versions;
mod websub;
mod world;
