//! A sweep beside callers who make secrets.

use crate::kit::{Folder, conceal, open, size};
use crate::residue::{send, spread};
use crate::support::process::Process;
use crate::support::{is_soak, p99};
use rusqlite::Connection;
use std::time::{Duration, Instant};

/// Callers, who make five hundred secrets a second together.
const CLIENTS: u32 = 16;
const PACE: Duration = Duration::from_millis(32);

/// How long 99 of 100 secrets take to be made, each from the moment it is due.
fn p99_of_a_window(process: &Process) -> Duration {
    let window = Duration::from_millis(size(200, 4_000) as u64);
    let client = |number: u32| {
        let (mut client, mut took) = (process.connect(), Vec::new());
        let began = Instant::now();
        let mut due = began + PACE / CLIENTS * number;
        while due < began + window {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            client.send(&conceal("made meanwhile")).expect("a reply").expect(200);
            took.push(due.elapsed());
            due += PACE;
        }
        took
    };
    p99(std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || client(number))).collect();
        clients.into_iter().flat_map(|client| client.join().expect("replies")).collect()
    }))
}

/// That of the windows in which the disk was quick: a disk that others use, too, may stall in half of them. What a
/// sweep costs, it costs in all.
fn lower_quartile(mut of: Vec<Duration>) -> Duration {
    of.sort_unstable();
    of[of.len() / 4]
}

#[test]
fn while_100_000_expired_secrets_are_swept_new_ones_take_at_most_twice_as_long() {
    let folder = Folder::new();
    let mut process = folder.start();
    let numbers: Vec<usize> = (0..size(1_000, 100_000)).collect();
    spread(&process, &numbers, |client, number| {
        let _ = send(client, &conceal(&format!("one of many {number}"))).expect(200);
    });
    let idle = |process: &Process| [(); 3].map(|()| p99_of_a_window(process));
    let before = idle(&process);
    assert!(process.terminate().success());
    let expire = "UPDATE receipts SET secret_expires_at = created_at + 1, due_at = created_at + 1;
        UPDATE secrets SET expires_at = (SELECT secret_expires_at FROM receipts WHERE receipts.id = secrets.id)";
    Connection::open(folder.database()).expect("a database").execute_batch(expire).expect("all expire");

    let process = Process::start(&folder.data, &["--sweep-interval", "1s"]);
    let database = open(&folder.database());
    let is_over = || -> bool {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM receipts WHERE due_at <= unixepoch())";
        database.query_row(sql, [], |row| row.get(0)).expect("a verdict")
    };
    let mut meanwhile = Vec::new();
    while !is_over() {
        meanwhile.push(p99_of_a_window(&process));
    }
    // The sweep ended within the last one.
    meanwhile.pop();
    let idle = [before, idle(&process)].concat();
    println!("p99 of each window, idle {idle:?}, meanwhile {meanwhile:?}");
    assert!(meanwhile.len() >= 2, "the sweep was over too soon to be looked at");
    // Every day the machine may be busy with other tests, and time is not looked at.
    let (idle, meanwhile) = (lower_quartile(idle), lower_quartile(meanwhile));
    println!("{} secrets swept: {meanwhile:?}, idle {idle:?}", numbers.len());
    assert!(!is_soak() || meanwhile <= 2 * idle);
}
