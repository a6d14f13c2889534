//! One request through routes, parameters, core and reply, without a socket: `cargo bench --bench request`.

#[path = "kit.rs"]
mod kit;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use criterion::{Criterion, criterion_group, criterion_main};
use kit::Core;
use std::cell::RefCell;
use tellonce::web::{Rules, Site, everything};

fn request(criterion: &mut Criterion) {
    let core = Core::new();
    let Core { app, runtime, .. } = core;
    let site = Data::new(Site::new(app, Rules::default()));
    let service = runtime.block_on(init_service(actix_web::App::new().service(everything(site))));
    let status = || TestRequest::get().uri("/api/v2/status");
    let unknown = || {
        TestRequest::post()
            .uri("/api/v2/guest/secret/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/reveal")
            .insert_header(("content-type", "application/json"))
            .set_payload(r#"{"continue":true}"#)
    };
    let length = RefCell::new(0);
    for (name, make) in
        [("status", &status as &dyn Fn() -> TestRequest), ("reveal of an unknown link", &unknown)]
    {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let reply = runtime
                    .block_on(async { read_body(call_service(&service, make().to_request()).await).await });
                *length.borrow_mut() += reply.len();
            });
        });
    }
    assert!(length.into_inner() > 0, "no reply had a body");
}

criterion_group!(benches, request);
criterion_main!(benches);
