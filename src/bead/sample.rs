//! Beads for tests: small ones by hand, and any bead at all for property tests.

use chrono::DateTime;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::{
    Approval, Attempt, AttemptOutcome, Bead, Claim, Closing, Intent, Kind, Merge, Note, Offer, Resolution, State,
};
use crate::clock::Timestamp;
use crate::id::{Actor, BeadId, RoleName, WorkerRef};

/// The id `web-<suffix>`.
pub fn id(suffix: &str) -> BeadId {
    format!("web-{suffix}").parse().expect("tests give valid suffixes")
}

/// The moment `seconds` after a fixed one.
pub fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("in range")
}

/// An open bead whose title is its suffix.
pub fn bead(suffix: &str) -> Bead {
    Bead::new(id(suffix), suffix, at(0))
}

/// The polecat `web/<name>`.
pub fn worker(name: &str) -> WorkerRef {
    format!("web/polecats/{name}").parse().expect("tests give valid names")
}

/// A claim of `web/<name>`.
pub fn claim(name: &str) -> Claim {
    let lease = format!("{name:a<16}").parse().expect("letters");
    Claim { assignee: worker(name), lease, home: "homehomehome".parse().expect("letters") }
}

/// A merge of a commit full of ones.
pub fn merge() -> Merge {
    Merge::new("polecat/toast/web-abcde-1", "1".repeat(40), "2".repeat(40), "main", at(60))
}

/// Text of every kind that has ever broken a file format.
pub fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'''".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        Just("\\".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("[notes]\n".to_owned()),
        Just("\u{0}\u{7f}\u{85}\u{feff}\u{2028}".to_owned()),
        "[a-z ]{1,6}",
        any::<char>().prop_map(|c| c.to_string()),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn any_id() -> impl Strategy<Value = BeadId> {
    "[a-z][a-z0-9]{1,7}-[a-hjkmnp-t][2-9a-hjkmnp-t]{3,6}"
        .prop_map(|text| text.parse().expect("the pattern is the rule"))
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000i64).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).expect("in range"))
}

fn any_worker() -> impl Strategy<Value = WorkerRef> {
    "(web|api)/(polecats|crew)/(toast|nux)".prop_map(|text| text.parse().expect("valid"))
}

fn any_claim() -> impl Strategy<Value = Claim> {
    (any_worker(), "[a-z0-9]{16}", "[a-z0-9]{12}").prop_map(|(assignee, lease, home)| Claim {
        assignee,
        lease: lease.parse().expect("the pattern is the rule"),
        home: home.parse().expect("the pattern is the rule"),
    })
}

fn value() -> impl Strategy<Value = toml::Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(toml::Value::Integer),
        any::<bool>().prop_map(toml::Value::Boolean),
        (-1e9..1e9f64).prop_map(toml::Value::Float),
        text().prop_map(toml::Value::String),
        Just(toml::Value::Datetime("2026-01-31T12:00:00Z".parse().expect("valid"))),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(toml::Value::Array),
            vec(("[a-z .\"]{0,4}", inner), 0..3).prop_map(|entries| toml::Value::Table(entries.into_iter().collect())),
        ]
    })
}

fn unknown() -> impl Strategy<Value = toml::Table> {
    let key = prop_oneof!["x_[a-z]{1,3}", Just("x y".to_owned()), Just("x\"\n[".to_owned())];
    prop_oneof![3 => Just(toml::Table::new()), 1 => vec((key, value()), 1..3).prop_map(toml::Table::from_iter)]
}

fn any_merge() -> impl Strategy<Value = Merge> {
    let intent = (text(), text(), text(), vec(any_id(), 0..3), unknown());
    let intent = intent.prop_map(|(old, new, landed, members, extra)| Intent { old, new, landed, members, extra });
    let offer = (text(), text(), any::<bool>(), unknown());
    let offer = offer.prop_map(|(branch, commit, pushed, extra)| Offer { branch, commit, pushed, extra });
    let ways = (option::of(intent), option::of(text()), option::of(offer), vec(any_id(), 0..3));
    let approval = (any_worker(), time(), text(), unknown());
    let approval = approval.prop_map(|(by, at, head, extra)| Approval { by: Actor::Worker(by), at, head, extra });
    let queued = (time(), any::<i32>(), option::of(approval));
    let fields = (text(), "[0-9a-f]{40}", queued, ways, vec(text(), 0..3), unknown());
    fields.prop_map(|(branch, head, (submitted, place, approved), (intent, landed, offer, batch), gates, extra)| {
        Merge {
            place,
            approved,
            base: head.clone(),
            target: branch.clone(),
            branch,
            head,
            submitted,
            intent,
            landed,
            offer,
            batch,
            gates,
            extra,
        }
    })
}

fn outcome() -> impl Strategy<Value = AttemptOutcome> {
    proptest::sample::select(<AttemptOutcome as clap::ValueEnum>::value_variants())
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    let texts = (option::of(text()), text(), option::of(text()), vec(text(), 0..3));
    let fields = (1..9u32, outcome(), option::of(any_worker()), texts, unknown());
    fields.prop_map(|(number, outcome, worker, (head, reason, log, conflict), extra)| Attempt {
        number,
        outcome,
        worker,
        head,
        reason,
        log,
        conflict,
        extra,
    })
}

fn any_note() -> impl Strategy<Value = Note> {
    let by = prop_oneof![Just(Actor::Human), Just(Actor::Mayor), any_worker().prop_map(Actor::Worker)];
    (time(), by, text(), unknown()).prop_map(|(at, by, text, extra)| Note { at, by, text, extra })
}

fn place() -> impl Strategy<Value = (State, Option<Merge>)> {
    let resolution = proptest::sample::select(<Resolution as clap::ValueEnum>::value_variants());
    let closed = (resolution, time()).prop_map(|(resolution, at)| State::Closed(Closing { resolution, at }));
    prop_oneof![
        (Just(State::Open), option::of(any_merge())),
        (any_claim().prop_map(State::Hooked), option::of(any_merge())),
        (any_claim().prop_map(State::Submitted), any_merge().prop_map(Some)),
        (closed, option::of(any_merge())),
    ]
}

/// Any bead at all.
pub fn any_bead() -> impl Strategy<Value = Bead> {
    let kind = proptest::sample::select(<Kind as clap::ValueEnum>::value_variants());
    let words = (text(), text(), text(), option::of(text()), option::of(text()));
    let links = (option::of(any_id()), btree_set(any_id(), 0..4), btree_set(any_id(), 0..3), option::of(any_id()));
    let lists = (btree_set(text(), 0..3), vec(text(), 0..3), vec(any_attempt(), 0..4), vec(any_note(), 0..3));
    let role = "[a-z]{1,8}".prop_map(|text| text.parse::<RoleName>().expect("the pattern is the rule"));
    let rest = (time(), option::of(time()), option::of(any_worker()), unknown(), role, 0..=4u8, kind);
    (any_id(), place(), words, links, lists, rest).prop_map(|(id, place, words, links, lists, rest)| {
        let mut bead = Bead::new(id, words.0, rest.0);
        (bead.state, bead.merge) = place;
        (bead.description, bead.acceptance, bead.result, bead.budget) = (words.1, words.2, words.3, words.4);
        (bead.parent, bead.needs, bead.related, bead.discovered_from) = links;
        (bead.labels, bead.touches, bead.attempts, bead.notes) = lists;
        (bead.defer_until, bead.prefer, bead.extra) = (rest.1, rest.2, rest.3);
        (bead.role, bead.priority, bead.kind) = (rest.4, rest.5, rest.6);
        bead
    })
}
