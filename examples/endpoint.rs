//! A model endpoint on loopback that plays a script, for trying `gt` with a model behind HTTP but without a network.
//!
//! ```text
//! cargo run --example endpoint -- SCRIPT.toml [PORT]
//! ```
//!
//! Prints its base URL and how to point `gt` at it, then serves chat completions (`/v1/chat/completions`) and Messages
//! (`/v1/messages`) until it is ended. The format of the script is in `docs/reference/built-in-agent.md`.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a program for a person at a terminal")]

#[path = "../tests/support/endpoint.rs"]
mod endpoint;

use std::io::Write;
use std::process::ExitCode;

use gt::model::scripted::Script;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), port) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: endpoint SCRIPT.toml [PORT]");
        return ExitCode::from(2);
    };
    let Ok(port) = port.unwrap_or_else(|| "0".to_owned()).parse() else {
        eprintln!("the port is a number from 0 to 65535");
        return ExitCode::from(2);
    };
    let script = match Script::open(file.as_ref()) {
        Ok(script) => script,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(5);
        }
    };
    let endpoint = endpoint::Endpoint::playing_on(port, script);
    println!("{}", endpoint.base());
    // Whoever started this reads the address through a pipe.
    let _ = std::io::stdout().flush();
    eprintln!("export GT_MODEL=openai/scripted OPENAI_BASE_URL={}", endpoint.base());
    eprintln!("or     GT_MODEL=anthropic/scripted ANTHROPIC_BASE_URL={}", endpoint.base());
    endpoint.serve();
    ExitCode::SUCCESS
}
