//! Tellonce, a one-time-secret server: someone pastes a password, gets a link and sends it; the link
//! works once.
//!
//! # The map
//!
//! | Module | What it is for | What it must not know |
//! |---|---|---|
//! | [`secret`] | the domain: identifiers, plaintexts, receipts, states | everything but `std` |
//! | [`time`] | moments, lifetimes, the one clock | HTTP, SQL |
//! | [`error`] | one error for callers, one for operators | everything but `std` |
//! | [`vault`] | keys, sealing, opening | SQLite, HTTP, files, clocks |
//! | [`store`] | one SQLite file behind two doors, `read` and `write` | ciphers, HTTP |
//! | [`app`] | the use-cases, one method for each thing a person can do | HTTP |
//! | [`web`] | HTTP: handlers decode, call `App` once, encode | SQL, keys |
//! | [`links`] | links, from configuration alone | requests |
//! | [`mail`], [`mailer`] | what mails say; sending them in the background | links of others |
//! | `words` | all that is said to people, in every language | who says it |
//! | [`sweeper`] | ends what has expired, on a timer | HTTP |
//! | [`tls`] | the server's certificate, from files or from a directory | handlers, rows |
//! | [`watch`], `door` | metrics and health, on a listener of their own | requests, rows |
//! | [`limits`] | rates, quotas, permits for Argon2, budgets of guesses | HTTP, SQL |
//! | [`generator`] | generated passwords | everything above |
//! | [`keyfile`] | where root keys come from, and which belong to a database | ciphers, HTTP |
//! | [`config`] | the one table of options | everything it configures |
//! | [`os`] | the few things the standard library does not ask the system for | everything else |
//! | `packed` | long texts, compressed until somebody asks | who asks |
//! | [`client`] | the other side: asks any server of this API | everything a server keeps |
//! | [`bench`](mod@bench) | how fast the server and the machine are | keys, rows |
//! | [`selftest`] | promises, tried on a database of its own | how they are kept |
//! | [`cli`] | commands | – |
//!
//! # How a secret travels
//!
//! *Conceal*: decode, check the wishes, derive a key from root key, fresh link, fresh share and
//! passphrase, seal; then one transaction writes the share into a slot, the sealed secret and its
//! receipt. The link is in the reply, and nowhere else.
//!
//! *Reveal*: look up by the number and the hash of the link. If there is a passphrase, count the attempt
//! in a transaction of its own, then run Argon2 and compare. Then one transaction reads the row,
//! opens it, deletes it and overwrites its share. Only once that is committed and on the disk does the
//! plaintext leave: [`secret::Opened`] lets go of it against a [`secret::Claim`], and a claim is made
//! in one place.
//!
//! *A lost reply*: A stored secret has one *reader*, possibly two *transfers*. Its content is sent in one
//! reply; if that is lost on the way, the secret is lost, unless the reader sent an `Idempotency-Key`: then
//! the same key and link fetch the same reply again for a minute, as often as the connection breaks. It is
//! kept in memory alone, sealed under that key and link, and nobody else gets it. The claim stays with what
//! is kept, and without one nothing is let go.
//!
//! *Burn*, *expiry* and *lock* end a secret through the same [`store::erase`].
//!
//! # What always holds
//!
//! 1. No path returns a stored plaintext without a committed deletion, nor to a second reader.
//! 2. No GET or HEAD changes anything but counters.
//! 3. No identifier, token, passphrase, plaintext or address reaches a log or an error.
//! 4. No link is built from a request's headers.
//! 5. A use-case reads the clock once; SQL never asks for the time.
//! 6. One place turns errors into HTTP, one begins transactions, one reads the environment, one calls
//!    Argon2, one erases.
//! 7. An unknown, a revealed, a burned, a locked and an expired secret look the same to whoever has
//!    only the link.
//! 8. No file but the database and its log ever holds a share.
//!
//! `tests/tidy.rs` reads the sources and holds what can be held that way.
//!
//! # Absent on purpose
//!
//! Other databases, plug-ins, sessions, cookies, HTTP/2 (the server library's implementation is not
//! safe enough yet), a template engine, analytics, traits with one implementation, mocks.
//!
//! # Async
//!
//! `App` is plain computation that waits in two places: for a commit, and for a permit to run Argon2.
//! Reads and sealing take microseconds and run on the event loop; commits happen on the store's own
//! thread, and Argon2 on blocking threads.

#![forbid(unsafe_code)]

pub mod app;
pub mod bench;
pub mod cli;
pub mod client;
pub mod config;
mod door;
pub mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod generator;
mod hex;
pub mod keyfile;
pub mod limits;
pub mod links;
pub mod mail;
pub mod mailer;
pub mod os;
mod packed;
mod random;
pub mod secret;
pub mod selftest;
pub mod store;
pub mod sweeper;
pub mod time;
pub mod tls;
pub mod vault;
pub mod watch;
pub mod web;
mod words;
