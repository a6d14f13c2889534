//! How much of what was concealed and revealed stays in the memory of the running server. Nothing is
//! promised here: allocators do not wipe what libraries free. It is measured, so that it does not grow.

use crate::kit::{Folder, conceal, made, reveal, with_key};
use crate::support::process::Process;
use std::fs;
use std::io::{Read, Seek, SeekFrom};

/// Requests of each kind, each on a connection of its own that is closed again.
const REQUESTS: usize = 50;
/// Contents that may be found after so many requests.
const BUDGET: usize = 5;

/// All memory of a process that can be written; `None` where the system does not allow it.
fn memory(process: &Process) -> Option<Vec<Vec<u8>>> {
    let maps = fs::read_to_string(format!("/proc/{}/maps", process.id())).ok()?;
    let mut file = fs::File::open(format!("/proc/{}/mem", process.id())).ok()?;
    let writable =
        maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw")));
    let read = writable.filter_map(|line| {
        let (from, to) = line.split(' ').next()?.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        let mut bytes = vec![0; usize::try_from(to - from).ok()?];
        file.seek(SeekFrom::Start(from)).ok()?;
        file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    });
    Some(read.collect())
}

/// The contents of these numbers that are somewhere in memory.
fn found(process: &Process, prefix: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for bytes in memory(process)? {
        let mut rest = &bytes[..];
        while let Some(place) = rest.windows(prefix.len()).position(|window| window == prefix.as_bytes()) {
            rest = &rest[place + prefix.len()..];
            let number: Option<usize> =
                rest.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            numbers.extend(number);
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

#[test]
fn little_of_what_was_concealed_and_revealed_stays_in_memory() {
    let folder = Folder::new();
    let process = folder.start();
    let text = |number| format!("canary-in-memory-{number:03}-{}", "z".repeat(40));
    let secrets: Vec<_> = (0..REQUESTS).map(|number| made(&process.send(&conceal(&text(number))))).collect();
    let Some(concealed) = found(&process, "canary-in-memory-") else {
        println!("not run: the system does not show this process's memory");
        return;
    };
    for (number, made) in secrets.iter().enumerate() {
        // What is kept for every second reader is sealed.
        let request = reveal(made);
        let request = if number.is_multiple_of(2) { with_key(request, number) } else { request };
        assert!(process.send(&request).expect(200).contains(&text(number)));
    }
    let revealed = found(&process, "canary-in-memory-").expect("memory");
    println!(
        "of {REQUESTS} contents {} are in memory after they were concealed, {} after they were revealed",
        concealed.len(),
        revealed.len()
    );
    assert!(concealed.len() <= BUDGET && revealed.len() <= BUDGET);

    // The search finds what is there: a request that has not ended yet.
    let mut client = process.connect();
    let whole = conceal("canary-in-memory-999-waiting").bytes();
    client.send_bytes(&whole[..whole.len() - 2]).expect("sent");
    crate::kit::wait_until(std::time::Duration::from_secs(5), "the request is in memory", || {
        found(&process, "canary-in-memory-").is_some_and(|found| found.contains(&999))
    });
}
