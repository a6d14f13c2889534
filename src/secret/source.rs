//! Where requests come from, as far as limits tell sources apart.

use std::fmt;
use std::net::IpAddr;

/// An IPv4 address, or the first half of an IPv6 address: what one customer of a provider holds.
/// Kept in memory only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(u64);

impl Source {
    /// The source that this address belongs to. An IPv4 address written as IPv6 is that IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u64::from(address.to_bits())),
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64;
                // No IPv6 network that is in use is as small a number as an IPv4 address.
                Self(u64::try_from(network).unwrap_or_default())
            }
        }
    }

    /// A number that is the same for the same source.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_ipv4_address_or_half_an_ipv6_address() {
        let source = |text: &str| Source::of(text.parse().expect("an address"));
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.7"), source("192.0.2.7"));
        assert_ne!(source("192.0.2.7"), source("192.0.2.8"));
    }
}
