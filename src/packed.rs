//! Long texts that few people ask for: manual pages, completions for shells, the description of the API. The
//! build script packs them.

use miniz_oxide::inflate::decompress_to_vec;

/// Each file by its path in the sources, compressed (RFC 1951).
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// The text of this file; none if there is no such file.
pub fn text(path: &str) -> Option<String> {
    let (_, packed) = FILES.iter().find(|(name, _)| *name == path)?;
    String::from_utf8(decompress_to_vec(packed).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_was_packed_comes_out_as_it_stands_in_the_sources() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (name, packed) in FILES {
            let written = std::fs::read_to_string(sources.join(name)).expect("the source");
            assert!(text(name).as_ref() == Some(&written), "{name}");
            assert!(packed.len() < written.len(), "{name} has not become shorter");
        }
        for name in
            ["static/man/tellonce.1", "static/completions/bash", "static/openapi.json", "static/postman.json"]
        {
            assert!(text(name).is_some(), "{name} is missing");
        }
        assert!(text("static/man/tellonce-no-such-command.1").is_none());
    }
}
