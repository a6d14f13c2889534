//! Telling two distributions of times apart, as `dudect` does (Reparaz, Balasch, Verbauwhede: "Dude, is
//! my code constant time?", 2017): Welch's t-test, on all times and on those below each of many
//! percentiles, since the longest are the machine's and not the program's.

/// Percentiles to crop at.
const CROPS: i32 = 100;

/// Number, mean and sum of squared deviations, gathered in one pass (Welford).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn of(times: impl Iterator<Item = f64>) -> Self {
        times.fold(Self::default(), |before, time| {
            let count = before.count + 1.0;
            let mean = before.mean + (time - before.mean) / count;
            Self { count, mean, squares: before.squares + (time - before.mean) * (time - mean) }
        })
    }

    fn variance(self) -> f64 {
        self.squares / (self.count - 1.0)
    }
}

/// Welch's t of the times up to `most`: the difference of two means over its standard error.
pub fn welch(times: [&[f64]; 2], most: f64) -> f64 {
    let [left, right] = times.map(|times| Moments::of(times.iter().copied().filter(|time| *time <= most)));
    (left.mean - right.mean) / (left.variance() / left.count + right.variance() / right.count).sqrt()
}

/// The t of greatest size over all crops. Below 4.5 in size, no difference is shown.
pub fn greatest_t(times: [&[f64]; 2]) -> f64 {
    let mut pooled = times.concat();
    pooled.sort_by(f64::total_cmp);
    // Dense towards the longest times: 1 - 0.5^0.1, 1 - 0.5^0.2 … 1 - 0.5^10.
    let crops = (1..=CROPS).map(|crop| 1.0 - 0.5f64.powf(f64::from(crop) * 10.0 / f64::from(CROPS)));
    let most = crops.map(|share| quantile(&pooled, share)).chain([f64::INFINITY]);
    let t = most.map(|most| welch(times, most));
    t.filter(|t| t.is_finite()).fold(0.0, |great, t| if t.abs() > great.abs() { t } else { great })
}

/// The median of times in any order.
pub fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length is an index")]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[(((sorted.len() - 1) as f64) * share) as usize]
}
