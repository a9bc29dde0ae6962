//! Refs that keep work alive: pins of submitted work, snapshots of everything else.
