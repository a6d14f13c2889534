//! The description of the API, as the server hands it out: complete, true, and with examples that run.

mod support;

#[path = "openapi/contract.rs"]
mod contract;
#[path = "openapi/programs.rs"]
mod programs;
#[path = "openapi/served.rs"]
mod served;
