//! `gt bead ...` and its short forms.

pub(super) mod create;
