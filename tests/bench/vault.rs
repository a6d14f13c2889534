//! The vault's work for one secret: `cargo bench --bench vault`.

use criterion::{Criterion, criterion_group, criterion_main};
use tellonce::vault::sample;

fn vault(criterion: &mut Criterion) {
    criterion.bench_function("seal a secret of 100 bytes", |bencher| bencher.iter(sample::seal()));
    criterion.bench_function("open a secret of 100 bytes", |bencher| bencher.iter(sample::open()));
    let mut slow = criterion.benchmark_group("passphrase");
    slow.sample_size(10)
        .bench_function("Argon2 at the default cost", |bencher| bencher.iter(sample::stretch()));
}

criterion_group!(benches, vault);
criterion_main!(benches);
