//! Stories over the API, against the whole server on a real socket.

mod support;

#[path = "api/abuse.rs"]
mod abuse;
#[path = "api/accounts.rs"]
mod accounts;
#[path = "api/alike.rs"]
mod alike;
#[path = "api/core.rs"]
mod core;
#[path = "api/dialects.rs"]
mod dialects;
#[path = "api/golden.rs"]
mod golden;
#[path = "api/life.rs"]
mod life;
#[path = "api/limits.rs"]
mod limits;
#[path = "api/matrix.rs"]
mod matrix;
#[path = "api/origins.rs"]
mod origins;
#[path = "api/plain.rs"]
mod plain;
#[path = "api/proxies.rs"]
mod proxies;
#[path = "api/rates.rs"]
mod rates;
#[path = "api/retry.rs"]
mod retry;
#[path = "api/secrets.rs"]
mod secrets;
#[path = "api/statistics.rs"]
mod statistics;
#[path = "timing/mod.rs"]
mod timing;
