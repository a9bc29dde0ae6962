//! The `gt` binary: completion first, then the face of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    gt::cli::complete::answer();
    gt::cli::main()
}
