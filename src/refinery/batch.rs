//! What is tried next: which beads can be, and how many of them at once.

use std::collections::BTreeSet;

use super::{Entry, Refinery, Standing, Verdict, order};
use crate::id::BeadId;

impl Refinery {
    /// The queue in its order: what can be tried, and what keeps the others.
    pub(super) fn queue(&self) -> (Vec<BeadId>, Vec<(BeadId, Standing)>) {
        let (mut candidates, mut waiting): (Vec<BeadId>, Vec<(BeadId, Standing)>) = Default::default();
        for placed in order(self.entries.values()) {
            let bead = placed.bead;
            let is_out =
                |need: &&BeadId| !self.entries.contains_key(*need) || waiting.iter().any(|(out, _)| out == *need);
            let need = self.entries[&bead].needs.iter().find(is_out).cloned();
            match self.standing(&self.entries[&bead]).or(need.map(Standing::Needs)) {
                Some(standing) => waiting.push((bead, standing)),
                None => candidates.push(bead),
            }
        }
        (candidates, waiting)
    }

    /// What keeps a bead of itself.
    fn standing(&self, entry: &Entry) -> Option<Standing> {
        if self.set_aside.contains(&entry.bead) {
            return Some(Standing::SetAside);
        }
        if entry.offered {
            return Some(Standing::Offered);
        }
        let before = matches!(self.base_verdict(), Some(Verdict::Red { at, .. }) if entry.submitted < *at);
        (before || self.passed_over.contains(&entry.bead)).then_some(Standing::TargetRed)
    }

    /// What is tried next: on a red target one by one, what conflicted with others alone, else a whole batch.
    pub(super) fn batch(&self, candidates: &[BeadId]) -> Vec<BeadId> {
        if matches!(self.base_verdict(), Some(Verdict::Red { .. })) {
            return candidates.iter().take(1).cloned().collect();
        }
        // What it needs and is still in the queue goes before it.
        let is_free = |bead: &&BeadId| !self.entries[*bead].needs.iter().any(|need| self.entries.contains_key(need));
        if let Some(alone) = self.alone.iter().filter(|bead| candidates.contains(bead)).find(is_free) {
            return vec![alone.clone()];
        }
        let size = if self.rules.offer { 1 } else { self.rules.batch.max(1) };
        candidates[..self.cut(candidates, size)].to_vec()
    }

    /// Where to cut the queue: before a convoy that would be cut in two and fits in one batch.
    fn cut(&self, candidates: &[BeadId], size: usize) -> usize {
        let company = |place: usize| self.entries[&candidates[place]].company();
        if candidates.len() <= size || company(size).is_none() || company(size) != company(size - 1) {
            return size.min(candidates.len());
        }
        let begin = (0..size).rev().take_while(|place| company(*place) == company(size)).last().unwrap_or(size);
        let end = (size..candidates.len()).take_while(|place| company(*place) == company(size)).last().unwrap_or(size);
        if begin > 0 && end - begin < size { begin } else { size }
    }

    /// Whether the first needs the second.
    pub(super) fn follows(&self, one: &BeadId, other: &BeadId) -> bool {
        let mut wanted: Vec<&BeadId> = vec![one];
        let mut seen = BTreeSet::new();
        while let Some(bead) = wanted.pop() {
            let needs = self.entries.get(bead).map(|entry| &entry.needs);
            for need in needs.into_iter().flatten().filter(|need| seen.insert(*need)) {
                if need == other {
                    return true;
                }
                wanted.push(need);
            }
        }
        false
    }
}
