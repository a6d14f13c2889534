//! Files that pages load. Their names hold a hash of their content, so a browser may keep them for
//! good, and a new version of the program brings new names.

use actix_web::http::header::{self, ETag, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{Embed, EmbeddedFile};
use std::borrow::Cow;
use std::sync::LazyLock;

#[derive(Embed)]
#[folder = "static/assets/"]
struct Files;

/// Every asset, by the file it comes from.
static ASSETS: LazyLock<Vec<Asset>> =
    LazyLock::new(|| Files::iter().filter_map(|file| Some(Asset::new(&file, Files::get(&file)?))).collect());

struct Asset {
    file: String,
    /// `style.0123abcd.css`.
    name: String,
    content_type: &'static str,
    tag: EntityTag,
    content: Cow<'static, [u8]>,
}

impl Asset {
    fn new(file: &str, embedded: EmbeddedFile) -> Self {
        let hash = embedded.metadata.sha256_hash();
        let hash = hash.iter().fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"));
        let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        Self {
            file: file.to_owned(),
            name: format!("{stem}.{}.{extension}", &hash[..8]),
            content_type: content_type(extension),
            tag: EntityTag::new_strong(hash),
            content: embedded.data,
        }
    }
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// The path at which a file of `static/assets` is served.
pub fn path(file: &str) -> String {
    let asset = ASSETS.iter().find(|asset| asset.file == file);
    debug_assert!(asset.is_some(), "there is no asset {file}");
    format!("/assets/{}", asset.map_or(file, |asset| &asset.name))
}

/// The asset of this name, to be kept for good; `None` if there is none.
pub fn serve(name: &str, request: &HttpRequest) -> Option<HttpResponse> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    let is_known = is_known(request, &asset.tag);
    let mut reply = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    reply
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header(ETag(asset.tag.clone()));
    Some(if is_known {
        reply.finish()
    } else {
        reply.insert_header((header::CONTENT_TYPE, asset.content_type)).body(asset.content.clone())
    })
}

/// The file itself, at a name that never changes and that browsers ask for on their own.
pub fn plain(file: &str) -> Option<HttpResponse> {
    let asset = ASSETS.iter().find(|asset| asset.file == file)?;
    Some(
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, asset.content_type))
            .body(asset.content.clone()),
    )
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}
