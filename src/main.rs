//! The program: arguments in, exit code out.

use std::alloc::System;
use std::process::ExitCode;
use zeroizing_alloc::ZeroAlloc;

/// Wipes whatever is freed. Plaintexts, passphrases and keys of ours wipe themselves, but the libraries
/// between them and the socket do not.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    tellonce::cli::run(std::env::args_os())
}
