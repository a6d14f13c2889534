//! The operator's name, colour, logo and links on the pages.

use super::html::{Piece, attributes, has_no_script_but_ours, pieces};
use crate::support::server::policy;
use crate::support::{Reply, Server};
use std::path::PathBuf;
use tellonce::web::Rules;
use tellonce::web::brand::{Brand, BrandOptions, Colour, Link};
use tempfile::TempDir;

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";

fn server(options: &BrandOptions) -> Server {
    let rules = Rules { brand: Brand::new(options).expect("a brand"), ..Rules::default() };
    Server::start_under(policy(), rules)
}

/// A logo of this name and content.
fn logo(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("written");
    (folder, path)
}

/// The paths of assets that a page names in this attribute, with this beginning.
fn assets(page: &Reply, attribute: &str, stem: &str) -> Vec<String> {
    let found = attributes(page, attribute).into_iter();
    found.filter(|path| path.starts_with(&format!("/assets/{stem}."))).collect()
}

#[test]
fn the_name_is_on_every_page_and_is_only_text() {
    let server = server(&BrandOptions { name: "Ann & <Bob>".into(), ..BrandOptions::default() });
    for page in [server.get("/"), server.get("/recent"), server.get("/secret/x"), server.get("/nope")] {
        assert!(page.contains(" – Ann &amp; &lt;Bob&gt;</title>"), "{}", page.text());
        assert!(page.contains("<span>Ann &amp; &lt;Bob&gt;</span>"));
        assert!(!page.contains("Tellonce") && !page.contains("<Bob>"));
    }
}

#[test]
fn without_a_brand_the_pages_are_our_own() {
    let page = Server::start().get("/").expect(200);
    assert!(page.contains(" – Tellonce</title>"));
    assert_eq!((assets(&page, "href", "icon").len(), assets(&page, "src", "icon").len()), (1, 1));
    assert!(assets(&page, "href", "brand").is_empty() && !page.contains("class=\"links\""));
}

#[test]
fn the_colour_is_a_style_of_its_own_for_both_schemes() {
    let accent = Colour::parse("#aa0044");
    let server = server(&BrandOptions { accent, ..BrandOptions::default() });
    let page = server.get("/").expect(200);
    let styles = assets(&page, "href", "brand");
    assert_eq!(styles.len(), 1);
    // After ours, whose colours it replaces.
    let text = page.text();
    assert!(text.find("/assets/style.") < text.find("/assets/brand."));
    let style = server.get(&styles[0]).expect(200);
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(style.header("cache-control"), Some("public, max-age=31536000, immutable"));
    for name in ["accent", "accent-strong", "on-accent", "tint"] {
        assert!(style.contains(&format!("--{name}: light-dark(#")), "{}", style.text());
    }
    // Dark enough as it is, and lightened on a dark ground.
    assert!(style.contains("--accent: light-dark(#aa0044, #"));
    assert!(!style.contains("light-dark(#aa0044, #aa0044)"));
    let ours = server.get(&assets(&page, "href", "style")[0]).expect(200).text();
    for line in style.text().lines().filter_map(|line| line.trim().strip_prefix("--")) {
        let (name, _) = line.split_once(':').expect("a name");
        assert!(ours.contains(&format!("--{name}:")), "our style has no {name}");
    }
    assert!(has_no_script_but_ours(&page));
}

#[test]
fn the_logo_is_served_with_its_type_and_is_the_icon_too() {
    for (name, content_type) in [
        ("crest.svg", "image/svg+xml"),
        ("crest.PNG", "image/png"),
        ("crest.webp", "image/webp"),
        ("crest.jpeg", "image/jpeg"),
    ] {
        let (_folder, path) = logo(name, LOGO);
        let server = server(&BrandOptions { logo: Some(path), ..BrandOptions::default() });
        let page = server.get("/").expect(200);
        let (icon, image) = (assets(&page, "href", "logo"), assets(&page, "src", "logo"));
        assert_eq!((icon.len(), &icon), (1, &image));
        assert!(!page.contains("/assets/icon.") && !page.contains("crest"));
        let served = server.get(&icon[0]).expect(200);
        assert_eq!(served.header("content-type"), Some(content_type));
        assert_eq!(
            (served.text().as_str(), served.header("x-content-type-options")),
            (LOGO, Some("nosniff"))
        );
        // A script in it never runs.
        let wanted = Some("default-src 'none'; frame-ancestors 'none'");
        assert_eq!(served.header("content-security-policy"), wanted);
    }
}

#[test]
fn links_are_at_the_bottom_of_every_page() {
    let link = |text| Link::parse(text).expect("a link");
    let links = vec![
        link("Imprint & more=https://example.com/imprint?a=1&b=2"),
        link("Help=mailto:help@example.com"),
        link("Privacy=/privacy"),
    ];
    let server = server(&BrandOptions { links, ..BrandOptions::default() });
    for page in [server.get("/?lang=de"), server.get("/recent"), server.get("/secret/x")] {
        let text = page.expect(200).text();
        let (_, footer) = text.split_once("<footer").expect("a footer");
        let (links, _) = footer.split_once("</ul>").expect("links");
        let read = pieces(links).into_iter().filter_map(|piece| match piece {
            Piece::Attribute(name, value) if name == "href" => Some(value),
            Piece::Text(text) => Some(text),
            Piece::Attribute(..) => None,
        });
        let wanted = [
            "https://example.com/imprint?a=1&b=2",
            "Imprint & more",
            "mailto:help@example.com",
            "Help",
            "/privacy",
            "Privacy",
        ];
        let read: Vec<String> = read.collect();
        assert_eq!(read[read.len() - 6..], wanted);
    }
}

#[test]
fn a_logo_that_cannot_be_one_is_refused_by_the_name_of_its_option() {
    for (name, size) in [("logo.gif", 10), ("logo", 10), ("logo.png", (256 << 10) + 1)] {
        let (_folder, path) = logo(name, vec![b'x'; size]);
        let refused = Brand::new(&BrandOptions { logo: Some(path), ..BrandOptions::default() });
        assert!(refused.expect_err(name).to_string().contains("`brand-logo`"));
    }
    let (_folder, path) = logo("logo.png", vec![b'x'; 256 << 10]);
    let _ = server(&BrandOptions { logo: Some(path.clone()), ..BrandOptions::default() });
    let missing = BrandOptions { logo: Some(path.with_file_name("missing.png")), ..BrandOptions::default() };
    assert!(Brand::new(&missing).expect_err("missing").to_string().contains("`brand-logo`: cannot read"));
}
