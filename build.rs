//! The build script: packs long texts that few people ask for, so that the program holds them in an
//! eighth of their size.

use miniz_oxide::deflate::compress_to_vec;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Files and folders of files.
const PACKED: [&str; 4] = ["static/completions", "static/man", "static/openapi.json", "static/postman.json"];

#[expect(clippy::disallowed_methods, reason = "the environment is how cargo speaks to build scripts")]
fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut table = String::new();
    for (number, file) in files()?.iter().enumerate() {
        let packed = out.join(format!("{number}.deflated"));
        fs::write(&packed, compress_to_vec(&fs::read(file)?, 9))?;
        let (file, packed) = (file.display(), packed.display());
        table += &format!("(\"{file}\", include_bytes!(\"{packed}\")),\n");
    }
    fs::write(out.join("packed.rs"), format!("&[{table}]"))?;
    Ok(())
}

/// All of them, in the same order everywhere.
fn files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for name in PACKED {
        println!("cargo::rerun-if-changed={name}");
        if Path::new(name).is_dir() {
            files.extend(
                fs::read_dir(name)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?,
            );
        } else {
            files.push(name.into());
        }
    }
    files.sort();
    Ok(files)
}
