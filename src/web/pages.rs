//! Pages for people. They work without script, and nothing on them happens before somebody presses a
//! button: looking never consumes. A script makes them quicker and handier; it asks for the same pages.
//!
//! Whoever has the link of a page may use the page: wrong credentials change nothing there. Right ones
//! show owners what is theirs.

mod assets;
mod create;
mod frame;
mod mine;
mod problem;
mod reply;
mod stored;
mod template;
mod views;

use super::SiteData;
use super::caller::{Account, Visitor};
use super::error::Failure;
use super::params::Params;
use super::retry::Retry;
use super::routes::routes;
use super::wishes::{recipe, wishes};
use crate::error::{Error, Rule};
use crate::secret::{Caller, Plaintext, Receipt, ReceiptId, SecretId};
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};
use create::Typed;
pub(super) use frame::Frame;
use problem::Problem;
use views::Memo;

routes! { "", reply::unseen;
    "/" { get | head => home, post => create, put => super::plain::conceal },
    "/secret/{id}" { get | head => secret, post => reveal },
    "/secret/{id}/ask" { get | head => ask },
    "/receipt/{id}" { get | head => receipt, post => memo },
    "/private/{id}" { get | head => receipt, post => memo },
    "/receipt/{id}/burn" { get | head => confirm, post => burn },
    "/private/{id}/burn" { get | head => confirm, post => burn },
    "/recent" { get | head => recent, post => remembered },
    "/assets/{name}" { get | head => asset },
    "/favicon.svg" { get | head => icon },
    "/robots.txt" { get | head => robots },
}

/// Parameters, or why there are none: an error of theirs is shown as a page too.
type Input = Result<Params, Error>;

/// Pages that are the same for everybody.
#[derive(Default)]
pub struct CommonPages {
    home: reply::Common,
    secret: reply::Common,
}

async fn home(frame: Frame, Visitor(caller): Visitor, request: HttpRequest) -> HttpResponse {
    let draw = || create::form(&frame, &caller, &Typed::default(), &Problem::default());
    if frame.is_common() && caller.account.is_none() {
        frame.site().pages.home.page(&frame, &request, draw)
    } else {
        reply::page(draw())
    }
}

/// Where making secrets takes an account, the browser asks for its credentials.
async fn create(frame: Frame, caller: Result<Caller, Failure>, input: Input) -> HttpResponse {
    let (caller, mut params) = match (caller.map_err(Error::from), input) {
        (Ok(caller), Ok(params)) => (Caller { locale: frame.locale, ..caller }, params),
        (Err(error), _) | (_, Err(error)) => return reply::error(&frame, &error),
    };
    let mut typed = Typed { wants_generated: params.is_true("generate"), ..Typed::default() };
    let made = if typed.wants_generated {
        generate(&frame, params, &mut typed, &caller).await
    } else {
        conceal(&frame, &mut params, &mut typed, &caller).await
    };
    match made {
        Ok((receipt, value)) => reply::page(create::done(&frame, &receipt, value.as_ref())),
        Err(error) => {
            reply::refused(&frame, &error, |problem| create::form(&frame, &caller, &typed, problem))
        }
    }
}

type Made = Result<(Receipt, Option<Plaintext>), Error>;

async fn conceal(frame: &Frame, params: &mut Params, typed: &mut Typed, caller: &Caller) -> Made {
    typed.secret = params.text("secret")?.map(create::as_typed);
    let wishes = wishes(params)?;
    typed.note(&wishes);
    Ok((frame.site().app.conceal(typed.secret.clone(), wishes, caller).await?, None))
}

async fn generate(frame: &Frame, mut params: Params, typed: &mut Typed, caller: &Caller) -> Made {
    typed.recipe = recipe(&mut params)?;
    let wishes = wishes(&mut params)?;
    typed.note(&wishes);
    let (receipt, value) = frame.site().app.generate(typed.recipe, wishes, caller).await?;
    Ok((receipt, Some(value)))
}

/// The same page whatever the link is. Looks are counted, but not those of HEAD: link checkers send
/// it on their own.
async fn secret(frame: Frame, Visitor(caller): Visitor, request: HttpRequest) -> HttpResponse {
    if let (Some(id), &Method::GET) = (SecretId::parse(id(&request)), request.method()) {
        let _ = frame.site().app.show(&id, &caller).await;
    }
    if frame.is_common() {
        frame.site().pages.secret.page(&frame, &request, || views::secret(&frame))
    } else {
        reply::page(views::secret(&frame))
    }
}

