//! The bare repository of a rig: made once, never pruned, shared by all its worktrees.
//!
//! Its settings keep every commit: the mirror of the remote is never pruned, every ref has a reflog that
//! never expires, and nothing packs by itself. Refs move only by compare-and-swap; what others see moves
//! only by a plain push.

mod create;
mod deliver;
mod fetch;
mod history;
mod obstacles;
mod push;
mod refs;
mod unfinished;

pub use create::{CreateError, create_bare, ensure_settings, settings_amiss};
pub use deliver::{Delivery, deliver_local};
pub use fetch::{Branch, Format, Probe, default_branch, fetch, fetch_from, fetch_with, probe};
pub use history::{
    CommitInfo, commit_info, commit_infos, count, is_ancestor, log, merge_base, rev_parse, touching, tree_of,
};
pub use push::{Push, push_commit};
pub use refs::{Tip, delete_ref, list_refs, ref_tip, swap_ref, tips};
