//! Tells the linker how the program starts fastest.
#![allow(clippy::disallowed_methods, reason = "this is no part of the program")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        // A program that may lie anywhere in memory mends half a million bytes of addresses before it does anything:
        // half of the time of a short command. Its libraries, stack and heap lie anywhere all the same.
        println!("cargo::rustc-link-arg-bins=-no-pie");
        if let Some(folder) = own_unwinder() {
            println!("cargo::rustc-link-arg-bins=-L{}", folder.display());
        }
    }
}

/// A folder in which the linker finds the unwinder of the C compiler as a part of the program, and not as a library that
/// each start has to find and load. Nothing where the compiler has none to take in.
fn own_unwinder() -> Option<PathBuf> {
    let told = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let archive = String::from_utf8(told.stdout).ok()?.trim().to_owned();
    if env::var("HOST") != env::var("TARGET") || !Path::new(&archive).is_absolute() || !Path::new(&archive).exists() {
        return None;
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR")?).join("link");
    fs::create_dir_all(&folder).ok()?;
    fs::write(folder.join("libgcc_s.so"), format!("INPUT({archive})\n")).ok()?;
    Some(folder)
}
