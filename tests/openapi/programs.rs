//! Every example program of the description, run as it is printed against a live server: only the
//! server's address, the identifiers and the account are put in.

use crate::support::http::Login;
use crate::support::{Request, Server};
use serde_json::{Value, json};
use std::process::Command;

/// Runs a program and returns what it printed.
fn run(language: &str, source: &str) -> Result<String, String> {
    let mut command = match language {
        "Shell" => Command::new("bash"),
        "Python" => Command::new("python3"),
        "JavaScript" => Command::new("node"),
        other => return Err(format!("nobody here speaks {other}")),
    };
    match language {
        "JavaScript" => command.args(["--input-type=module", "--eval", source]),
        _ => command.args(["-c", source]),
    };
    let done = command.output().map_err(|error| format!("{language}: {error}"))?;
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() { Ok(printed) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

/// The program with a secret of its own, made by this account.
fn prepared(server: &Server, login: &Login, source: &str, document: &Value) -> String {
    let made = server.conceal_as(login, json!({ "secret": "hello" }));
    let example = |kind: &str| {
        document
            .pointer(&format!("/components/parameters/{kind}/example"))
            .and_then(Value::as_str)
            .expect("an example")
    };
    source
        .replace("https://secrets.example", &format!("http://{}", server.address))
        .replace(example("secret"), &made.secret)
        .replace(example("receipt"), &made.receipt)
        .replace("frank@example.com:TOKEN", &format!("{}:{}", login.user, login.token))
}

/// What the same operation answered when the description was made.
fn shape(value: &Value) -> Vec<&String> {
    value.as_object().map(|members| members.keys().collect()).unwrap_or_default()
}

#[test]
fn every_example_program_runs_and_prints_what_is_described() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let document = server.get("/api/openapi.json").ok();
    let page = server.get("/api").expect(200).text();
    let mut programs = 0;
    let mut complaints = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let expected = &operation["responses"]["200"]["content"]["application/json"]["example"];
            for sample in operation["x-codeSamples"].as_array().into_iter().flatten() {
                let text = |name: &str| sample[name].as_str().expect("a text");
                let (language, source) = (text("lang"), text("source"));
                programs += 1;
                assert!(page.contains(&on_page(source)), "{method} {path}: {language} is not on the page");
                let printed = run(language, &prepared(&server, &login, source, &document));
                let found = printed
                    .and_then(|text| serde_json::from_str::<Value>(&text).map_err(|error| error.to_string()));
                match found {
                    Ok(found) if shape(&found) == shape(expected) => {}
                    Ok(found) => complaints.push(format!("{method} {path} in {language}: {found}")),
                    Err(error) => complaints.push(format!("{method} {path} in {language}: {error}")),
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(programs >= 3 * 40, "only {programs} programs");
}

/// A program as the page prints it.
fn on_page(source: &str) -> String {
    let pairs = [
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("\"", "&quot;"),
        ("'", "&#39;"),
        ("{", "&#123;"),
        ("}", "&#125;"),
    ];
    pairs.iter().fold(source.to_owned(), |text, (character, reference)| text.replace(character, reference))
}

#[test]
fn every_call_but_head_and_the_one_that_never_succeeds_has_three_programs() {
    let server = Server::start();
    let document = server.send(&Request::get("/api/openapi.json")).ok();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let is_answered =
                !["head", "options"].contains(&method.as_str()) && operation["responses"]["200"].is_object();
            let programs = operation["x-codeSamples"].as_array().map_or(0, Vec::len);
            assert_eq!(programs, if is_answered { 3 } else { 0 }, "{method} {path}");
        }
    }
}
