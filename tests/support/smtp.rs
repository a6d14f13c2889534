//! A mail server for tests, on a real socket: it takes mail, refuses it, stalls, lies or breaks off, in
//! plain text or under TLS with a certificate of its own.

use base64ct::{Base64, Encoding};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tellonce::mailer::{self, MailConfig, MailTls, Mailer, Sender};
use tellonce::web::Site;
use tokio::sync::oneshot;

/// How long a test waits for what should happen soon.
const PATIENCE: Duration = Duration::from_secs(40);
/// Who mails are from in tests.
pub const FROM: &str = "no-reply@secrets.example";

/// What a mail server does with those who connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Takes every mail.
    Accepts,
    /// Answers this command with this line; `END` stands for the dot after a message.
    Answers(&'static str, &'static str),
    /// Says nothing until its manner changes, and then goes on in the new one.
    Holds,
    /// Greets by one byte a second.
    Drips,
    /// Greets without end, and without the end of a line.
    Drowns,
    /// Closes at once.
    Closes,
    /// Does not offer TLS.
    HidesTls,
    /// Offers TLS and then speaks something else.
    BreaksTls,
    /// Puts answers in plain text behind the one that announces TLS, and takes no mail.
    Injects,
    /// Takes every mail and does not answer the goodbye.
    IgnoresQuit,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// As it came over the wire, without the dots.
    pub text: String,
    pub is_under_tls: bool,
    /// Whether somebody logged in before.
    pub is_logged_in: bool,
}

impl Mail {
    /// The lines of the head, unfolded.
    pub fn headers(&self) -> Vec<(String, String)> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let pair =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        lines.split("\r\n").map(|line| pair(line).unwrap_or_else(|| panic!("no header: {line:?}"))).collect()
    }

    /// The only header of this name.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let headers = self.headers();
        let found: Vec<_> = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).collect();
        assert_eq!(found.len(), 1, "{name}: {headers:?}");
        found[0].1.clone()
    }

    /// The text part and the HTML part, decoded.
    #[track_caller]
    pub fn parts(&self) -> (String, String) {
        let kind = self.header("Content-Type");
        let boundary = kind.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next());
        let border = format!("--{}", boundary.unwrap_or_else(|| panic!("no boundary: {kind}")));
        let part = |kind: &str| {
            let mut parts = self.text.split(&border).filter(|part| part.contains(kind));
            let part = parts.next().unwrap_or_else(|| panic!("no {kind} in {}", self.text));
            let (head, body) = part.split_once("\r\n\r\n").expect("a head and a body");
            let is_in = |encoding| head.contains(&format!("Content-Transfer-Encoding: {encoding}"));
            match (is_in("quoted-printable"), is_in("base64")) {
                (true, _) => unquoted(body),
                (_, true) => from_base64(body),
                _ => body.to_owned(),
            }
        };
        (part("text/plain"), part("text/html"))
    }
}

fn unquoted(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut pieces = text.split('=');
    let mut decoded = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        decoded.push(u8::from_str_radix(&piece[..2], 16).expect("two hexadecimal digits"));
        decoded.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(decoded).expect("UTF-8")
}

fn from_base64(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    String::from_utf8(Base64::decode_vec(&text).expect("base64")).expect("UTF-8")
}

