//! The command line for people who share, against the real server, in real pipes and terminals.

mod support;

#[path = "cli/desk.rs"]
mod desk;
#[path = "cli/stranger.rs"]
mod stranger;
#[path = "cli/terminal.rs"]
mod terminal;

#[path = "cli/account.rs"]
mod account;
#[path = "cli/cases.rs"]
mod cases;
#[path = "cli/manual.rs"]
mod manual;
#[path = "cli/pipes.rs"]
mod pipes;
#[path = "cli/privacy.rs"]
mod privacy;
#[path = "cli/prompts.rs"]
mod prompts;
#[path = "cli/readme.rs"]
mod readme;
#[path = "cli/watch.rs"]
mod watch;
#[path = "cli/wire.rs"]
mod wire;
