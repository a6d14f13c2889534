//! HTTP, and the only async code besides the waits in `app`. A handler decodes, calls [`App`] once,
//! and encodes.

pub mod brand;
pub mod caller;
pub mod clients;
mod cors;
pub mod counts;
mod deadlines;
pub mod describe;
pub mod error;
mod guest;
mod head;
mod headers;
mod log;
pub mod pages;
pub(crate) mod params;
pub mod plain;
pub mod redirect;
mod retry;
mod routes;
mod segments;
pub mod server;
pub(crate) mod slashes;
pub mod v1;
pub mod v2;
pub(crate) mod wishes;

use crate::links::Links;

use crate::app::App;
pub use clients::{ForwardedHeader, Network};
pub use guest::GuestOperation;

use actix_web::body::MessageBody;
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Scope};
use brand::Brand;
use clients::Clients;
use counts::Counts;
use pages::CommonPages;
use params::BodyBudget;
use serde::Serialize;
use std::time::Instant;

/// What every handler may use.
pub struct Site {
    /// The core.
    pub app: App,
    /// How links begin.
    pub links: Links,
    clients: Clients,
    origins: Vec<String>,
    closed_to_guests: Vec<GuestOperation>,
    bodies: BodyBudget,
    brand: Brand,
    pages: CommonPages,
    /// Requests answered.
    pub counts: Counts,
}

/// The operator's rules for requests.
#[derive(Default)]
pub struct Rules {
    /// Networks of proxies that are trusted to tell who calls.
    pub trusted_proxies: Vec<Network>,
    /// The header in which they do.
    pub forwarded_header: ForwardedHeader,
    /// Origins of other sites whose scripts may make secrets.
    pub origins: Vec<String>,
    /// Operations under `/guest` that are switched off.
    pub closed_to_guests: Vec<GuestOperation>,
    /// The operator's look of the pages.
    pub brand: Brand,
}

impl Site {
    /// A site around this core.
    pub fn new(app: App, rules: Rules) -> Self {
        Self {
            links: app.policy().links.clone(),
            app,
            clients: Clients::new(rules.trusted_proxies, rules.forwarded_header),
            origins: rules.origins,
            closed_to_guests: rules.closed_to_guests,
            bodies: BodyBudget::default(),
            brand: rules.brand,
            pages: CommonPages::default(),
            counts: Counts::default(),
        }
    }

    /// Whether this is the origin of our own pages.
    fn is_own_origin(&self, origin: &str) -> bool {
        let domains = &self.app.policy().share_domains;
        origin == self.links.base(None)
            || domains.iter().any(|domain| origin == self.links.base(Some(domain)))
    }

    /// Whether the operator lets this site's scripts make secrets.
    fn allows_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed == origin)
    }
}

/// Everything that is served, with what surrounds it. Used by the server and by tests alike.
pub fn everything(site: Data<Site>) -> impl HttpServiceFactory {
    Scope::new("").app_data(site).configure(configure).wrap(from_fn(around))
}

/// What surrounds every request.
async fn around(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let began = Instant::now();
    segments::take(&mut request);
    let mut response = next.call(request).await?;
    let took = began.elapsed();
    let request = response.request().clone();
    if let Some(site) = request.app_data::<SiteData>() {
        let route = site.counts.route(&request);
        route.add(response.status().as_u16(), took);
        headers::add(site, &route.pattern, &request, response.headers_mut());
        log::request(&route.pattern, took, &response);
    }
    Ok(response)
}

fn configure(config: &mut ServiceConfig) {
    config
        .service(v1::scope())
        .service(v2::scope())
        // Programs that ask for what is not there get JSON even where no version is theirs.
        .service(describe::scope())
        .configure(plain::configure)
        .service(pages::scope());
}

/// Room for most replies, so that they need not be moved while they grow.
const REPLY_BYTES: usize = 2 << 10;

/// A reply in JSON.
fn json(body: &impl Serialize) -> HttpResponse {
    let mut bytes = Vec::with_capacity(REPLY_BYTES);
    match serde_json::to_writer(&mut bytes, body) {
        Ok(()) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
            .body(bytes),
        Err(error) => error::respond(&crate::error::Error::Internal(Box::new(error)), None),
    }
}

/// Where a handler finds the site.
type SiteData = web::Data<Site>;
