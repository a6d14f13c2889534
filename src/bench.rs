//! How fast the server is on this machine, and how fast the machine is: what `tellonce bench` prints.
//!
//! Clients speak HTTP over loopback sockets to a server in this process, so client and server share the
//! processor. Beside each figure stands the machine's own: a figure alone says nothing on another day.

mod client;

use crate::store::ceiling;
use crate::vault;
use client::Load;
use serde::Serialize;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is measured of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Secrets are made.
    Conceal,
    /// Secrets made before are read.
    Reveal,
    /// Each secret is made and then read: the main loop of the job.
    Cycle,
    /// Secrets with a passphrase are made.
    ConcealProtected,
}

impl Operation {
    /// Those that are measured with every number of connections.
    const PLAIN: [Self; 3] = [Self::Conceal, Self::Reveal, Self::Cycle];

    fn name(self) -> &'static str {
        match self {
            Self::Conceal => "conceal",
            Self::Reveal => "reveal",
            Self::Cycle => "conceal, then reveal",
            Self::ConcealProtected => "conceal with passphrase",
        }
    }
}

/// Connections that make secrets with a passphrase: many more would be turned away, since Argon2 has a short
/// queue.
const PROTECTED: usize = 8;

/// A measured operation.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// What was done.
    pub operation: Operation,
    /// Connections that did it, each one after another.
    pub connections: usize,
    /// How often in a second, all connections together.
    pub per_second: f64,
    /// Milliseconds that half of them took at most.
    pub p50_ms: f64,
    /// Milliseconds that 99 of 100 took at most.
    pub p99_ms: f64,
    /// The rate as a part of the machine's own: of sealed rows stored, taken, or both, as many in one commit
    /// as there are connections. With a passphrase: of Argon2 alone, on one core.
    pub of_ceiling: f64,
}

/// What the machine can do.
#[derive(Debug, Serialize)]
pub struct Ceiling {
    /// Syncs of a file to the disk, a second.
    pub syncs: f64,
    /// Secrets of 100 bytes padded and sealed, a second on one core.
    pub seals: f64,
    /// Argon2 at this server's cost, a second on one core.
    pub argon2: f64,
    /// Of one sealed row, by rows in one commit.
    pub rows: Vec<ceiling::Rows>,
}

/// All that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// This program's version.
    pub version: &'static str,
    /// SQLite's.
    pub sqlite: &'static str,
    /// Cores at hand.
    pub cores: usize,
    /// The machine by itself.
    pub ceiling: Ceiling,
    /// The server on it.
    pub figures: Vec<Figure>,
}

/// Measures the server at this address, for so long each time, and the disk of this folder.
///
/// # Errors
/// If the server or the disk refuses.
pub fn measure(
    server: SocketAddr,
    folder: &Path,
    time: Duration,
    connections: &[usize],
) -> io::Result<Report> {
    let mut rows = Vec::new();
    for batch in connections {
        rows.push(ceiling::rows(&folder.join("ceiling.db"), *batch, time).map_err(io::Error::other)?);
    }
    let ceiling = Ceiling {
        syncs: ceiling::syncs(&folder.join("ceiling.sync"), time)?,
        seals: rate(time, vault::sample::seal()),
        argon2: rate(time, vault::sample::stretch()),
        rows,
    };
    let figures = figures(server, time, &ceiling)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Report { version: env!("CARGO_PKG_VERSION"), sqlite: rusqlite::version(), cores, ceiling, figures })
}

fn figures(server: SocketAddr, time: Duration, ceiling: &Ceiling) -> io::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measure = |operation, connections, ceiling| -> io::Result<Figure> {
        let load = Load { server, operation, connections, time };
        Ok(figure(&load, runtime.block_on(load.run())?, ceiling))
    };
    let mut figures = Vec::new();
    for operation in Operation::PLAIN {
        for rows in &ceiling.rows {
            let ceiling = match operation {
                Operation::Conceal => rows.stored,
                Operation::Reveal => rows.taken,
                _ => 1.0 / (1.0 / rows.stored + 1.0 / rows.taken),
            };
            figures.push(measure(operation, rows.batch, ceiling)?);
        }
    }
    figures.push(measure(Operation::ConcealProtected, PROTECTED, ceiling.argon2)?);
    Ok(figures)
}

/// How often something can be done in a second.
fn rate(time: Duration, mut work: impl FnMut()) -> f64 {
    let (began, mut done) = (Instant::now(), 0.0);
    while began.elapsed() < time {
        work();
        done += 1.0;
    }
    done / began.elapsed().as_secs_f64()
}

fn figure(load: &Load, mut run: client::Run, ceiling: f64) -> Figure {
    run.latencies.sort_unstable();
    let quantile = |hundredths: usize| {
        let latency =
            run.latencies.get((run.latencies.len() * hundredths / 100).min(run.latencies.len() - 1));
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    };
    let per_second = run.latencies.len() as f64 / run.took.as_secs_f64();
    Figure {
        operation: load.operation,
        connections: load.connections,
        per_second,
        p50_ms: quantile(50),
        p99_ms: quantile(99),
        of_ceiling: per_second / ceiling,
    }
}

impl Report {
    /// The report as a table for people.
    pub fn table(&self) -> String {
        let Ceiling { syncs, seals, argon2, rows } = &self.ceiling;
        let mut table = format!(
            "tellonce {}, SQLite {}, {} cores\n\nthe machine by itself, a second\n  syncs to the disk       {syncs:10.0}\n  \
             secrets sealed          {seals:10.0}\n  Argon2                  {argon2:10.1}\n",
            self.version, self.sqlite, self.cores
        );
        for rows in rows {
            table += &format!(
                "  rows in commits of {:<4} {:10.0} stored {:10.0} taken\n",
                rows.batch, rows.stored, rows.taken
            );
        }
        table += "\nthe server                connections   a second     p50 ms     p99 ms  of ceiling\n";
        for Figure { operation, connections, per_second, p50_ms, p99_ms, of_ceiling } in &self.figures {
            table += &format!(
                "  {:<23} {connections:11} {per_second:10.0} {p50_ms:10.2} {p99_ms:10.2} {of_ceiling:11.2}\n",
                operation.name()
            );
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_json_tell_the_same() {
        let rows = ceiling::Rows { batch: 16, stored: 40_111.0, taken: 30_222.0 };
        let figure = Figure {
            operation: Operation::Cycle,
            connections: 16,
            per_second: 7_333.0,
            p50_ms: 1.44,
            p99_ms: 2.55,
            of_ceiling: 0.66,
        };
        let report = Report {
            version: "0.0.0",
            sqlite: "3.0.0",
            cores: 77,
            ceiling: Ceiling { syncs: 4_888.0, seals: 99_999.0, argon2: 31.5, rows: vec![rows] },
            figures: vec![figure],
        };
        let (table, json) = (report.table(), serde_json::to_string(&report).expect("JSON"));
        for told in [
            "0.0.0", "3.0.0", "77", "4888", "99999", "31.5", "16", "40111", "30222", "7333", "1.44", "2.55",
            "0.66",
        ] {
            assert!(table.contains(told), "{told} in {table}");
            assert!(json.contains(told), "{told} in {json}");
        }
    }
}
