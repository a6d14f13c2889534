//! Mail: what goes out, to whom, and what happens when the mail server does not play along.

mod support;

#[path = "mail/kit.rs"]
mod kit;

#[path = "mail/delivery.rs"]
mod delivery;
#[path = "mail/fuzz.rs"]
mod fuzz;
#[path = "mail/notice.rs"]
mod notice;
#[path = "mail/process.rs"]
mod process;
#[path = "mail/tls.rs"]
mod tls;
#[path = "mail/trouble.rs"]
mod trouble;
