//! Whether time tells what replies do not: compares how long requests take that must look alike, without
//! sockets by dudect's method and over loopback by medians. Run by `tests/soak timing`.
//!
//! Prints a line for each comparison and exits with 1 if one is not as it must be. The controls show that
//! the measurement finds a difference where there is one, and none where there is none.

#[path = "../support/mod.rs"]
mod support;
#[path = "mod.rs"]
mod timing;

use actix_http::Request as ActixRequest;
use actix_web::App as Actix;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::process::run;
use support::server::{Server, policy};
use support::{Client, Login, Process};
use tellonce::app::Policy;
use tellonce::limits::{AttemptPolicy, Rate};
use tellonce::web::everything;
use tempfile::TempDir;
use timing::pairs::{Ask, Expected, KNOWN, Pair, World, shuffled, without_chance};
use timing::statistics::{greatest_t, median};

/// Comparisons without sockets: requests of both kinds together, and the t that shows a difference.
const IN_PROCESS: usize = 1_000_000;
const GREATEST_T: f64 = 4.5;
/// Comparisons over loopback: requests of each kind, and the part by which medians may differ.
const OVER_LOOPBACK: usize = 20_000;
const GREATEST_PART: f64 = 0.05;
/// Requests that are made ready together, so that making them is no part of what is measured.
const BATCH: usize = 1_000;
/// Secrets of each state.
const SECRETS: usize = 3_200;

/// Times in nanoseconds of two kinds.
type Times = [Vec<f64>; 2];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let mut count =
        |default| arguments.next().map_or(default, |count| count.parse().expect("a number of requests"));
    let (here, there) = (count(IN_PROCESS), count(OVER_LOOPBACK));
    let part = arguments.next().unwrap_or_default();
    let in_process = in_process(here, &part);
    let over_loopback = over_loopback(there, &part);
    if in_process && over_loopback { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a line and returns whether the comparison is as it must be.
fn judge(pair: &Pair, times: &Times, is_right: bool, figure: &str) -> bool {
    let [left, right] = times.each_ref().map(|times| median(times) / 1000.0);
    let verdict = if is_right { "ok" } else { "MISSED" };
    println!("{:<60} {left:8.2} {right:8.2} µs  {figure}  {verdict}", pair.name);
    is_right
}

fn in_process(requests: usize, part: &str) -> bool {
    println!("in process, {requests} requests each line: medians, greatest t of dudect's crops");
    let unlimited = AttemptPolicy { per_source: Rate::per(0, 1), ..AttemptPolicy::DEFAULT };
    let server = Server::start_with(Policy { attempts: unlimited, ..policy() });
    let mut world = World::new(server.account(KNOWN), &server.folder().join("tellonce.db"));
    // Secrets of many hours lie in many places of the index.
    for _ in 0..20 {
        world.grow(server.address, SECRETS / 20);
        server.advance(1_800);
    }
    let system = actix_web::rt::System::new();
    system.block_on(async {
        let pages = Actix::new().service(everything(server.site.clone()));
        let service = init_service(pages).await;
        let mut is_right = true;
        for pair in world.pairs(part) {
            let times = time_in_process(&service, &pair, requests).await;
            let t = greatest_t([&times[0], &times[1]]);
            let is_expected = match pair.expected {
                Expected::Alike => t.abs() < GREATEST_T,
                Expected::Near => true,
                Expected::Different => t.abs() >= GREATEST_T,
            };
            is_right &= judge(&pair, &times, is_expected, &format!("t = {t:7.2}"));
        }
        is_right
    })
}

async fn time_in_process<S, B>(service: &S, pair: &Pair, requests: usize) -> Times
where
    S: Service<ActixRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let mut times = Times::default();
    for _ in 0..requests.div_ceil(BATCH) {
        let batch = shuffled(pair, BATCH).into_iter().map(|(kind, ask)| (kind, to_actix(ask)));
        for (kind, request) in batch.collect::<Vec<_>>() {
            let began = Instant::now();
            let reply = service.call(request).await;
            times[kind].push(nanoseconds(began.elapsed()));
            drop(reply.expect("a reply"));
        }
    }
    times
}

fn to_actix(ask: &Ask) -> ActixRequest {
    let method = Method::from_bytes(ask.method.as_bytes()).expect("a method");
    let mut request = TestRequest::with_uri(&ask.target).method(method).peer_addr(([127, 0, 0, 1], 9).into());
    if let Some(value) = &ask.authorization {
        request = request.insert_header(("authorization", value.as_str()));
    }
    if !ask.body.is_empty() {
        request = request.insert_header(("content-type", "application/json")).set_payload(ask.body);
    }
    request.to_request()
}

fn over_loopback(requests: usize, part: &str) -> bool {
    println!("over loopback, {requests} requests of each kind: medians, how far apart, replies");
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let server = Process::start(&data, &["--limits", "off", "--passphrase-attempts-source", "0"]);
    let added = run(&["account", "add", KNOWN, "--data", &data.display().to_string()]);
    let token = String::from_utf8(added.stdout).expect("a token").trim().to_owned();
    let mut world = World::new(Login { user: KNOWN.into(), token }, &data.join("tellonce.db"));
    world.grow(server.address, SECRETS);
    let mut is_right = true;
    for pair in world.pairs(part) {
        let (times, is_same) = time_over_loopback(server.address, &pair, requests);
        let [left, right] = times.each_ref().map(|times| median(times));
        let apart = (left - right).abs() / left.min(right);
        let replies = if is_same { "same replies" } else { "other replies" };
        let figure = format!("{:5.2} %, {replies}", apart * 100.0);
        let is_alike = apart <= GREATEST_PART && is_same;
        is_right &= judge(&pair, &times, is_alike == (pair.expected != Expected::Different), &figure);
    }
    is_right
}

/// Times, and whether all replies were the same.
fn time_over_loopback(address: SocketAddr, pair: &Pair, requests: usize) -> (Times, bool) {
    let mut client = Client::connect(address).expect("connected");
    let mut times = Times::default();
    let mut first = None;
    let mut is_same = true;
    for (kind, ask) in shuffled(pair, 2 * requests) {
        let bytes = ask.request().bytes();
        let began = Instant::now();
        client.send_bytes(&bytes).expect("sent");
        let reply = client.read(false).expect("a reply");
        times[kind].push(nanoseconds(began.elapsed()));
        let reply = without_chance(reply, &ask.id);
        let reply = (reply.status, reply.headers, reply.body);
        is_same &= *first.get_or_insert_with(|| reply.clone()) == reply;
    }
    (times, is_same)
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_nanos() as f64
}
