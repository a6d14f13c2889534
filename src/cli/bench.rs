//! `tellonce bench`: the server's speed on this machine, beside the machine's own.

use super::temporary::Temporary;
use crate::bench::{self, Report};
use crate::config::{self, BaseUrl, Config, Sources};
use crate::error::StartError;
use crate::store::Role;
use crate::web::server::{Bounds, server};
use crate::web::{Rules, Site};
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// The command's own arguments; the server it measures has its defaults, and no limits.
pub fn definition() -> Command {
    Command::new("bench")
        .about("Measure the server on this machine, beside what the machine itself can do")
        .arg(
            Arg::new("dir")
                .long("dir")
                .value_name("DIR")
                .default_value(".")
                .help("A folder on the disk to measure; a temporary one is made in it"),
        )
        .arg(
            Arg::new("seconds")
                .long("seconds")
                .value_name("N")
                .default_value("2")
                .value_parser(value_parser!(f64))
                .help("How long each figure is measured"),
        )
        .arg(
            Arg::new("connections")
                .long("connections")
                .value_name("N,…")
                .default_value("1,16,64")
                .value_delimiter(',')
                .value_parser(value_parser!(u16).range(1..=1024))
                .help("Numbers of connections"),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON in place of a table"))
}

/// Measures on a temporary database and prints the report.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let parent = Path::new(matches.get_one::<String>("dir").map_or(".", String::as_str));
    let folder = Temporary::within(parent, "bench")?;
    let seconds = matches.get_one::<f64>("seconds").copied().unwrap_or(2.0).clamp(0.01, 60.0);
    let connections: Vec<usize> = matches
        .get_many::<u16>("connections")
        .into_iter()
        .flatten()
        .map(|count| usize::from(*count))
        .collect();
    let failed = |error: io::Error| StartError::storage(format!("the measurement failed: {error}"));
    let running = Running::start(folder.path())?;
    let measured =
        bench::measure(running.address, folder.path(), Duration::from_secs_f64(seconds), &connections);
    running.stop();
    print(&measured.map_err(failed)?, matches.get_flag("json"));
    Ok(())
}

fn print(report: &Report, as_json: bool) {
    if as_json {
        println!("{}", serde_json::to_string_pretty(report).unwrap_or_default());
    } else {
        print!("{}", report.table());
    }
}

/// A server in this process.
struct Running {
    address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl Running {
    fn start(folder: &Path) -> Result<Self, StartError> {
        let config = configuration(folder)?;
        let failed = |error: io::Error| StartError::storage(format!("cannot serve: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let opened = super::open(&config, &BaseUrl::of_address(address), Role::Server)?;
        let site = Data::new(Site::new(opened.app, Rules::default()));
        let bounds = Bounds {
            workers: config.workers,
            max_connections: config.max_connections,
            shutdown: Duration::from_secs(1),
        };
        let (ready, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let served = actix_web::rt::System::new().block_on(async {
                let server = server(&site, listener, bounds, None)?;
                let _ = ready.send(server.handle());
                server.await
            });
            if let Err(error) = served {
                eprintln!("tellonce: the server stopped: {error}");
            }
        });
        let handle = started.recv().map_err(|_| StartError::storage("the server does not start"))?;
        Ok(Self { address, handle, thread })
    }

    fn stop(self) {
        drop(self.handle.stop(false));
        let _ = self.thread.join();
    }
}

/// Defaults, without limits: all clients are one source.
fn configuration(folder: &Path) -> Result<Config, StartError> {
    let flags = BTreeMap::from([("data", folder.display().to_string()), ("limits", "off".to_owned())]);
    let gathered = config::gather(&Sources { flags, variable: &|_| None });
    gathered.outcome.map_err(|problems| {
        StartError::configuration(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })
}
