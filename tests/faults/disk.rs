//! A disk with too little room.

use crate::kit::Folder;
use crate::support::{Process, Request};
use serde_json::json;

#[test]
fn below_the_watermark_secrets_end_but_none_begin() {
    let folder = Folder::new();
    let mut server = Process::start(&folder.data, &[]);
    let conceal =
        || Request::post("/api/v2/secret/conceal").json(&json!({ "secret": { "secret": "hello" } }));
    let made = [server.send(&conceal()).ok(), server.send(&conceal()).ok()];
    server.terminate();

    let server = Process::start(&folder.data, &["--min-free-disk", "1125899906842624"]);
    let refused = server.send(&conceal()).expect(507);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.json()["error"], "StorageFull");
    let id = made[0]["record"]["secret"]["identifier"].as_str().expect("an identifier");
    let reveal = Request::post(&format!("/api/v2/secret/{id}/reveal")).json(&json!({ "continue": true }));
    assert_eq!(server.send(&reveal).ok()["record"]["secret_value"], "hello");
    let receipt = made[1]["record"]["receipt"]["identifier"].as_str().expect("an identifier");
    let burned = server.send(&Request::post(&format!("/api/v2/receipt/{receipt}/burn"))).ok();
    assert_eq!(burned["record"]["state"], "burned");
}
