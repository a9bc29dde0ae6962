//! Stacking: members merged on the target's tip, in memory, in the style of the rig.

use super::{Run, parse};
use crate::bead::Bead;
use crate::error::Outcome;
use crate::git::merge::{self, Merged, Merger, NewCommit};
use crate::git::{Git, Oid, Person, bare};
use crate::id::BeadId;
use crate::ops::Talk;
use crate::refinery::{Event, Stacked};
use crate::town::MergeStyle;

impl Run<'_> {
    pub(super) fn stack(&mut self, base: &str, members: &[BeadId], talk: &mut dyn Talk) -> Outcome<()> {
        let base = parse(base)?;
        if self.hold_back(&base, members, talk)? {
            return Ok(());
        }
        let event = self.stacked(&base, members)?;
        self.core.apply(event);
        Ok(())
    }

    fn stacked(&self, base: &Oid, members: &[BeadId]) -> Outcome<Event> {
        let merger = Merger::new(&self.target.repo, base)?;
        let snapshot = self.open.snapshot()?;
        let (mut tip, mut placed) = (base.clone(), Vec::new());
        for id in members {
            let bead = snapshot.bead(id)?;
            let Some(head) = bead.merge.as_ref().map(|merge| merge.head.clone()) else { break };
            let head = parse(&head)?;
            if bare::rev_parse(&self.target.repo, head.as_str())?.is_none() {
                let reason = format!("its commit {} is not in {}", head.short(), self.target.repo.display());
                return Ok(Event::Unmergeable { member: id.clone(), reason });
            }
            match merger.stack(&tip, &head)? {
                Merged::Tree(tree) => {
                    tip = self.commit(&bead, &tip, &head, &tree)?;
                    placed.push((id.clone(), tip.to_string()));
                }
                Merged::AlreadyIn if placed.is_empty() => return Ok(Event::AlreadyIn(id.clone())),
                Merged::AlreadyIn => break,
                Merged::Conflict { paths, details, .. } => {
                    let after = placed.into_iter().map(|(bead, _)| bead).collect();
                    return Ok(Event::Conflict { member: id.clone(), after, reason: self.conflict(&paths, &details) });
                }
                Merged::Unrelated => {
                    let reason = format!("its history has nothing in common with {}", self.target.branch);
                    return Ok(Event::Conflict { member: id.clone(), after: Vec::new(), reason });
                }
            }
        }
        let tree = bare::tree_of(&self.target.repo, &tip)?.to_string();
        Ok(Event::Stacked(Stacked { base: base.to_string(), members: placed, tip: tip.to_string(), tree }))
    }

    fn conflict(&self, paths: &[String], details: &[String]) -> String {
        let mut text = format!("it conflicts with {} in {}", self.target.branch, paths.join(", "));
        for detail in details.iter().take(20) {
            text.push_str("\n- ");
            text.push_str(detail);
        }
        text.push_str(&format!("\nMerge {} into your branch, resolve, commit, `gt done`.", self.target.branch));
        text
    }

    /// The commit by which a member is in the stack.
    fn commit(&self, bead: &Bead, tip: &Oid, head: &Oid, tree: &Oid) -> Outcome<Oid> {
        let author = self.author(head)?;
        match self.rig.merge.style {
            MergeStyle::Merge => self.write(
                tree,
                &[tip, head],
                &author,
                &self.message(bead, &format!("Merge {}: {}", bead.id, bead.title)),
            ),
            MergeStyle::Squash => self.write(tree, &[tip], &author, &self.message(bead, &bead.title)),
            MergeStyle::Rebase => self.rebase(bead, tip, head, tree),
        }
    }

    fn author(&self, head: &Oid) -> Outcome<Person> {
        let info = bare::commit_info(&self.target.repo, head)?;
        Ok(Person { name: info.author, email: info.email })
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

    fn write(&self, tree: &Oid, parents: &[&Oid], author: &Person, message: &str) -> Outcome<Oid> {
        let commit = NewCommit { tree, parents, author, committer: &self.person, time: None, message };
        Ok(merge::commit_tree(&self.target.repo, &commit)?)
    }

    /// The commits of the member one by one on the stack. Where one of them cannot be replayed alone, or their sum is
    /// not the merge (the worker merged and resolved), the rest goes into one commit: the tree is always the merge's.
    fn rebase(&self, bead: &Bead, tip: &Oid, head: &Oid, tree: &Oid) -> Outcome<Oid> {
        let range = format!("{tip}..{head}");
        let listed =
            Git::on(&self.target.repo).run(&["rev-list", "--reverse", "--topo-order", "--no-merges", &range])?;
        let mut top = tip.clone();
        for commit in listed.lines() {
            let Some(replayed) = self.replay(&parse(commit)?, &top)? else { break };
            top = replayed;
        }
        if bare::tree_of(&self.target.repo, &top)? == *tree {
            return Ok(top);
        }
        let author = self.author(head)?;
        self.write(tree, &[&top], &author, &self.message(bead, &bead.title))
    }

    /// One commit on another parent. Merging in memory takes the common ancestor from history, so the commit's own
    /// parent is made the ancestor of two throw-away commits.
    fn replay(&self, commit: &Oid, onto: &Oid) -> Outcome<Option<Oid>> {
        let repo = &self.target.repo;
        let info = bare::commit_info(repo, commit)?;
        let [parent] = info.parents.as_slice() else { return Ok(None) };
        let bare_tree = |of: &Oid, parents: &[&Oid]| self.write(of, parents, &self.person, "replay\n");
        let ancestor = bare_tree(&bare::tree_of(repo, parent)?, &[])?;
        let ours = bare_tree(&bare::tree_of(repo, onto)?, &[&ancestor])?;
        let theirs = bare_tree(&info.tree, &[&ancestor])?;
        let Merged::Tree(tree) = merge::stack(repo, &ours, &theirs)? else { return Ok(None) };
        let author = Person { name: info.author, email: info.email };
        let message = Git::on(repo).run(&["log", "-1", "--format=%B", commit.as_str()])?;
        self.write(&tree, &[onto], &author, &format!("{message}\n")).map(Some)
    }
}
