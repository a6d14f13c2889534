//! What every page is drawn with: the reader's language and the operator's brand.

use super::super::{Site, SiteData};
use super::assets;
use super::problem::Problem;
use super::template::{Html, Place, fill, join, sentence, text};
use crate::error::Error;
use crate::secret::Locale;
use crate::time::Timestamp;
use crate::web::error::Failure;
use crate::words;
use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::{FromRequest, HttpRequest};
use std::borrow::Cow;
use std::future::{Ready, ready};

/// The values of a template, by the names of their places.
pub type Values<'v> = [(&'v str, Html)];

/// A sheet to draw a page on.
pub struct Frame {
    site: SiteData,
    /// The reader's language.
    pub locale: Locale,
    /// Whether the reader chose it, rather than the browser.
    is_chosen: bool,
    /// Whether the page answers a form: then going to it again by its address would lose it.
    is_answer: bool,
}

impl FromRequest for Frame {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::new(request).map_err(Failure::from))
    }
}

impl Frame {
    /// For whoever sent this request.
    ///
    /// # Errors
    /// [`Error::Internal`] where there is no site, which never happens.
    pub fn new(request: &HttpRequest) -> Result<Self, Error> {
        let site = request.app_data::<SiteData>().ok_or_else(|| Error::Internal("no site".into()))?;
        let chosen = chosen(request);
        Ok(Self {
            site: site.clone(),
            locale: chosen.unwrap_or_else(|| preferred(request)),
            is_chosen: chosen.is_some(),
            is_answer: request.method() == Method::POST,
        })
    }

    /// The site it belongs to.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Whether the page is the same for all readers of this language.
    pub fn is_common(&self) -> bool {
        !self.is_chosen && !self.is_answer
    }

    /// A sentence without places.
    pub fn say(&self, key: &str) -> &'static str {
        words::say(self.locale, key)
    }

    /// A sentence as HTML, its places filled from these values.
    pub fn text(&self, key: &str, values: &Values) -> Html {
        sentence(self.say(key), |place| self.value(key, values, place))
    }

    /// A template, filled from these values and with sentences in the reader's language.
    pub fn fill(&self, template: &str, values: &Values) -> Html {
        fill(template, |place| match place {
            Place::Value(name) => self.value(template, values, name),
            Place::Sentence(key) => self.text(key, values).into_body().into(),
        })
    }

    fn value<'v>(&self, whose: &str, values: &'v Values, place: &str) -> Cow<'v, str> {
        if let Some((_, html)) = values.iter().find(|(name, _)| *name == place) {
            return html.as_str().into();
        }
        match place {
            "home" => self.path("/").into_body().into(),
            "api" => self.path("/api").into_body().into(),
            "mine" => self.path("/recent").into_body().into(),
            _ => {
                debug_assert!(false, "{whose} has a place {place} that nothing fills");
                "".into()
            }
        }
    }

    /// A path of this site, in the language that the reader chose.
    pub fn path(&self, path: &str) -> Html {
        if !self.is_chosen {
            return text(path);
        }
        let mark = if path.contains('?') { '&' } else { '?' };
        text(&format!("{path}{mark}lang={}", self.locale.tag()))
    }

    /// A moment, for people and for programs, in UTC.
    pub fn time(&self, at: Timestamp) -> Html {
        let (year, month, day, hour, minute) = at.civil();
        let second = at.unix().rem_euclid(60);
        let machine = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        let words = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC");
        self.fill("part-time.html", &[("machine", text(&machine)), ("words", text(&words))])
    }

    /// A whole page. A title that begins with the problem is what a screen reader says first.
    pub fn page(&self, title: &str, problem: &Problem, main: Html) -> Html {
        let title = match problem.message.as_str() {
            "" => text(title),
            _ => self.text("layout.problem", &[("title", text(title))]),
        };
        let brand = &self.site.brand;
        let values = [
            ("tag", text(self.locale.tag())),
            ("direction", text(self.locale.direction())),
            ("title", title),
            ("brand", text(&brand.name)),
            ("style", text(&assets::path("style.css"))),
            ("script", text(&assets::path("app.js"))),
            ("logo", text(&brand.logo_path().unwrap_or_else(|| assets::path("icon.svg")))),
            ("brand_style", self.brand_style()),
            ("main", main),
            ("links", self.links()),
            ("languages", self.languages()),
        ];
        self.fill("layout.html", &values)
    }

    fn brand_style(&self) -> Html {
        let path = self.site.brand.style_path();
        path.map(|path| self.fill("part-style.html", &[("style", text(&path))])).unwrap_or_default()
    }

    fn links(&self) -> Html {
        let links = &self.site.brand.links;
        if links.is_empty() {
            return Html::default();
        }
        let items = links.iter().map(|link| {
            self.fill("part-link.html", &[("address", text(&link.address)), ("name", text(&link.name))])
        });
        self.fill("part-links.html", &[("items", join(items))])
    }

    /// The choice of a language; none where choosing one would lose what the page shows.
    fn languages(&self) -> Html {
        if self.is_answer {
            return Html::default();
        }
        let options = Locale::ALL.map(|(locale, tag)| {
            let values = [
                ("value", text(tag)),
                ("tag", text(tag)),
                ("selected", text(if locale == self.locale { "selected" } else { "" })),
                ("name", text(locale.name())),
            ];
            self.fill("part-language.html", &values)
        });
        self.fill("part-languages.html", &[("options", join(options))])
    }
}

/// `?lang=`, where it names a language there is.
fn chosen(request: &HttpRequest) -> Option<Locale> {
    let mut parameters = request.query_string().split('&');
    Locale::of_tag(parameters.find_map(|parameter| parameter.strip_prefix("lang="))?)
}

/// The language that the browser asks for.
fn preferred(request: &HttpRequest) -> Locale {
    let wishes = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|wishes| wishes.to_str().ok());
    wishes.map(Locale::preferred).unwrap_or_default()
}
