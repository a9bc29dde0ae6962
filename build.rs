//! Tells the linker how the program starts fastest.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    // A program that may lie anywhere in memory mends half a million bytes of addresses before it does anything: half
    // of the time of a short command. Its libraries, stack and heap lie anywhere all the same.
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
