//! The statistics behind the measurement of timing, on numbers whose answer is known.

use crate::timing::statistics::{greatest_t, median, welch};

/// Times between 1,000 and 2,000 that look random, the same ones for the same seed.
fn times(seed: u64) -> Vec<f64> {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    let states = std::iter::successors(Some(seed), next).skip(100).take(20_000);
    states.map(|state| 1000.0 + (state >> 40) as f64 / f64::from(1 << 24) * 1000.0).collect()
}

#[test]
fn t_is_what_textbooks_find_in_students_sleep_data() {
    let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let t = welch([&first, &second], f64::INFINITY);
    assert!((t + 1.8608).abs() < 1e-4, "{t}");
}

#[test]
fn times_of_one_kind_are_alike() {
    let t = greatest_t([&times(1), &times(2)]);
    assert!(t.abs() < 4.5, "{t}");
}

#[test]
fn a_difference_of_a_fiftieth_is_found_even_under_wild_outliers() {
    let noisy = |times: Vec<f64>, more: f64| -> Vec<f64> {
        let wild = |(index, time)| if index % 50 == 0 { time * 1e6 } else { time + more };
        times.into_iter().enumerate().map(wild).collect()
    };
    let (left, right) = (noisy(times(1), 0.0), noisy(times(2), 30.0));
    let uncropped = welch([&left, &right], f64::INFINITY);
    assert!(uncropped.abs() < 4.5, "{uncropped}");
    assert!(greatest_t([&left, &right]) < -4.5);
    assert!(greatest_t([&right, &left]) > 4.5);
}

#[test]
fn the_median_is_the_middle_in_any_order() {
    assert!((median(&[9.0, 1.0, 5.0]) - 5.0).abs() < f64::EPSILON);
}
