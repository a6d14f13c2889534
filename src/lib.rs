//! Tellonce, a one-time-secret server.

#![forbid(unsafe_code)]

pub mod app;
pub mod cli;
pub mod config;
pub mod error;
pub mod generator;
pub mod keyfile;
pub mod limits;
pub mod os;
mod random;
pub mod secret;
pub mod store;
pub mod sweeper;
pub mod time;
pub mod vault;
pub mod web;
