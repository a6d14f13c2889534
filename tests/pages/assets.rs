//! Files that pages load.

use crate::support::{Request, Server};

/// The paths of the assets that a page names.
fn named(page: &str) -> Vec<String> {
    let parts = page.split("\"/assets/").skip(1).filter_map(|rest| rest.split_once('"'));
    parts.map(|(name, _)| format!("/assets/{name}")).collect()
}

#[test]
fn an_asset_is_kept_for_good_and_named_after_its_content() {
    let server = Server::start();
    let paths = named(&server.get("/").text());
    assert!(paths.iter().any(|path| path.starts_with("/assets/style.")));
    for path in paths {
        let asset = server.get(&path).expect(200);
        assert!(!asset.body.is_empty());
        assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(asset.header("x-content-type-options"), Some("nosniff"));
        let tag = asset.header("etag").expect("a tag");
        let hash = path.split('.').nth(1).expect("a hash");
        assert!(hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{path}");
        // Weak: it is the same for the file as it is and compressed.
        assert_eq!(tag, format!("W/\"{}\"", path.trim_start_matches("/assets/")));
        let strong = tag.trim_start_matches("W/").to_owned();
        for known in [tag.to_owned(), strong, format!("\"other\", {tag}"), "*".to_owned()] {
            let same = server.send(&Request::get(&path).header("If-None-Match", &known)).expect(304);
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(same.header(name), asset.header(name), "{name}");
            }
        }
        for unknown in ["\"other\"", "", "nonsense"] {
            let again = server.send(&Request::get(&path).header("If-None-Match", unknown)).expect(200);
            assert_eq!(again.body, asset.body);
        }
        let head = server.send(&Request::new("HEAD", &path)).expect(200);
        assert_eq!(head.header("content-length"), Some(asset.body.len().to_string().as_str()));
    }
}

#[test]
fn only_names_that_pages_use_are_served() {
    let server = Server::start();
    for name in ["style.css", "style.00000000.css", "..%2Fpages%2Fcreate.html", "create.html", "%ff"] {
        let reply = server.get(&format!("/assets/{name}")).expect(404);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn the_stylesheet_loads_nothing_from_elsewhere() {
    let server = Server::start();
    let page = server.get("/").text();
    let style =
        named(&page).into_iter().find(|path| path.starts_with("/assets/style.")).expect("a stylesheet");
    let style = server.get(&style).expect(200).text();
    for bad in ["http:", "https:", "url(", "@import", "//"] {
        assert!(!style.contains(bad), "the stylesheet has {bad}");
    }
}
