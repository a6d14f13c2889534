//! Certificates from an ACME directory (RFC 8555).