/// The same for one secret: whether it is there and needs a passphrase. The script asks, so that people
/// learn before they press; it counts as no look.
async fn ask(frame: Frame, Visitor(caller): Visitor, request: HttpRequest) -> HttpResponse {
    let id = SecretId::parse(id(&request)).ok_or(Error::NotFound);
    match id.and_then(|id| frame.site().app.status(&id, &caller)) {
        Ok(secret) => reply::page(views::prompt(&frame, &secret.id, secret.has_passphrase)),
        Err(error @ Error::NotFound) => reply::refused(&frame, &error, |_| views::gone(&frame)),
        Err(error) => reply::error(&frame, &error),
    }
}

async fn reveal(
    frame: Frame,
    Visitor(caller): Visitor,
    request: HttpRequest,
    retry: Result<Retry, Failure>,
    input: Input,
) -> HttpResponse {
    let Some(id) = SecretId::parse(id(&request)) else {
        return reply::refused(&frame, &Error::NotFound, |_| views::gone(&frame));
    };
    match try_reveal(&frame, &id, retry, input, &caller).await {
        Ok(content) => reply::page(views::revealed(&frame, &content)),
        Err(error @ Error::NotFound) => reply::refused(&frame, &error, |_| views::gone(&frame)),
        Err(error) => reply::refused(&frame, &error, |problem| views::refused(&frame, &id, problem)),
    }
}

async fn try_reveal(
    frame: &Frame,
    id: &SecretId,
    retry: Result<Retry, Failure>,
    input: Input,
    caller: &Caller,
) -> Result<Plaintext, Error> {
    let (passphrase, Retry(retry)) = (input?.text("passphrase")?, retry?);
    Ok(frame.site().app.reveal(id, passphrase, retry, caller).await?.content)
}

async fn receipt(frame: Frame, Visitor(caller): Visitor, request: HttpRequest) -> HttpResponse {
    match find(&frame, &request, &caller) {
        Ok(receipt) => shown(&frame, &receipt, &caller),
        Err(error) => no_receipt(&frame, &error),
    }
}

fn shown(frame: &Frame, receipt: &Receipt, caller: &Caller) -> HttpResponse {
    let nothing = Problem::default();
    let is_owner = receipt.address_for(caller).is_some();
    let memo = if is_owner { Memo::Open(&nothing) } else { Memo::Hidden };
    reply::page(views::receipt(frame, receipt, &memo))
}

/// Writes the owner's note. An error is shown on the receipt, where that can be shown.
async fn memo(
    frame: Frame,
    caller: Result<Account, Failure>,
    request: HttpRequest,
    input: Input,
) -> HttpResponse {
    let caller = match caller.map_err(Error::from) {
        Ok(Account(caller)) => caller,
        Err(error) => return reply::error(&frame, &error),
    };
    match try_memo(&frame, &request, input, &caller).await {
        Ok(receipt) => reply::page(views::receipt(&frame, &receipt, &Memo::Saved)),
        Err(error @ Error::Invalid(_)) => match find(&frame, &request, &caller) {
            Ok(receipt) => reply::refused(&frame, &error, |problem| {
                views::receipt(&frame, &receipt, &Memo::Open(problem))
            }),
            Err(error) => no_receipt(&frame, &error),
        },
        Err(error) => no_receipt(&frame, &error),
    }
}

async fn try_memo(
    frame: &Frame,
    request: &HttpRequest,
    input: Input,
    caller: &Caller,
) -> Result<Receipt, Error> {
    let memo = input?.text_or_empty("memo")?.map(|memo| memo.to_string()).unwrap_or_default();
    let id = ReceiptId::parse(id(request)).ok_or(Error::NotFound)?;
    frame.site().app.set_memo(&id, memo, caller).await
}

/// Asks before it burns; once the secret is gone there is only the receipt left to show.
async fn confirm(frame: Frame, Visitor(caller): Visitor, request: HttpRequest) -> HttpResponse {
    match find(&frame, &request, &caller) {
        Ok(receipt) if receipt.is_live() => reply::page(views::burn(&frame, &receipt, &Problem::default())),
        Ok(receipt) => shown(&frame, &receipt, &caller),
        Err(error) => no_receipt(&frame, &error),
    }
}

