//! `tellonce health`: asks a running server how it is, for container and service managers.

use crate::error::StartError;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may take to connect, to read and to answer, each.
const PATIENCE: Duration = Duration::from_secs(3);

/// The command and its arguments.
pub fn definition() -> Command {
    super::with_options(Command::new("health").about(
        "Ask the server that these options start whether all is well; 0 if so, 1 with a word for each complaint \
         if not",
    ))
    .arg(
        Arg::new("live")
            .long("live")
            .action(ArgAction::SetTrue)
            .help("Only ask whether it answers at all: a restart mends neither a full disk nor a clock"),
    )
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let config = super::configuration(matches)?;
    let address = config.metrics_listen.ok_or_else(|| {
        StartError::configuration(
            "nothing can be asked: set `metrics-listen`, such as 127.0.0.1:9187, for the server and here",
        )
    })?;
    let path = if matches.get_flag("live") { "/health/live" } else { "/health/ready" };
    let (is_well, words) = ask(reachable(address), path).map_err(|error| {
        StartError::no(format!("no answer at {address} (option `metrics-listen`): {error}"))
    })?;
    if is_well {
        println!("{words}");
        return Ok(());
    }
    Err(StartError::no(words.replace('\n', ", ")))
}

/// Where a server on this machine that listens there can be reached.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let ip = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(ip);
    }
    address
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<(bool, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    let mut reply = String::new();
    stream.take(64 << 10).read_to_string(&mut reply)?;
    let (head, words) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
    Ok((head.starts_with("HTTP/1.1 200 "), words.trim().to_owned()))
}
