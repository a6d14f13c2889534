//! The command line for people who share, against the real server, in real pipes and terminals.

mod support;

#[path = "cli/manual.rs"]
mod manual;
