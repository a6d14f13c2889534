//! Pages.

/// Routes of the pages.
pub fn configure(_: &mut actix_web::web::ServiceConfig) {}
