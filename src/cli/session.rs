//! What all commands of the client share: which server, which account, which certificates.

use super::passphrase::Source;
use super::stored::{self, Stored};
use super::terminal::{self, Terminal, warn};
use crate::client::{Account, Client, Leads, Link};
use crate::config::{BaseUrl, base_url, process_variable};
use crate::error::StartError;
use crate::os;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::io::{BufRead, Read};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The client's own options, by name, value and help. README shows the same ones; a test compares them.
pub const OPTIONS: [(&str, &str, &str); 2] = [
    ("server", "URL", "The server, such as https://secrets.example; a link names its own"),
    ("ca-file", "FILE", "Certificates to trust, in PEM form, besides the system's"),
];

/// Adds what every command of the client takes.
pub fn with_options(command: Command) -> Command {
    let options = OPTIONS.map(|(name, value, help)| {
        Arg::new(name).long(name).value_name(value).help(help).help_heading("Server")
    });
    command.args(options).arg(
        Arg::new("verbose")
            .long("verbose")
            .short('v')
            .action(ArgAction::SetTrue)
            .help_heading("Server")
            .help("Say on standard error what is sent where and what comes back, without anything secret"),
    )
}

/// One run of a command.
pub struct Session {
    /// Where a passphrase comes from.
    pub passphrase: Source,
    stored: Stored,
    server: Option<BaseUrl>,
    ca_file: Option<PathBuf>,
    is_verbose: bool,
    terminal: Option<Terminal>,
}

impl Session {
    /// Looks up the options and closes this process to others.
    pub fn start(matches: &ArgMatches) -> Result<Self, StartError> {
        // A descriptor is found through `/proc`, which is closed afterwards.
        let passphrase = Source::open(matches)?;
        os::keep_memory_private();
        let stored = stored::place().map_or_else(|| Ok(Stored::default()), |path| stored::read(&path))?;
        let given = |name: &str, variable: &str| {
            let flag = matches.get_one::<String>(name).cloned();
            flag.or_else(|| process_variable(variable).filter(|value| !value.is_empty()))
        };
        let server = given("server", "TELLONCE_SERVER");
        let server = server.map(|text| base_url(&text)).transpose();
        let server = server.map_err(|rule| StartError::usage(format!("the server {rule}")))?;
        let ca_file = given("ca-file", "TELLONCE_CA_FILE").map(PathBuf::from);
        Ok(Self {
            passphrase,
            server,
            ca_file: ca_file.or_else(|| stored.ca_file.clone()),
            stored,
            is_verbose: matches.get_flag("verbose"),
            terminal: None,
        })
    }

    /// The server that was named, else the stored one.
    pub fn server(&self) -> Result<BaseUrl, StartError> {
        let server = self.server.as_ref().or(self.stored.server.as_ref());
        server.cloned().ok_or_else(|| {
            StartError::usage(
                "which server? Name it with --server, in TELLONCE_SERVER, or by `tellonce login`",
            )
        })
    }

    /// What the file says.
    pub fn stored(self) -> Stored {
        self.stored
    }

    /// The account that this server knows, as far as we know.
    fn account(&self, server: &BaseUrl) -> Option<&Account> {
        self.stored.account.as_ref().filter(|_| self.stored.server.as_ref() == Some(server))
    }

    /// Whether there is an account for the server that is asked.
    pub fn has_account(&self) -> Result<bool, StartError> {
        Ok(self.account(&self.server()?).is_some())
    }

    /// A client of the server that was named or stored, with its account.
    pub fn client(&self) -> Result<Client, StartError> {
        let server = self.server()?;
        self.client_as(&server, self.account(&server))
    }

    /// A client of the server that a link names, else as [`Session::client`]. Only the server that
    /// gave a token ever sees it.
    pub fn client_for(&self, link: &Link) -> Result<Client, StartError> {
        match &link.server {
            Some(server) => self.client_as(server, self.account(server)),
            None => self.client(),
        }
    }

    /// A client of this server with this account.
    pub fn client_as(&self, server: &BaseUrl, account: Option<&Account>) -> Result<Client, StartError> {
        if server.scheme() == "http" && !is_loopback(server) {
            warn(&format!("{} is not encrypted: everyone on the way can read along", server.as_str()));
        }
        let is_verbose = self.is_verbose;
        let note = Box::new(move |line: &str| {
            if is_verbose {
                terminal::note(line);
            }
        });
        Client::new(server.clone(), account, self.ca_file.as_deref(), note).map_err(StartError::configuration)
    }

    /// The terminal, for questions.
    pub fn terminal(&mut self) -> Option<&Terminal> {
        if self.terminal.is_none() {
            self.terminal = Terminal::open();
        }
        self.terminal.as_ref()
    }

    /// The terminal, or this advice.
    pub fn terminal_or(&mut self, advice: &str) -> Result<&Terminal, StartError> {
        self.terminal().ok_or_else(|| StartError::usage(format!("there is no terminal to ask on: {advice}")))
    }
}

/// A link argument; `-` is a line of standard input, so that other users of the machine and the shell's
/// history do not learn it.
pub fn link_argument() -> Arg {
    Arg::new("link").value_name("LINK").required(true).help(
        "The link, or its identifier for the server that was named; - reads it from standard input, out of \
         the shell's history and the list of processes",
    )
}

/// The link of this command line.
pub fn link(matches: &ArgMatches) -> Result<Link, StartError> {
    let given = matches.get_one::<String>("link").map_or("", String::as_str);
    if given != "-" {
        return Link::parse(given).map_err(StartError::usage);
    }
    let line = line(std::io::stdin().lock())
        .map_err(|error| StartError::storage(format!("cannot read standard input: {error}")))?;
    Link::parse(&line).map_err(StartError::usage)
}

/// Refuses a link that cannot be meant here.
pub fn refuse(link: &Link, leads: Leads, advice: &str) -> Result<(), StartError> {
    if link.leads == leads { Err(StartError::usage(advice)) } else { Ok(()) }
}

/// A line without its end.
pub fn line(mut from: impl BufRead) -> std::io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(4096));
    from.by_ref().take(4096).read_line(&mut line)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}

fn is_loopback(server: &BaseUrl) -> bool {
    let host = server.host();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readme_shows_the_table_of_options() {
        let mut table =
            String::from("<!-- client options -->\n| Option | Value | What it does |\n|---|---|---|\n");
        for (name, value, help) in OPTIONS {
            table += &format!("| `{name}` | `{value}` | {help} |\n");
        }
        table += "<!-- /client options -->\n";
        assert!(include_str!("../../README.md").contains(&table), "{table}");
    }

    #[test]
    fn only_this_machine_may_be_spoken_to_in_the_clear() {
        let of = |text| is_loopback(&base_url(text).expect("a server"));
        for here in ["http://127.0.0.1", "http://127.1.2.3:3000", "http://localhost:80", "http://[::1]:3000"]
        {
            assert!(of(here), "{here}");
        }
        for elsewhere in ["http://10.0.0.1", "http://localhost.example", "http://secrets.example:127"] {
            assert!(!of(elsewhere), "{elsewhere}");
        }
    }
}
