//! `tellonce serve`: start, serve, stop.

mod secured;

use crate::app::{App, Started};
use crate::config::{BaseUrl, Config, LogFormat};
use crate::error::StartError;
use crate::mailer::{self, Mailer};
use crate::os;
use crate::store::Role;
use crate::sweeper;
use crate::tls::{self, Certificates, Challenges};
use crate::watch::Watch;
use crate::web::brand::Brand;
use crate::web::redirect;
use crate::web::server::{Bounds, server};
use crate::web::{Rules, Site};
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use clap::ArgMatches;
use secured::Secured;
use std::fs::File;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Runs the server until it is told to stop.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let config = super::configuration(matches)?;
    start_log(&config);
    let brand = Brand::new(&config.brand)?;
    // A descriptor is found through `/proc`, which is closed to this process before it reads the root key.
    let ready = matches.get_one::<u32>("ready-fd").map(|fd| ready_file(*fd));
    os::allow_many_files();
    make_folder(&config.data)?;
    let _lock = lock(&config.data)?;
    let challenges = Challenges::default();
    let secured = Secured::open(&config, &challenges)?;
    let listeners = Listeners::open(&config)?;
    let address = listeners.main.local_addr().map_err(|error| StartError::storage(error.to_string()))?;
    let of_address = if secured.is_some() { BaseUrl::of_tls_address } else { BaseUrl::of_address };
    let base_url = config.base_url.clone().unwrap_or_else(|| of_address(address));
    let mailer = config.mail.as_ref().map(Mailer::new).transpose()?;
    let opened = super::open(&config, &base_url, Role::Server)?;
    report(&config, &opened);
    reseal(&opened.app);
    if let Err(error) = os::keep_out_of_swap() {
        tracing::info!(%error, "the root key may reach swap space: raise the limit of locked memory (LimitMEMLOCK)");
    }
    let rules = Rules {
        trusted_proxies: config.trusted_proxies.clone(),
        forwarded_header: config.forwarded_header,
        origins: config.cors_origins.clone(),
        closed_to_guests: config.guest_closed.clone(),
        brand,
    };
    let site = Data::new(Site::new(opened.app, rules));
    let shared = site.clone().into_inner();
    let served = actix_web::rt::System::new().block_on(serve(
        &config,
        site,
        listeners,
        (secured, challenges),
        mailer,
        ready,
    ));
    close(shared);
    served.map_err(|error| StartError::storage(format!("the server stopped: {error}")))?;
    tracing::info!("stopped");
    Ok(())
}

/// Closes the store, which empties its log into the file. The threads that served let go of it a
/// moment after they have stopped; an exit before that would leave the log, and erased shares in it.
fn close(mut site: Arc<Site>) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        match Arc::try_unwrap(site) {
            Ok(last) => return drop(last),
            Err(shared) => site = shared,
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    tracing::warn!("a request does not end: the write-ahead log is emptied at the next start");
}

fn start_log(config: &Config) {
    // The level is for this program; what libraries say at lower levels may quote requests.
    let libraries = config.log.min(tracing::Level::WARN);
    let targets = Targets::new().with_target("tellonce", config.log).with_default(libraries);
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(false);
    let registry = tracing_subscriber::registry().with(targets);
    let started = match config.log_format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    if started.is_err() {
        eprintln!("tellonce: a log was already started");
    }
}

pub(super) fn make_folder(path: &Path) -> Result<(), StartError> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        StartError::configuration(format!(
            "cannot make the data folder {} (option `data`): {error}",
            path.display()
        ))
    })
}

/// Keeps a second server, and a restore, away from the same database.
pub(super) fn lock(data: &Path) -> Result<File, StartError> {
    let path = data.join("tellonce.lock");
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|error| {
        StartError::configuration(format!("cannot open {} (option `data`): {error}", path.display()))
    })?;
    file.try_lock().map_err(|_| {
        StartError::busy(format!(
            "another server is using {}: stop it first, or name another folder with --data",
            data.display()
        ))
    })?;
    Ok(file)
}

/// The sockets, opened before anything else is: another server on an address is found out at once.
struct Listeners {
    main: TcpListener,
    watch: Option<TcpListener>,
    redirect: Option<TcpListener>,
}

impl Listeners {
    fn open(config: &Config) -> Result<Self, StartError> {
        let other =
            |option, address: Option<SocketAddr>| address.map(|address| listen(option, address)).transpose();
        Ok(Self {
            main: listen("listen", config.listen)?,
            watch: other("metrics-listen", config.metrics_listen)?,
            redirect: other("redirect-listen", config.redirect_listen)?,
        })
    }
}

