//! Errors on pages.

use super::html::{heading, submit};
use crate::support::server::policy;
use crate::support::{Request, Server};
use tellonce::app::Policy;

#[test]
fn an_unknown_path_is_a_kind_page_and_json_below_the_api() {
    let server = Server::start();
    for path in ["/nope", "/secret", "/secret/a/b", "/receipt", "/index.php", "/apis", "/apix/v2", "/assets"]
    {
        for method in ["GET", "POST"] {
            let reply = server.send(&Request::new(method, path)).expect(404);
            assert_eq!(heading(&reply), "There is no such page", "{path}");
        }
    }
    for path in ["/api/v3/x", "/api/v1/nope", "/api/v2/nope", "/api/nope"] {
        for method in ["GET", "POST"] {
            let reply = server.send(&Request::new(method, path)).expect(404);
            assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"), "{path}");
            assert_eq!(reply.json()["message"], "Not Found", "{path}");
            assert_eq!(reply.json()["error"], "NotFound", "{path}");
        }
    }
}

#[test]
fn a_body_that_cannot_be_read_is_refused_on_a_page() {
    let server = Server::start_with(Policy { max_secret_bytes: 10, ..policy() });
    let large = Request::post("/").form(&format!("secret={}", "x".repeat(70_000)));
    let broken = Request::post("/").form("secret=%ff");
    let packed = Request::post("/").header("Content-Encoding", "gzip").form("secret=x");
    for (request, status) in [(large, 413), (broken, 400), (packed, 415)] {
        let reply = server.send(&request).expect(status);
        assert_eq!(heading(&reply), "That did not work");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    }
}

#[test]
fn an_error_of_the_server_has_an_id_to_tell_and_consumes_nothing() {
    let server = Server::start();
    let made = server.conceal("hello");
    let path = format!("/secret/{}", made.secret);
    let unknown = submit(&server, "/secret/x", &[]).expect(404);
    assert!(!unknown.contains("tell whoever runs this server"));
    damage(&server);
    let reply = submit(&server, &path, &[("passphrase", "")]).expect(503);
    assert_eq!(heading(&reply), "Somebody sent you a secret");
    assert!(reply.contains("The server is busy or cannot do this right now. Try again in a moment."));
    assert_eq!(reply.header("retry-after"), Some("2"));
    let page = reply.text();
    let (_, id) = page.split_once("tell whoever runs this server: error ").expect("an error id");
    let (id, _) = id.split_once('<').expect("its end");
    assert!(id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(server.receipt(&made)["state"], "new");
}

/// Spoils every sealed secret in the file, as a failing disk would.
pub fn damage(server: &Server) {
    let database = rusqlite::Connection::open(server.folder().join("tellonce.db")).expect("the database");
    database.execute("UPDATE secrets SET box = zeroblob(length(box))", []).expect("damaged");
}