struct State {
    manner: Manner,
    mails: Vec<Mail>,
    connections: usize,
    /// What arrived outside TLS.
    plain: Vec<String>,
    /// Bytes of greetings without an end.
    drowned: usize,
    has_ended: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    tls: Option<Arc<ServerConfig>>,
    is_implicit: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits until this is so, or gives up.
    fn wait(&self, is_so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_timeout_while(self.state(), PATIENCE, |state| !is_so(state));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A running mail server.
pub struct Sink {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    certificate: String,
    tls: MailTls,
}

impl Sink {
    /// One without TLS.
    pub fn start(manner: Manner) -> Self {
        Self::start_with(MailTls::Off, manner)
    }

    /// One with a certificate for the name `localhost`.
    pub fn start_with(tls: MailTls, manner: Manner) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let state = State {
            manner,
            mails: Vec::new(),
            connections: 0,
            plain: Vec::new(),
            drowned: 0,
            has_ended: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            tls: (tls != MailTls::Off).then(|| Arc::new(server_config(&made))),
            is_implicit: tls == MailTls::Implicit,
        });
        let address = listener.local_addr().expect("an address");
        let for_all = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if for_all.state().has_ended {
                    break;
                }
                let shared = Arc::clone(&for_all);
                thread::spawn(move || drop(Session::run(stream, &shared)));
            }
        });
        Self { address, shared, certificate: made.cert.pem(), tls }
    }

    /// How a server sends through this one. The certificate is trusted.
    pub fn config(&self, folder: &Path) -> MailConfig {
        let ca_file = (self.tls != MailTls::Off).then(|| self.ca_file(folder));
        MailConfig {
            host: if ca_file.is_some() { "localhost".into() } else { "127.0.0.1".into() },
            port: self.address.port(),
            tls: self.tls,
            ca_file,
            credentials: None,
            from: Sender::parse(FROM).expect("an address"),
        }
    }

    /// The certificate, as a file in this folder.
    pub fn ca_file(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("ca-{}.pem", self.address.port()));
        std::fs::write(&path, &self.certificate).expect("a file");
        path
    }

    pub fn change(&self, manner: Manner) {
        self.shared.change(|state| state.manner = manner);
    }

    /// Waits until so many mails have been taken, as long as they keep coming, and returns all.
    #[track_caller]
    pub fn mails(&self, least: usize) -> Vec<Mail> {
        let mut came = self.shared.state().mails.len();
        while came < least {
            let now = self.shared.wait(|state| state.mails.len() > came).mails.len();
            assert!(now > came, "{came} of {least} mails came");
            came = now;
        }
        self.shared.state().mails.clone()
    }

    /// Waits until somebody has connected so many times, and returns how often that was.
    #[track_caller]
    pub fn connections(&self, least: usize) -> usize {
        let state = self.shared.wait(|state| state.connections >= least);
        assert!(state.connections >= least, "{} of {least} connections came", state.connections);
        state.connections
    }

    /// Commands that came outside TLS, without their arguments.
    pub fn plain_commands(&self) -> Vec<String> {
        let state = self.shared.state();
        state.plain.iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
    }

    /// Bytes of endless greetings that somebody took.
    pub fn drowned(&self) -> usize {
        self.shared.state().drowned
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.change(|state| state.has_ended = true);
        let _ = TcpStream::connect(self.address);
    }
}

fn server_config(made: &rcgen::CertifiedKey<rcgen::KeyPair>) -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate and its key")
}

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

/// One connection.
struct Session<'a> {
    wire: BufReader<Box<dyn Both>>,
    shared: &'a Shared,
    manner: Manner,
    is_under_tls: bool,
    is_logged_in: bool,
    from: String,
    to: Vec<String>,
}

impl<'a> Session<'a> {
    fn run(stream: TcpStream, shared: &'a Shared) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        shared.change(|state| state.connections += 1);
        let manner = {
            let held = |state: &State| state.manner != Manner::Holds || state.has_ended;
            shared.wait(held).manner
        };
        match manner {
            Manner::Closes | Manner::Holds => return Ok(()),
            Manner::Drips => return drip(stream, shared),
            Manner::Drowns => return drown(stream, shared),
            _ => {}
        }
        let raw = stream.try_clone()?;
        let mut session = Session {
            wire: BufReader::new(Box::new(stream)),
            shared,
            manner,
            is_under_tls: false,
            is_logged_in: false,
            from: String::new(),
            to: Vec::new(),
        };
        if shared.is_implicit {
            session.begin_tls(raw.try_clone()?)?;
        }
        session.say("220 sink ready")?;
        session.serve(&raw)
    }