fn listen(option: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let opened = TcpListener::bind(address).and_then(|listener| {
        os::let_many_wait(&listener)?;
        Ok(listener)
    });
    opened.map_err(|error| {
        StartError::configuration(format!("cannot listen on {address} (option `{option}`): {error}"))
    })
}

fn report(config: &Config, opened: &Started) {
    if opened.key_created {
        tracing::info!(file = %config.key, "made a new root key: back it up, without it no secret opens");
    }
    if opened.database_created {
        tracing::info!(file = %config.database().display(), "made a new database");
    }
    if !opened.missing_keys.is_empty() {
        tracing::warn!(
            keys = ?opened.missing_keys,
            "older root keys are not in the key file: what they sealed answers 503 until they are back"
        );
    }
    if opened.app.store().condition().is_full() {
        tracing::warn!("the disk has no room for the reserve: new secrets are refused");
    }
}

/// After a rotation, accounts no longer need the old key.
fn reseal(app: &App) {
    match app.reseal_addresses() {
        Ok(0) => {}
        Ok(accounts) => tracing::info!(accounts, "sealed the accounts' addresses under the newest root key"),
        Err(error) => tracing::warn!(
            cause = ?error.cause(),
            "cannot seal the accounts' addresses under the newest root key: the next start tries again"
        ),
    }
}

async fn serve(
    config: &Config,
    site: Data<Site>,
    listeners: Listeners,
    (secured, challenges): (Option<Secured>, Challenges),
    mailer: Option<Mailer>,
    ready: Option<io::Result<File>>,
) -> io::Result<()> {
    let address = listeners.main.local_addr()?;
    let bounds = Bounds {
        workers: config.workers,
        max_connections: config.max_connections,
        shutdown: Duration::from_secs(config.shutdown_timeout.seconds().unsigned_abs()),
    };
    let certificates = secured.as_ref().map(|secured| Arc::clone(&secured.certificates));
    let tls = certificates.clone().map(tls::acceptor).transpose().map_err(io::Error::other)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let server = server(&site, listeners.main, bounds, tls)?;
    stop_on_signal(server.handle())?;
    if let Some(listener) = listeners.redirect {
        redirect::serve(on_loop(listener)?, site.links.clone(), challenges);
    }
    if let Some(secured) = secured {
        secured.start(site.clone());
    }
    if let Some(listener) = listeners.watch {
        watch(config, &site, listener, certificates)?;
    }
    let mailer = mailer.map(|mailer| mailer::start(site.clone(), mailer));
    let wiper = sweeper::wipe_replies(site.clone());
    let sweeper = sweeper::start(site, config.sweep_interval);
    let url = format!("{scheme}://{address}");
    if scheme == "http" && !address.ip().is_loopback() {
        tracing::warn!("secrets travel unencrypted to whoever serves TLS for this server (`plain-http`)");
    }
    tracing::info!(%url, "ready");
    announce(ready, &url);
    let stopped = server.await;
    sweeper.abort();
    wiper.abort();
    if let Some(mailer) = mailer {
        mailer.abort();
    }
    stopped
}

/// Answers operators' programs.
fn watch(
    config: &Config,
    site: &Data<Site>,
    listener: TcpListener,
    certificates: Option<Arc<Certificates>>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    Watch::new(site.clone(), config.sweep_interval, certificates).serve(on_loop(listener)?);
    tracing::info!(url = %format!("http://{address}"), "metrics and health");
    if !address.ip().is_loopback() {
        tracing::warn!("whoever reaches the address of metrics and health (`metrics-listen`) can read them");
    }
    Ok(())
}

fn on_loop(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

/// SIGTERM and SIGINT: no new connections, and requests in flight are finished.
fn stop_on_signal(server: ServerHandle) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    actix_web::rt::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: finishing requests in flight");
        server.stop(true).await;
    });
    Ok(())
}

fn ready_file(fd: u32) -> std::io::Result<File> {
    File::options().write(true).open(format!("/proc/self/fd/{fd}"))
}

/// Word to whoever started the server: a file descriptor, and systemd's socket.
fn announce(ready: Option<io::Result<File>>, url: &str) {
    if let Some(file) = ready {
        let told = file.and_then(|mut file| writeln!(file, "{url}"));
        if let Err(error) = told {
            tracing::warn!(%error, "cannot write to the file descriptor of --ready-fd");
        }
    }
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(%error, "cannot tell systemd that the server is ready");
    }
}
