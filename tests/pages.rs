//! The pages without script, over a real socket.

mod support;

#[path = "pages/accounts.rs"]
mod accounts;
#[path = "pages/ask.rs"]
mod ask;
#[path = "pages/assets.rs"]
mod assets;
#[path = "pages/brand.rs"]
mod brand;
#[path = "pages/errors.rs"]
mod errors;
#[path = "pages/form.rs"]
mod form;
#[path = "pages/headers.rs"]
mod headers;
#[path = "pages/html.rs"]
mod html;
#[path = "pages/languages.rs"]
mod languages;
#[path = "pages/life.rs"]
mod life;
#[path = "pages/mine.rs"]
mod mine;
#[path = "pages/tour.rs"]
mod tour;
#[path = "pages/weight.rs"]
mod weight;
#[path = "pages/words.rs"]
mod words;