    fn serve(&mut self, raw: &TcpStream) -> io::Result<()> {
        while let Some(line) = self.line()? {
            if !self.is_under_tls {
                self.shared.change(|state| state.plain.push(line.clone()));
            }
            let command = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            match self.manner {
                Manner::Answers(at, answer) if at == command => {
                    self.say(answer)?;
                    continue;
                }
                Manner::IgnoresQuit if command == "QUIT" => {
                    drop(self.shared.wait(|state| state.has_ended));
                    return Ok(());
                }
                _ => {}
            }
            match command.as_str() {
                "EHLO" => self.greet()?,
                "STARTTLS" => match self.manner {
                    Manner::BreaksTls => return self.say("220 go on\r\nthis is not TLS at all"),
                    Manner::Injects => {
                        let answers =
                            "250-sink\r\n250 AUTH PLAIN\r\n250 sender\r\n250 to\r\n354 go\r\n250 taken";
                        self.say(&format!("220 go on\r\n{answers}"))?;
                        self.begin_tls(raw.try_clone()?)?;
                    }
                    _ => {
                        self.say("220 go on")?;
                        self.begin_tls(raw.try_clone()?)?;
                    }
                },
                "AUTH" => {
                    self.is_logged_in = true;
                    self.say("235 welcome")?;
                }
                "MAIL" => {
                    self.from = path(&line);
                    self.to.clear();
                    self.say("250 sender")?;
                }
                "RCPT" => {
                    self.to.push(path(&line));
                    self.say("250 recipient")?;
                }
                "DATA" => self.take()?,
                "QUIT" => return self.say("221 goodbye"),
                _ => self.say("500 what")?,
            }
        }
        Ok(())
    }

    fn greet(&mut self) -> io::Result<()> {
        let offers_tls = self.shared.tls.is_some() && !self.is_under_tls && self.manner != Manner::HidesTls;
        self.say(if offers_tls {
            "250-sink\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS"
        } else {
            "250-sink\r\n250 AUTH PLAIN LOGIN"
        })
    }

    fn take(&mut self) -> io::Result<()> {
        self.say("354 go")?;
        let mut text = String::new();
        while let Some(line) = self.line()? {
            if line == "." {
                break;
            }
            text += line.strip_prefix('.').unwrap_or(&line);
            text += "\r\n";
        }
        if let Manner::Answers("END", answer) = self.manner {
            return self.say(answer);
        }
        let mail = Mail {
            from: self.from.clone(),
            to: self.to.clone(),
            text,
            is_under_tls: self.is_under_tls,
            is_logged_in: self.is_logged_in,
        };
        self.shared.change(|state| state.mails.push(mail));
        self.say("250 taken")
    }

    fn begin_tls(&mut self, raw: TcpStream) -> io::Result<()> {
        let config = self.shared.tls.clone().ok_or_else(|| io::Error::other("no certificate"))?;
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        self.wire = BufReader::new(Box::new(StreamOwned::new(connection, raw)));
        self.is_under_tls = true;
        Ok(())
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        let wire = self.wire.get_mut();
        wire.write_all(format!("{line}\r\n").as_bytes())?;
        wire.flush()
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.wire.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = line.strip_suffix(b"\r\n").unwrap_or(&line);
        Ok(Some(String::from_utf8_lossy(line).into_owned()))
    }
}

fn path(line: &str) -> String {
    let path = line.split_once('<').map_or("", |(_, path)| path);
    path.rsplit_once('>').map_or("", |(path, _)| path).to_owned()
}

fn drip(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    for byte in b"220 ".iter().chain(std::iter::repeat(&b'x')) {
        stream.write_all(&[*byte])?;
        let guard = shared.state();
        if shared.changed.wait_timeout(guard, Duration::from_secs(1)).expect("no panic").0.has_ended {
            break;
        }
    }
    Ok(())
}

fn drown(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.write_all(b"220 ")?;
    while !shared.state().has_ended {
        stream.write_all(&[b'x'; 4096])?;
        shared.change(|state| state.drowned += 4096);
    }
    Ok(())
}

/// A mailer at work for a site, until it is dropped.
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    pub fn start(site: &actix_web::web::Data<Site>, config: &MailConfig) -> Self {
        let mailer = Mailer::new(config).expect("a mailer");
        let (stop, stopped) = oneshot::channel::<()>();
        let site = site.clone();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let running = mailer::start(site, mailer);
                let _ = stopped.await;
                running.abort();
                let _ = running.await;
            });
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits until this is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "not in {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
