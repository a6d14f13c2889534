//! What may go wrong around the program, tried on the program itself: many readers at once, `kill -9`,
//! callers that hang up, wrong keys, damaged files, and what stays behind in files.

mod support;

#[path = "faults/kit.rs"]
mod kit;

#[path = "faults/backup.rs"]
mod backup;
#[path = "faults/churn.rs"]
mod churn;
#[path = "faults/commands.rs"]
mod commands;
#[path = "faults/damage.rs"]
mod damage;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/history.rs"]
mod history;
#[path = "faults/keys.rs"]
mod keys;
#[path = "faults/kill.rs"]
mod kill;
#[path = "faults/memory.rs"]
mod memory;
#[path = "faults/process.rs"]
mod process;
#[path = "faults/race.rs"]
mod race;
#[path = "faults/residue.rs"]
mod residue;
#[path = "faults/selftest.rs"]
mod selftest;
#[path = "faults/sweep.rs"]
mod sweep;
#[path = "faults/upgrade.rs"]
mod upgrade;
