//! Writes a bead's file.

use super::Writer;
use crate::bead::{Approval, Attempt, Bead, Intent, Merge, Note, Offer, State, word};

impl Bead {
    /// The bead's file: the same bytes for the same bead. Empty fields are left out.
    pub fn render(&self) -> String {
        let mut out = Writer::new();
        out.text("id", self.id.as_str());
        out.group().text("title", &self.title);
        self.write_state(&mut out);
        self.write_place(&mut out);
        self.write_prose(&mut out);
        out.unknown_values(&self.extra);
        if let Some(merge) = &self.merge {
            write_merge(&mut out, merge);
        }
        self.attempts.iter().for_each(|attempt| write_attempt(&mut out, attempt));
        self.notes.iter().for_each(|note| write_note(&mut out, note));
        out.unknown_tables(&self.extra);
        out.finish()
    }

    /// The claim group stands together: two claims at once must not merge as text.
    fn write_state(&self, out: &mut Writer) {
        out.group().text("status", &word(self.status()));
        match &self.state {
            State::Open => {}
            State::Hooked(claim) | State::Submitted(claim) => {
                out.text("assignee", &claim.assignee.to_string());
                out.text("lease", claim.lease.as_str());
                out.text("home", claim.home.as_str());
            }
            State::Closed(closing) => {
                out.text("closed_as", &word(closing.resolution)).time("closed", closing.at);
            }
        }
    }

    fn write_place(&self, out: &mut Writer) {
        out.group().text("kind", &word(self.kind));
        out.group().plain("priority", self.priority);
        out.group().text("role", self.role.as_str());
        grouped(out, "parent", self.parent.as_ref());
        listed(out, "labels", &self.labels);
        listed(out, "needs", &self.needs);
        listed(out, "related", &self.related);
        grouped(out, "discovered_from", self.discovered_from.as_ref());
        grouped(out, "prefer", self.prefer.as_ref());
        grouped(out, "agent", self.agent.as_ref());
        grouped(out, "model", self.model.as_ref());
        grouped(out, "effort", self.effort.as_ref());
        grouped(out, "profile", self.profile.as_ref());
        listed(out, "extra_args", &self.extra_args);
        grouped(out, "from", self.from.as_ref());
        listed(out, "touches", &self.touches);
        grouped(out, "budget", self.budget.as_ref());
        out.group().time("created", self.created);
        if let Some(time) = self.defer_until {
            out.group().time("defer_until", time);
        }
    }

    fn write_prose(&self, out: &mut Writer) {
        let result = self.result.as_deref();
        if !self.description.is_empty() {
            out.group().prose("description", &self.description);
        }
        if !self.acceptance.is_empty() {
            out.group().prose("acceptance", &self.acceptance);
        }
        if let Some(result) = result {
            out.group().prose("result", result);
        }
    }
}

fn grouped<T: std::fmt::Display>(out: &mut Writer, key: &str, value: Option<T>) {
    if let Some(value) = value {
        out.group().option(key, Some(value));
    }
}

fn listed<'i, T: std::fmt::Display + 'i>(out: &mut Writer, key: &str, items: impl IntoIterator<Item = &'i T>) {
    let mut items = items.into_iter().peekable();
    if items.peek().is_some() {
        out.group().list(key, items);
    }
}

fn write_merge(out: &mut Writer, merge: &Merge) {
    out.heading("merge", false);
    out.text("branch", &merge.branch).text("head", &merge.head).text("base", &merge.base);
    out.text("target", &merge.target).time("submitted", merge.submitted);
    if merge.place != 0 {
        out.plain("place", merge.place);
    }
    out.option("landed", merge.landed.as_ref());
    if !merge.batch.is_empty() {
        out.list("batch", &merge.batch);
    }
    if !merge.gates.is_empty() {
        out.list("gates", &merge.gates);
    }
    out.unknown(&merge.extra);
    if let Some(Approval { by, at, head, extra }) = &merge.approved {
        out.heading("merge.approved", false);
        out.text("by", &by.to_string()).time("at", *at).text("head", head).unknown(extra);
    }
    if let Some(Offer { branch, commit, pushed, extra }) = &merge.offer {
        out.heading("merge.offer", false);
        out.text("branch", branch).text("commit", commit).plain("pushed", pushed).unknown(extra);
    }
    if let Some(Intent { old, new, landed, members, extra }) = &merge.intent {
        out.heading("merge.intent", false);
        out.text("old", old).text("new", new).text("landed", landed).list("members", members).unknown(extra);
    }
}

fn write_attempt(out: &mut Writer, attempt: &Attempt) {
    out.heading("attempts", true);
    out.plain("number", attempt.number).text("outcome", &word(attempt.outcome));
    out.option("worker", attempt.worker.as_ref()).option("head", attempt.head.as_ref());
    out.prose("reason", &attempt.reason).option("log", attempt.log.as_ref());
    if !attempt.conflict.is_empty() {
        out.list("conflict", &attempt.conflict);
    }
    out.unknown(&attempt.extra);
}

fn write_note(out: &mut Writer, note: &Note) {
    out.heading("notes", true);
    out.time("at", note.at).text("by", &note.by.to_string()).prose("text", &note.text);
    out.unknown(&note.extra);
}
