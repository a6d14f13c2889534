//! Clients that are slow, on purpose or not, and clients that keep the processor busy: the server goes
//! on for everyone else, and lets nobody hold on to it. And complaints that take their time.

mod support;

#[path = "slow/crowd.rs"]
mod crowd;

#[path = "slow/bodies.rs"]
mod bodies;
#[path = "slow/complaints.rs"]
mod complaints;
#[path = "slow/dribble.rs"]
mod dribble;
#[path = "slow/flood.rs"]
mod flood;
#[path = "slow/guesses.rs"]
mod guesses;
#[path = "slow/patience.rs"]
mod patience;
