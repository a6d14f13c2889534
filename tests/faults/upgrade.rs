//! Upgrades: what an older program has left opens, and serves.

use crate::kit::integrity;
use crate::support::server::Made;
use crate::support::{Login, Request, Server};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// The first schema, and what opens the database that has it.
const FIRST: (&str, &str) =
    (include_str!("../fixtures/schema-1.sql"), include_str!("../fixtures/schema-1.json"));

/// A folder with this database and its key in it.
fn folder((sql, known): (&str, &str)) -> (TempDir, Value) {
    let folder = TempDir::new().expect("a folder");
    let known: Value = serde_json::from_str(known).expect("JSON");
    let database = Connection::open(folder.path().join("tellonce.db")).expect("a database");
    database.execute_batch(sql).expect("the old database");
    let key = folder.path().join("tellonce.key");
    fs::write(&key, known["root_key"].as_str().expect("a key")).expect("written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
    (folder, known)
}

fn made(of: &Value) -> Made {
    let text = |name: &str| of[name].as_str().expect("an identifier").to_owned();
    Made { secret: text("secret"), receipt: text("receipt") }
}

fn login(of: &Value) -> Login {
    let text = |name: &str| of[name].as_str().expect("a text").to_owned();
    Login { user: text("user"), token: text("token") }
}

#[test]
fn a_database_of_the_first_schema_opens_and_serves() {
    let (folder, known) = folder(FIRST);
    let server = Server::start_on(folder, known["made_at"].as_i64().expect("a time") + 60);
    for (name, state) in [
        ("plain", "new"),
        ("protected", "new"),
        ("owned", "new"),
        ("revealed", "revealed"),
        ("burned", "burned"),
    ] {
        assert_eq!(server.receipt(&made(&known[name]))["state"], state, "{name}");
    }
    let ann = login(&known["account"]);
    let recent = server.send(&Request::get("/api/v2/receipt/recent").login(&ann)).ok();
    assert_eq!(
        (&recent["count"], &recent["records"][0]["memo"]),
        (&json!(1), &json!("a note since schema 1"))
    );
    let bob = Request::get("/api/v2/receipt/recent").login(&login(&known["disabled"]));
    server.send(&bob).expect(401);

    assert!(server.reveal(&made(&known["plain"])).expect(200).contains("kept since schema 1"));
    let protected = made(&known["protected"]);
    server.reveal_with(&protected, Some("wrong")).expect(422);
    assert!(server.reveal_with(&protected, Some("right")).expect(200).contains("guarded since schema 1"));
    assert!(server.reveal(&made(&known["owned"])).expect(200).contains("owned since schema 1"));
    for name in ["plain", "protected", "owned", "revealed", "burned"] {
        server.reveal(&made(&known[name])).expect(404);
    }
    let fresh = server.conceal("made by this version");
    assert!(server.reveal(&fresh).expect(200).contains("made by this version"));
}

/// Tables and indexes, with the columns of each.
fn shape(database: &Path) -> Vec<String> {
    let database = Connection::open(database).expect("a database");
    assert_eq!(integrity(&database), "ok");
    let sql =
        "SELECT s.type || ' ' || s.name || ' ' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' ||
                      coalesce(c.dflt_value, '') || ' ' || c.pk
               FROM sqlite_schema s JOIN pragma_table_xinfo(s.name) c WHERE s.type = 'table'
               UNION ALL
               SELECT s.type || ' ' || s.name || ' on ' || s.tbl_name || ' ' || coalesce(c.name, '')
               FROM sqlite_schema s JOIN pragma_index_info(s.name) c WHERE s.type = 'index'
               ORDER BY 1";
    let mut query = database.prepare(sql).expect("a query");
    let version: u32 =
        database.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version");
    let rows = query.query_map([], |row| row.get(0)).expect("rows").map(|row| row.expect("a text"));
    rows.chain([format!("version {version}")]).collect()
}

#[test]
fn an_old_database_and_a_new_one_come_to_the_same_schema() {
    let (folder, known) = folder(FIRST);
    let (old, new) = (folder.path().join("tellonce.db"), Server::start());
    let server = Server::start_on(folder, known["made_at"].as_i64().expect("a time"));
    let (old, new) = (shape(&old), shape(&new.folder().join("tellonce.db")));
    assert_eq!(old, new);
    assert!(old.len() > 50, "{old:?}");
    drop(server);
}
