//! Commits of the store, with sealing and opening: `cargo bench --bench store`. Compare with the rates of rows
//! that `tellonce bench` prints for this disk.

#[path = "kit.rs"]
mod kit;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use kit::Core;

fn store(criterion: &mut Criterion) {
    let core = Core::new();
    let mut group = criterion.benchmark_group("store");
    for together in [1, 16, 64] {
        group.throughput(Throughput::Elements(together));
        group.bench_function(format!("conceal, {together} in a commit"), |bencher| {
            bencher.iter(|| core.run(join_all((0..together).map(|_| core.conceal()))));
        });
        group.bench_function(format!("reveal, {together} in a commit"), |bencher| {
            bencher.iter_batched(
                || core.run(join_all((0..together).map(|_| core.conceal()))),
                |made| core.run(join_all(made.iter().map(|id| core.reveal(id)))),
                BatchSize::PerIteration,
            );
        });
    }
    let made = core.run(core.conceal());
    group.throughput(Throughput::Elements(1));
    group.bench_function("look, beside the writer", |bencher| bencher.iter(|| core.look(&made)));
}

criterion_group!(benches, store);
criterion_main!(benches);