async fn burn(frame: Frame, Visitor(caller): Visitor, request: HttpRequest, input: Input) -> HttpResponse {
    let receipt = match find(&frame, &request, &caller) {
        Ok(receipt) => receipt,
        Err(error) => return no_receipt(&frame, &error),
    };
    match try_burn(&frame, &receipt.id, input, &caller).await {
        Ok(receipt) => shown(&frame, &receipt, &caller),
        Err(error @ Error::NotFound) => no_receipt(&frame, &error),
        Err(error) => reply::refused(&frame, &error, |problem| views::burn(&frame, &receipt, problem)),
    }
}

async fn try_burn(frame: &Frame, id: &ReceiptId, input: Input, caller: &Caller) -> Result<Receipt, Error> {
    let passphrase = input?.text("passphrase")?;
    frame.site().app.burn(id, passphrase, caller).await
}

/// An account's list. Credentials are asked for only where somebody wants to sign in.
async fn recent(frame: Frame, caller: Result<Caller, Failure>, input: Input) -> HttpResponse {
    let wants_in = input.is_ok_and(|mut params| params.is_true("sign-in"));
    let caller = caller.map_err(Error::from).and_then(|caller| match caller.account {
        None if wants_in => Err(Error::Unauthorized { challenge: true }),
        _ => Ok(caller),
    });
    list(&frame, caller, None)
}

/// The same, with what became of the receipts that a browser remembers.
async fn remembered(frame: Frame, caller: Result<Caller, Failure>, input: Input) -> HttpResponse {
    let caller = caller.map_err(Error::from);
    let here = caller.and_then(|caller| {
        let ids = input?.texts("receipts")?;
        let ids: Vec<ReceiptId> =
            ids.iter().flat_map(|ids| ids.split(',')).filter_map(ReceiptId::parse).collect();
        if ids.len() > mine::MOST {
            return Err(Rule::TooManyIdentifiers(mine::MOST).into());
        }
        let here = frame.site().app.receipts(&ids, &caller)?;
        Ok((caller, here))
    });
    match here {
        Ok((caller, here)) => list(&frame, Ok(caller), Some(&here)),
        Err(error) => list(&frame, Err(error), None),
    }
}

fn list(frame: &Frame, caller: Result<Caller, Error>, here: Option<&[Receipt]>) -> HttpResponse {
    let recent = caller.and_then(|caller| {
        let recent = caller.account.is_some().then(|| frame.site().app.recent(&caller)).transpose()?;
        Ok((caller, recent.unwrap_or_default()))
    });
    match recent {
        Ok((caller, recent)) => {
            reply::page(mine::page(frame, caller.account.as_ref(), &recent, here, &Problem::default()))
        }
        Err(error) => reply::refused(frame, &error, |problem| {
            let mut problem = Problem { message: problem.message.clone(), ..Problem::default() };
            // Without a challenge they were there, and wrong.
            if matches!(error, Error::Unauthorized { challenge: false }) {
                frame.say("mine.wrong").clone_into(&mut problem.message);
            }
            mine::page(frame, None, &[], None, &problem)
        }),
    }
}

fn find(frame: &Frame, request: &HttpRequest, caller: &Caller) -> Result<Receipt, Error> {
    frame.site().app.receipt(&ReceiptId::parse(id(request)).ok_or(Error::NotFound)?, caller)
}

fn no_receipt(frame: &Frame, error: &Error) -> HttpResponse {
    match error {
        Error::NotFound => reply::refused(frame, error, |_| views::no_receipt(frame)),
        _ => reply::error(frame, error),
    }
}

async fn asset(site: SiteData, request: HttpRequest) -> HttpResponse {
    let name = request.match_info().query("name");
    match site.brand.file(name) {
        Some(file) => assets::serve_brand(file, &request),
        None => assets::serve(name, &request).unwrap_or_else(|| reply::unseen(&request, &Error::NoSuchRoute)),
    }
}

async fn icon(request: HttpRequest) -> HttpResponse {
    assets::plain("icon.svg", &request).unwrap_or_else(|| reply::unseen(&request, &Error::NoSuchRoute))
}

async fn robots() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body("User-agent: *\nDisallow: /\n")
}

/// The page about the API, with this server's address in its examples.
pub(super) fn api(frame: &Frame) -> HttpResponse {
    reply::page(views::api(frame))
}

/// The identifier in the path, as it came.
fn id(request: &HttpRequest) -> &str {
    request.match_info().query("id")
}
