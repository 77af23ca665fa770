//! The program: parses, runs and exits. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    keyhook::cli::main()
}
