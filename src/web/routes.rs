//! Tables of routes: one table makes the routes, what `OPTIONS` answers, and the list that tests go
//! through.

use super::error::respond;
use crate::error::Error;
use actix_web::http::header;
use actix_web::{HttpResponse, Resource, guard, web};

/// A route: its path below the scope, and its methods.
pub type Route = (&'static str, &'static [&'static str]);

/// Makes `ROUTES` and `scope()` from a table of paths, methods and handlers.
macro_rules! routes {
    ($base:literal; $( $path:literal { $( $($method:ident)|+ => $handler:expr ),+ $(,)? } ),+ $(,)?) => {
        /// What this scope's paths begin with.
        pub const BASE: &str = $base;
        /// Every route of this scope.
        pub const ROUTES: &[$crate::web::routes::Route] =
            &[ $( ($path, &[ $( $( stringify!($method) ),+ ),+ ]) ),+ ];

        /// The routes with their handlers.
        pub fn scope() -> actix_web::Scope {
            actix_web::web::scope($base)
                $( .service($crate::web::routes::complete(
                    actix_web::web::resource($path)
                        $( $( .route(actix_web::web::$method().to($handler)) )+ )+,
                    &[ $( $( stringify!($method) ),+ ),+ ],
                )) )+
                .default_service(actix_web::web::to($crate::web::routes::no_such_route))
        }
    };
}
pub(crate) use routes;

/// Answers `OPTIONS` and refuses other methods, both with the methods there are.
pub fn complete(resource: Resource, methods: &'static [&'static str]) -> Resource {
    let allow =
        methods.iter().chain(&["options"]).map(|method| method.to_uppercase()).collect::<Vec<_>>().join(", ");
    let refuse = allow.clone();
    resource
        .route(web::route().guard(guard::Options()).to(move || {
            let reply = HttpResponse::NoContent().insert_header((header::ALLOW, allow.as_str())).finish();
            async { reply }
        }))
        .default_service(web::to(move || {
            let reply = respond(&Error::MethodNotAllowed { allow: refuse.clone() }, None);
            async { reply }
        }))
}

/// 404 in the API's own shape.
pub async fn no_such_route() -> HttpResponse {
    respond(&Error::NoSuchRoute, None)
}
