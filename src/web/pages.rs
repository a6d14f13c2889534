//! Pages for people. They work without script, and nothing on them happens before somebody presses a
//! button: looking never consumes.
//!
//! Whoever has the link of a page may use the page: credentials mean nothing there. Only making a secret
//! looks at them.

mod assets;
mod create;
mod reply;
mod template;
mod views;
mod words;

use super::SiteData;
use super::caller::Visitor;
use super::error::Failure;
use super::params::Params;
use super::routes::routes;
use super::wishes::{recipe, wishes};
use crate::error::Error;
use crate::secret::{Caller, Plaintext, Receipt, ReceiptId, SecretId};
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};
use create::Typed;
use reply::Problem;

routes! { "", reply::error;
    "/" { get | head => home, post => create },
    "/secret/{id}" { get | head => secret, post => reveal },
    "/receipt/{id}" { get | head => receipt },
    "/private/{id}" { get | head => receipt },
    "/receipt/{id}/burn" { get | head => confirm, post => burn },
    "/private/{id}/burn" { get | head => confirm, post => burn },
    "/assets/{name}" { get | head => asset },
    "/favicon.svg" { get | head => icon },
    "/robots.txt" { get | head => robots },
}

/// Parameters, or why there are none: an error of theirs is shown as a page too.
type Input = Result<Params, Error>;

async fn home(site: SiteData) -> HttpResponse {
    reply::page(create::form(site.app.policy(), &Typed::default(), &Problem::default()))
}

/// Where making secrets takes an account, the browser asks for its credentials.
async fn create(site: SiteData, caller: Result<Caller, Failure>, input: Input) -> HttpResponse {
    let (caller, mut params) = match (caller.map_err(Error::from), input) {
        (Ok(caller), Ok(params)) => (caller, params),
        (Err(error), _) | (_, Err(error)) => return reply::error(&error),
    };
    let mut typed = Typed { wants_generated: params.is_true("generate"), ..Typed::default() };
    let made = if typed.wants_generated {
        generate(&site, params, &mut typed, &caller).await
    } else {
        conceal(&site, params, &mut typed, &caller).await
    };
    match made {
        Ok((receipt, value)) => reply::page(create::done(&site.links, &receipt, value.as_ref())),
        Err(error) => reply::refused(&error, |problem| create::form(site.app.policy(), &typed, problem)),
    }
}

type Made = Result<(Receipt, Option<Plaintext>), Error>;

async fn conceal(site: &SiteData, mut params: Params, typed: &mut Typed, caller: &Caller) -> Made {
    typed.secret = params.text("secret")?.map(create::as_typed);
    let wishes = wishes(&mut params)?;
    typed.note(&wishes);
    Ok((site.app.conceal(typed.secret.clone(), wishes, caller).await?, None))
}

async fn generate(site: &SiteData, mut params: Params, typed: &mut Typed, caller: &Caller) -> Made {
    let recipe = recipe(&mut params)?;
    typed.length = recipe.length;
    let wishes = wishes(&mut params)?;
    typed.note(&wishes);
    let (receipt, value) = site.app.generate(recipe, wishes, caller).await?;
    Ok((receipt, Some(value)))
}

/// The same page whatever the link is. Looks are counted, but not those of HEAD: link checkers send
/// it on their own.
async fn secret(site: SiteData, Visitor(caller): Visitor, request: HttpRequest) -> HttpResponse {
    if let (Some(id), &Method::GET) = (SecretId::parse(id(&request)), request.method()) {
        let _ = site.app.show(&id, &caller).await;
    }
    reply::page(views::secret(&Problem::default()))
}

async fn reveal(
    site: SiteData,
    Visitor(caller): Visitor,
    request: HttpRequest,
    input: Input,
) -> HttpResponse {
    match try_reveal(&site, &request, input, &caller).await {
        Ok(content) => reply::page(views::revealed(&content)),
        Err(error @ Error::NotFound) => reply::refused(&error, |_| views::gone()),
        Err(error) => reply::refused(&error, views::secret),
    }
}

async fn try_reveal(
    site: &SiteData,
    request: &HttpRequest,
    input: Input,
    caller: &Caller,
) -> Result<Plaintext, Error> {
    let passphrase = input?.text("passphrase")?;
    let id = SecretId::parse(id(request)).ok_or(Error::NotFound)?;
    Ok(site.app.reveal(&id, passphrase, caller).await?.content)
}

async fn receipt(site: SiteData, Visitor(caller): Visitor, request: HttpRequest) -> HttpResponse {
    match find(&site, &request, &caller) {
        Ok(receipt) => reply::page(views::receipt(&site.links, &receipt)),
        Err(error) => no_receipt(&error),
    }
}

/// Asks before it burns; once the secret is gone there is only the receipt left to show.
async fn confirm(site: SiteData, Visitor(caller): Visitor, request: HttpRequest) -> HttpResponse {
    match find(&site, &request, &caller) {
        Ok(receipt) if receipt.is_live() => reply::page(views::burn(&receipt.id, &Problem::default())),
        Ok(receipt) => reply::page(views::receipt(&site.links, &receipt)),
        Err(error) => no_receipt(&error),
    }
}

async fn burn(site: SiteData, Visitor(caller): Visitor, request: HttpRequest, input: Input) -> HttpResponse {
    let Some(id) = ReceiptId::parse(id(&request)) else {
        return no_receipt(&Error::NotFound);
    };
    match try_burn(&site, &id, input, &caller).await {
        Ok(receipt) => reply::page(views::receipt(&site.links, &receipt)),
        Err(error @ Error::NotFound) => no_receipt(&error),
        Err(error) => reply::refused(&error, |problem| views::burn(&id, problem)),
    }
}

async fn try_burn(site: &SiteData, id: &ReceiptId, input: Input, caller: &Caller) -> Result<Receipt, Error> {
    let passphrase = input?.text("passphrase")?;
    site.app.burn(id, passphrase, caller).await
}

fn find(site: &SiteData, request: &HttpRequest, caller: &Caller) -> Result<Receipt, Error> {
    site.app.receipt(&ReceiptId::parse(id(request)).ok_or(Error::NotFound)?, caller)
}

fn no_receipt(error: &Error) -> HttpResponse {
    match error {
        Error::NotFound => reply::refused(error, |_| views::no_receipt()),
        _ => reply::error(error),
    }
}

async fn asset(request: HttpRequest) -> HttpResponse {
    let name = request.match_info().query("name");
    assets::serve(name, &request).unwrap_or_else(|| reply::error(&Error::NoSuchRoute))
}

async fn icon() -> HttpResponse {
    assets::plain("icon.svg").unwrap_or_else(|| reply::error(&Error::NoSuchRoute))
}

async fn robots() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body("User-agent: *\nDisallow: /\n")
}

/// The page about the API, with this server's address in its examples.
pub fn api(base: &str) -> HttpResponse {
    reply::page(views::api(base))
}

/// The identifier in the path, as it came.
fn id(request: &HttpRequest) -> &str {
    request.match_info().query("id")
}
