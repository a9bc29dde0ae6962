//! The inner wall: where the agent may write.

use std::path::Path;

use landlock::{
    ABI, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    RulesetError, Scope, path_beneath_rules,
};

use super::Confinement;

/// Linux 6.2. Before it, any file can be cut to nothing by its path.
const OLDEST: ABI = ABI::V3;

/// What every program writes to.
const DEVICES: &[&str] = &[
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",
];

/// Whether the kernel has what is needed.
pub(super) fn is_there() -> Result<(), String> {
    ruleset().map(drop).map_err(|error| {
        format!("the kernel has no Landlock of Linux 6.2 or newer, or it is switched off at boot ({error})")
    })
}

/// Lets this process, and all that it starts, write nowhere else from now on.
pub(super) fn restrict(confinement: &Confinement) -> Result<(), String> {
    raise(confinement).map_err(|error| format!("Landlock: {error}"))
}

fn raise(confinement: &Confinement) -> Result<(), RulesetError> {
    // That of the view, which is in memory; what is mounted in it is read-only but for the worker's own.
    let repository = confinement.view.iter().map(|view| view.repository.as_path());
    let scratch = confinement.scratch.iter().flat_map(|scratch| scratch.over.iter().chain([&scratch.folder]));
    let devices = DEVICES.iter().map(Path::new);
    let own = confinement.writes.iter().map(std::path::PathBuf::as_path);
    let all = devices.chain(own).chain(scratch.map(std::path::PathBuf::as_path));
    let plainly = confinement.plain.iter().map(std::path::PathBuf::as_path).chain(repository);
    let rules = ruleset()?.add_rules(path_beneath_rules(all, everything()))?;
    rules.add_rules(path_beneath_rules(plainly, plain()))?.restrict_self().map(drop)
}

/// Files and folders only. A link in a folder of git would have others, who are in no sandbox, write where it points.
fn plain() -> BitFlags<AccessFs> {
    everything()
        & !(AccessFs::MakeSym | AccessFs::MakeFifo | AccessFs::MakeSock | AccessFs::MakeChar | AccessFs::MakeBlock)
}

fn everything() -> BitFlags<AccessFs> {
    AccessFs::from_write(OLDEST)
}

fn ruleset() -> Result<RulesetCreated, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(everything())?
        // From Linux 6.12 on: no signals to processes outside, no connections to their abstract sockets.
        .set_compatibility(CompatLevel::BestEffort)
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()
}
