//! Tables of routes: one table makes the routes, what `OPTIONS` answers, and the list that tests go
//! through.

use super::error::respond;
use crate::error::Error;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Resource, guard, web};
use std::future::ready;
use std::rc::Rc;

/// A route: its path below the scope, and its methods.
pub type Route = (&'static str, &'static [&'static str]);

/// Makes `ROUTES` and `scope()` from a table of paths, methods and handlers. What is refused is
/// answered as the API does, unless another function is named that does it.
macro_rules! routes {
    ($base:literal; $($table:tt)+) => {
        $crate::web::routes::routes! { $base, $crate::web::routes::in_json; $($table)+ }
    };
    (
        $base:literal, $refuse:path;
        $( $path:literal { $( $($method:ident)|+ => $handler:expr ),+ $(,)? } ),+ $(,)?
    ) => {
        /// What this scope's paths begin with.
        pub const BASE: &str = $base;
        /// Every route of this scope.
        pub const ROUTES: &[$crate::web::routes::Route] =
            &[ $( ($path, &[ $( $( stringify!($method) ),+ ),+ ]) ),+ ];

        /// The routes with their handlers.
        pub fn scope() -> actix_web::Scope {
            actix_web::web::scope($base)
                $( .service($crate::web::routes::complete(
                    actix_web::web::resource($crate::web::segments::fixed($path))
                        .app_data($crate::web::counts::number($base, $path))
                        $( $( .route(actix_web::web::$method().to($handler)) )+ )+,
                    &[ $( $( stringify!($method) ),+ ),+ ],
                    $refuse,
                )) )+
                .default_service($crate::web::routes::no_such_route($refuse))
        }
    };
}
pub(crate) use routes;

/// How a request is answered that is refused before any handler sees it.
pub type Refuse = fn(&HttpRequest, &Error) -> HttpResponse;

/// Answers `OPTIONS` and refuses other methods, both with the methods there are.
pub fn complete(resource: Resource, methods: &'static [&'static str], refuse: Refuse) -> Resource {
    let allow =
        methods.iter().chain(&["options"]).map(|method| method.to_uppercase()).collect::<Vec<_>>().join(", ");
    let refused = Rc::new(Error::MethodNotAllowed { allow: allow.clone() });
    resource
        .route(web::route().guard(guard::Options()).to(move || {
            let reply = HttpResponse::NoContent().insert_header((header::ALLOW, allow.as_str())).finish();
            async { reply }
        }))
        .default_service(web::to(move |request: HttpRequest| ready(refuse(&request, &refused))))
}

/// 404 for every path that has no route.
pub fn no_such_route(refuse: Refuse) -> actix_web::Route {
    web::to(move |request: HttpRequest| ready(refuse(&request, &Error::NoSuchRoute)))
}

/// The API's own shape.
pub fn in_json(_: &HttpRequest, error: &Error) -> HttpResponse {
    respond(error, None)
}
