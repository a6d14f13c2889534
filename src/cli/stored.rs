//! The client's file: a server, an account, certificates to trust. It is never half there, and never open
//! to others.

use crate::client::Account;
use crate::config::{BaseUrl, base_url, process_variable};
use crate::error::StartError;
use crate::os;
use crate::secret::{ApiToken, EmailAddress};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What the file says.
#[derive(Default)]
pub struct Stored {
    /// The server that the account belongs to, and the one that is asked where none is named.
    pub server: Option<BaseUrl>,
    /// The account.
    pub account: Option<Account>,
    /// Certificates to trust.
    pub ca_file: Option<PathBuf>,
}

/// Where the file is: `tellonce/config.toml` in the folder for such files; nowhere without a home.
pub fn place() -> Option<PathBuf> {
    let folder = |name: &str| process_variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    base.map(|base| base.join("tellonce/config.toml"))
}

/// What the file says; nothing if there is none.
pub fn read(path: &Path) -> Result<Stored, StartError> {
    let wrong = |what: &str| StartError::configuration(format!("{}: {what}", path.display()));
    let Some((text, mode)) = load(path).map_err(|error| wrong(&error.to_string()))? else {
        return Ok(Stored::default());
    };
    if mode & 0o077 != 0 {
        return Err(wrong(&format!("others may read this file: `chmod 600 {}` closes it", path.display())));
    }
    parse(&text).map_err(|what| wrong(&what))
}

/// The file's text and mode.
fn load(path: &Path) -> io::Result<Option<(Zeroizing<String>, u32)>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut text = Zeroizing::new(String::with_capacity(8 << 10));
    file.read_to_string(&mut text)?;
    Ok(Some((text, file.metadata()?.mode())))
}

fn parse(text: &str) -> Result<Stored, String> {
    // The parser's own words would quote the line, and the line may hold the token.
    let table: toml::Table = text.parse().map_err(|_| "this is not TOML")?;
    let mut stored = Stored::default();
    let (mut user, mut token) = (None, None);
    for (name, value) in table {
        let toml::Value::String(value) = value else {
            return Err(format!("`{name}` must be text"));
        };
        let value = Zeroizing::new(value);
        match name.as_str() {
            "server" => stored.server = Some(base_url(&value).map_err(|rule| format!("`server` {rule}"))?),
            "ca_file" => stored.ca_file = Some(PathBuf::from(&*value)),
            "user" => user = Some(EmailAddress::parse(&value).ok_or("`user` is no address")?),
            "token" => token = Some(ApiToken::parse(&value).ok_or("`token` is no token")?),
            _ => return Err(format!("there is no such option: `{name}`")),
        }
    }
    stored.account = match (user, token) {
        (Some(user), Some(token)) => Some(Account { user, token }),
        (None, None) => None,
        _ => return Err("`user` and `token` go together: `tellonce login` sets both".into()),
    };
    Ok(stored)
}

/// Replaces the file as a whole.
pub fn write(path: &Path, stored: &Stored) -> Result<(), StartError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let new = path.with_extension(format!("toml.{}", std::process::id()));
    let written = replace(path, folder, &new, &lines(stored));
    written.map_err(|error| {
        let _ = fs::remove_file(&new);
        StartError::cannot_create(format!("cannot write {}: {error}", path.display()))
    })
}

fn replace(path: &Path, folder: &Path, new: &Path, text: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = os::create_private(new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)?;
    os::sync_folder(folder)
}

fn lines(stored: &Stored) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(8 << 10));
    let mut line = |name: &str, value: &str| {
        // What JSON quotes, TOML reads the same way.
        let quoted = Zeroizing::new(serde_json::Value::from(value).to_string());
        for part in [name, " = ", &quoted, "\n"] {
            text.push_str(part);
        }
    };
    if let Some(server) = &stored.server {
        line("server", server.as_str());
    }
    if let Some(path) = stored.ca_file.as_deref().and_then(Path::to_str) {
        line("ca_file", path);
    }
    if let Some(account) = &stored.account {
        line("user", account.user.as_str());
        line("token", account.token.expose());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_the_same() {
        let stored = Stored {
            server: Some(base_url("https://secrets.example").expect("a server")),
            account: Some(Account {
                user: EmailAddress::parse("o'neil@x-y.example").expect("an address"),
                token: ApiToken::parse(&"c0ffee".repeat(8)).expect("a token"),
            }),
            ca_file: Some("/a \"quoted\" \\ é\t\u{1b} path".into()),
        };
        let Ok(read) = parse(&lines(&stored)) else { panic!("it does not read") };
        assert_eq!((&read.server, &read.ca_file), (&stored.server, &stored.ca_file));
        let told = |stored: &Stored| {
            let account = stored.account.as_ref().expect("an account");
            (account.user.as_str().to_owned(), account.token.expose().to_owned())
        };
        assert_eq!(told(&read), told(&stored));
    }
}
