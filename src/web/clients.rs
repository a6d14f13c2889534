//! The address of a client: the connection's own, unless that is a proxy the operator trusts.

use crate::secret::Source;
use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::Once;

/// The header in which trusted proxies tell who called them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// A network such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Whether this address is in it. An IPv4 address written as IPv6 is that IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                same_beginning(network.to_bits().into(), address.to_bits().into(), 32 - self.bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_beginning(network.to_bits(), address.to_bits(), 128 - self.bits)
            }
            _ => false,
        }
    }
}

fn same_beginning(one: u128, other: u128, ignored_bits: u32) -> bool {
    ignored_bits >= 128 || (one ^ other) >> ignored_bits == 0
}

impl FromStr for Network {
    type Err = String;

    /// Takes `ADDRESS/BITS` or a single address.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a network like 10.0.0.0/8");
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits <= most { Ok(Self { address, bits }) } else { Err(wrong()) }
    }
}

/// Finds out who calls.
pub struct Clients {
    trusted: Vec<Network>,
    header: ForwardedHeader,
    warned: Once,
}

impl Clients {
    /// Trusts these proxies, as far as this header.
    pub fn new(trusted: Vec<Network>, header: ForwardedHeader) -> Self {
        Self { trusted, header, warned: Once::new() }
    }

    /// Where a request came from.
    pub fn source(&self, request: &HttpRequest) -> Source {
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
        self.warn_once(request.headers());
        Source::of(self.client(peer, request.headers()))
    }

    /// Walks from the connection's own address towards the client, and stops at the first hop that
    /// is not a trusted proxy: what lies beyond may be forged. A hop that is no address ends the walk
    /// at the proxy that reported it.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let values: Vec<&str> =
            headers.get_all(self.header.name()).map(|value| value.to_str().unwrap_or_default()).collect();
        for hop in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            if !self.trusted.iter().any(|network| network.contains(client)) {
                break;
            }
            match address(hop, self.header) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }

    /// Behind a proxy that is not trusted, all callers share one source and its limits.
    fn warn_once(&self, headers: &HeaderMap) {
        if self.trusted.is_empty() && headers.contains_key(self.header.name()) {
            self.warned.call_once(|| {
                tracing::warn!(
                    "a request came through a proxy, and option `trusted-proxies` names none: \
                     all callers behind it share one source and its limits"
                );
            });
        }
    }
}

/// The address in one element of the header, with or without port, brackets and quotes.
fn address(hop: &str, header: ForwardedHeader) -> Option<IpAddr> {
    let node = match header {
        ForwardedHeader::XForwardedFor => hop,
        ForwardedHeader::Forwarded => hop.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            name.eq_ignore_ascii_case("for").then_some(value)
        })?,
    };
    let node = node.trim().trim_matches('"');
    let without_port = match node.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if node.matches(':').count() == 1 => node.split_once(':')?.0,
        None => node,
    };
    without_port.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(trusted: &str, header: ForwardedHeader, peer: &str, values: &[&str]) -> String {
        let trusted =
            trusted.split(',').filter(|text| !text.is_empty()).map(|text| text.parse().expect(text));
        let mut headers = HeaderMap::new();
        for value in values {
            let name = HeaderName::from_static(header.name());
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        Clients::new(trusted.collect(), header).client(peer.parse().expect(peer), &headers).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_nothing_is_believed() {
        for value in ["203.0.113.9", "203.0.113.9, 127.0.0.1", "for=203.0.113.9", "", "junk"] {
            assert_eq!(client("", ForwardedHeader::XForwardedFor, "192.0.2.1", &[value]), "192.0.2.1");
        }
    }

    #[test]
    fn only_the_right_most_untrusted_hop_counts() {
        let through =
            |values: &[&str]| client("10.0.0.0/8", ForwardedHeader::XForwardedFor, "10.0.0.1", values);
        assert_eq!(through(&[]), "10.0.0.1");
        assert_eq!(through(&["198.51.100.7"]), "198.51.100.7");
        assert_eq!(through(&["1.2.3.4, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(through(&["1.2.3.4, 198.51.100.7, 10.9.9.9"]), "198.51.100.7");
        assert_eq!(through(&["1.2.3.4", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(through(&["198.51.100.7:1234"]), "198.51.100.7");
        assert_eq!(through(&["[2001:db8::7]:1234"]), "2001:db8::7");
        assert_eq!(through(&["2001:db8::7"]), "2001:db8::7");
        assert_eq!(through(&["198.51.100.7, unknown"]), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        let through = |values: &[&str]| client("::1,10.0.0.0/8", ForwardedHeader::Forwarded, "::1", values);
        assert_eq!(
            through(&["for=192.0.2.43, For=\"[2001:db8:cafe::17]:4711\";proto=https"]),
            "2001:db8:cafe::17"
        );
        assert_eq!(through(&["for=192.0.2.60;by=203.0.113.43, for=10.1.1.1"]), "192.0.2.60");
        assert_eq!(through(&["for=_hidden"]), "::1");
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_in_the_ipv4_network() {
        let network: Network = "10.0.0.0/8".parse().expect("a network");
        assert!(network.contains("::ffff:10.1.2.3".parse().expect("an address")));
        assert!(!network.contains("11.0.0.1".parse().expect("an address")));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
        assert!(
            "::/0"
                .parse::<Network>()
                .expect("a network")
                .contains("2001:db8::1".parse().expect("an address"))
        );
    }
}
