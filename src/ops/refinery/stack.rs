//! Stacking: members merged on the target's tip, in memory, in the style of the rig.

use std::collections::BTreeMap;

use super::{Run, parse};
use crate::bead::Bead;
use crate::error::Outcome;
use crate::git::bare::CommitInfo;
use crate::git::merge::{Merged, Merger, NewCommit};
use crate::git::{Git, Oid, Person, bare};
use crate::id::BeadId;
use crate::ledger::Snapshot;
use crate::ops::Talk;
use crate::refinery::{Event, Left, Member, Stack, Subject};
use crate::town::MergeStyle;

/// How many commits of each side a conflict names.
const NAMED: usize = 5;
/// How many of git's remarks about a conflict are passed on.
const REMARKS: usize = 20;

/// How many of the paths in conflict are named.
const PATHS: usize = 50;

/// A stack while it grows.
struct Growing<'m> {
    merger: &'m Merger,
    base: Oid,
    base_tree: Oid,
    tip: Oid,
    tree: Oid,
    heads: BTreeMap<BeadId, Oid>,
    infos: BTreeMap<Oid, CommitInfo>,
    stack: Stack,
}

impl Run<'_> {
    pub(super) fn stack(&mut self, base: &str, members: &[BeadId], talk: &mut dyn Talk) -> Outcome<()> {
        let base = parse(base)?;
        if self.hold_back(&base, members, talk)? {
            return Ok(());
        }
        let snapshot = self.open.snapshot()?;
        let stack = self.stacked(&snapshot, &base, members)?;
        for member in &stack.members {
            self.recall(&snapshot, &Subject::tree(&member.tree))?;
        }
        self.core.apply(Event::Stacked(stack));
        Ok(())
    }

    fn stacked(&self, snapshot: &Snapshot, base: &Oid, members: &[BeadId]) -> Outcome<Stack> {
        let repo = &self.target.repo;
        let merger = Merger::new(repo, base);
        let beads: Vec<Bead> = members.iter().map(|id| snapshot.bead(id)).collect::<Outcome<_>>()?;
        let mut heads = BTreeMap::new();
        for bead in &beads {
            if let Some(merge) = &bead.merge {
                heads.insert(bead.id.clone(), parse(&merge.head)?);
            }
        }
        let infos = bare::commit_infos(repo, &heads.values().cloned().collect::<Vec<_>>())?;
        let base_tree = bare::tree_of(repo, base)?;
        let mut growing = Growing {
            merger: &merger,
            base: base.clone(),
            base_tree: base_tree.clone(),
            tip: base.clone(),
            tree: base_tree,
            heads,
            infos: infos.into_iter().map(|info| (info.oid.clone(), info)).collect(),
            stack: Stack { base: base.to_string(), members: Vec::new(), left: Vec::new() },
        };
        for bead in &beads {
            if let Some(left) = self.put_on(&mut growing, bead)? {
                growing.stack.left.push((bead.id.clone(), left));
            }
        }
        Ok(growing.stack)
    }

    /// Puts one bead on the stack, or answers why not.
    fn put_on(&self, on: &mut Growing<'_>, bead: &Bead) -> Outcome<Option<Left>> {
        let missing = |need: &&BeadId| on.stack.left.iter().any(|(left, why)| left == *need && why.keeps_out());
        if let Some(need) = bead.needs.iter().find(missing) {
            return Ok(Some(Left::Follows(need.clone())));
        }
        let Some(head) = on.heads.get(&bead.id).cloned() else {
            return Ok(Some(Left::Unmergeable("it was taken out of the queue".to_owned())));
        };
        let Some(info) = on.infos.get(&head).cloned() else {
            let reason = format!("its commit {} is not in {}", head.short(), self.target.repo.display());
            return Ok(Some(Left::Unmergeable(reason)));
        };
        let (tip, tree) = match on.merger.stack_on(&on.tip, Some(&on.tree), &head)? {
            Merged::Tree(tree) => (self.commit(bead, on, &info, &tree)?, tree),
            Merged::AlreadyIn if bare::is_ancestor(&self.target.repo, &head, &on.base)? => {
                return Ok(Some(Left::AlreadyIn { landed: head.to_string() }));
            }
            // Another member is built on it and brings it along.
            Merged::AlreadyIn => (on.tip.clone(), on.tree.clone()),
            Merged::Conflict { paths, details, .. } => return self.conflict(on, &head, &paths, &details).map(Some),
            Merged::Unrelated => {
                let reason = format!("its history has nothing in common with {}", self.target.branch);
                return Ok(Some(Left::Conflict { with_base: true, reason, paths: Vec::new() }));
            }
        };
        (on.tip, on.tree) = (tip, tree);
        let (commit, tree) = (on.tip.to_string(), on.tree.to_string());
        on.stack.members.push(Member { bead: bead.id.clone(), commit, tree });
        Ok(None)
    }

    /// A conflict with the stack, and whether with the base alone as well.
    fn conflict(&self, on: &Growing<'_>, head: &Oid, paths: &[String], details: &[String]) -> Outcome<Left> {
        if on.stack.members.is_empty() {
            let reason = self.conflict_text(&on.base, head, paths, details)?;
            return Ok(Left::Conflict { with_base: true, reason, paths: some(paths) });
        }
        match on.merger.stack_on(&on.base, Some(&on.base_tree), head)? {
            Merged::Conflict { paths, details, .. } => {
                let reason = self.conflict_text(&on.base, head, &paths, &details)?;
                Ok(Left::Conflict { with_base: true, reason, paths: some(&paths) })
            }
            _ => {
                let reason = format!("it conflicts with others of the queue in {}", named(paths));
                Ok(Left::Conflict { with_base: false, reason, paths: some(paths) })
            }
        }
    }

    /// The conflicting paths, git's remarks, and who touched them on either side.
    pub(super) fn conflict_text(
        &self,
        base: &Oid,
        head: &Oid,
        paths: &[String],
        details: &[String],
    ) -> Outcome<String> {
        let (repo, branch) = (&self.target.repo, &self.target.branch);
        let mut text = format!("it conflicts with {branch} in {}", named(paths));
        for detail in details.iter().take(REMARKS) {
            text.push_str(&format!("\n- {detail}"));
        }
        if details.len() > REMARKS {
            text.push_str(&format!("\n- and {} more remarks of git", details.len() - REMARKS));
        }
        if let Some(fork) = bare::merge_base(repo, base, head)? {
            for (side, tip) in [(format!("On {branch}"), base), ("On the branch".to_owned(), head)] {
                let commits = bare::touching(repo, &fork, tip, paths, NAMED)?;
                if !commits.is_empty() {
                    text.push_str(&format!("\n{side} these commits touch them:\n  {}", commits.join("\n  ")));
                }
            }
        }
        text.push_str(&format!("\nMerge {branch} into your branch, resolve, commit, `gt done`."));
        Ok(text)
    }

    /// The commit by which a member is in the stack. A change of nothing makes no commit of its own, unless its
    /// commits are to be kept.
    fn commit(&self, bead: &Bead, on: &Growing<'_>, head: &CommitInfo, tree: &Oid) -> Outcome<Oid> {
        let author = Person { name: head.author.clone(), email: head.email.clone() };
        match self.rig.merge.style {
            MergeStyle::Merge => {
                let message = self.message(bead, &format!("Merge {}: {}", bead.id, bead.title));
                self.write(on.merger, (tree, &[&on.tip, &head.oid]), &author, &message)
            }
            _ if *tree == on.tree => Ok(on.tip.clone()),
            MergeStyle::Squash => self.write(on.merger, (tree, &[&on.tip]), &author, &self.message(bead, &bead.title)),
            MergeStyle::Rebase => self.rebase(bead, on, head, tree),
        }
    }

    fn message(&self, bead: &Bead, subject: &str) -> String {
        let mut text = format!("{subject}\n");
        if self.rig.merge.style == MergeStyle::Squash && !bead.description.is_empty() {
            text.push_str(&format!("\n{}\n", bead.description.trim()));
        }
        if self.rig.merge.trailer {
            text.push_str(&format!("\nBead: {}\n", bead.id));
        }
        text
    }

    fn write(&self, merger: &Merger, (tree, parents): (&Oid, &[&Oid]), author: &Person, message: &str) -> Outcome<Oid> {
        let commit = NewCommit { tree, parents, author, committer: &self.person, time: None, message };
        Ok(merger.commit(&commit)?)
    }

    /// The commits of the member one by one on the stack. Where one of them cannot be replayed alone, or their sum is
    /// not the merge (the worker merged and resolved), the rest goes into one commit: the tree is always the merge's.
    fn rebase(&self, bead: &Bead, on: &Growing<'_>, head: &CommitInfo, tree: &Oid) -> Outcome<Oid> {
        let range = format!("{}..{}", on.tip, head.oid);
        let listed =
            Git::on(&self.target.repo).run(&["rev-list", "--reverse", "--topo-order", "--no-merges", &range])?;
        let mut top = on.tip.clone();
        for commit in listed.lines() {
            let Some(replayed) = self.replay((bead, on.merger), &parse(commit)?, &top)? else { break };
            top = replayed;
        }
        if bare::tree_of(&self.target.repo, &top)? == *tree {
            return Ok(top);
        }
        let author = Person { name: head.author.clone(), email: head.email.clone() };
        self.write(on.merger, (tree, &[&top]), &author, &self.message(bead, &bead.title))
    }

    /// One commit on another parent. Merging in memory takes the common ancestor from history, so the commit's own
    /// parent is made the ancestor of two throw-away commits.
    fn replay(&self, (bead, merger): (&Bead, &Merger), commit: &Oid, onto: &Oid) -> Outcome<Option<Oid>> {
        let repo = &self.target.repo;
        let info = bare::commit_info(repo, commit)?;
        let [parent] = info.parents.as_slice() else { return Ok(None) };
        let bare_tree = |of: &Oid, parents: &[&Oid]| self.write(merger, (of, parents), &self.person, "replay\n");
        let ancestor = bare_tree(&bare::tree_of(repo, parent)?, &[])?;
        let onto_tree = bare::tree_of(repo, onto)?;
        let ours = bare_tree(&onto_tree, &[&ancestor])?;
        let theirs = bare_tree(&info.tree, &[&ancestor])?;
        let Merged::Tree(tree) = merger.stack_on(&ours, Some(&onto_tree), &theirs)? else { return Ok(None) };
        if tree == onto_tree {
            return Ok(Some(onto.clone()));
        }
        let author = Person { name: info.author, email: info.email };
        let message = self.with_trailer(bead, &Git::on(repo).run(&["log", "-1", "--format=%B", commit.as_str()])?)?;
        self.write(merger, (&tree, &[onto]), &author, &message).map(Some)
    }

    /// A worker's own message, with the bead among its trailers.
    fn with_trailer(&self, bead: &Bead, message: &str) -> Outcome<String> {
        let message = format!("{message}\n");
        if !self.rig.merge.trailer {
            return Ok(message);
        }
        let trailer = format!("Bead: {}", bead.id);
        let args = ["interpret-trailers", "--no-divider", "--if-exists", "addIfDifferent", "--trailer", &trailer];
        let text = Git::on(&self.target.repo).run_with_input(&args, message.as_bytes())?;
        Ok(format!("{text}\n"))
    }
}

/// The first of the paths in conflict, as many as anybody reads.
fn some(paths: &[String]) -> Vec<String> {
    paths.iter().take(PATHS).cloned().collect()
}

fn named(paths: &[String]) -> String {
    let more = match paths.len().saturating_sub(PATHS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", some(paths).join(", "))
}
