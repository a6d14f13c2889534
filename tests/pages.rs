//! The pages without script, over a real socket.

mod support;

#[path = "pages/assets.rs"]
mod assets;
#[path = "pages/errors.rs"]
mod errors;
#[path = "pages/form.rs"]
mod form;
#[path = "pages/headers.rs"]
mod headers;
#[path = "pages/html.rs"]
mod html;
#[path = "pages/life.rs"]
mod life;
