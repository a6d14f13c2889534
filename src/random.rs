//! Random bytes.

use std::cell::RefCell;
use zeroize::{Zeroize, Zeroizing};

/// Bytes that are fetched at once.
const FETCHED: usize = 512;

/// Bytes of the operating system's generator that nobody has got yet.
struct Pool {
    bytes: Zeroizing<[u8; FETCHED]>,
    /// Those before this are given out, and zero.
    next: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::new(Pool { bytes: Zeroizing::new([0; FETCHED]), next: FETCHED });
}

/// Fills `bytes` from the operating system's generator.
///
/// Asking costs a system call, and one secret takes six small draws: so a thread fetches some ahead. That is
/// sound as long as no byte is given out twice. Each is wiped here as it is given out; a pool belongs to
/// one thread; and this program never goes on in a forked copy of itself, which would have a copy of the pool.
pub fn fill(bytes: &mut [u8]) {
    if bytes.len() > FETCHED / 4 {
        return fetch(bytes);
    }
    POOL.with_borrow_mut(|pool| {
        if pool.next + bytes.len() > FETCHED {
            fetch(&mut pool.bytes[..]);
            pool.next = 0;
        }
        let given = &mut pool.bytes[pool.next..pool.next + bytes.len()];
        bytes.copy_from_slice(given);
        given.zeroize();
        pool.next += bytes.len();
    });
}

fn fetch(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has random bytes");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_bytes_are_given_out_twice_and_what_was_given_out_is_wiped() {
        let draw = || {
            let mut drawn = HashSet::new();
            for length in (32..=600).cycle().take(20_000) {
                let mut bytes = vec![0; length];
                fill(&mut bytes);
                assert!(drawn.insert(bytes[..16].to_vec()) && drawn.insert(bytes[length - 16..].to_vec()));
                POOL.with_borrow(|pool| assert!(pool.bytes[..pool.next].iter().all(|byte| *byte == 0)));
            }
            drawn
        };
        let other = std::thread::spawn(draw).join().expect("a thread");
        assert!(draw().is_disjoint(&other));
    }
}
