//! `gt costs`: tokens and money of sessions, from what their agents write down.
//!
//! Money is what the agent itself reckons, else tokens by the prices of the settings. A model without a price has no
//! cost that is known, and an agent that writes no tokens has none at all: both are said, and count as nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use super::{OpenTown, Report, transcripts};
use crate::agent::transcript::{Count, Followed, Reading};
use crate::error::Outcome;
use crate::id::Actor;
use crate::model::{self, Usage};
use crate::store::SessionRow;
use crate::town::Price;

/// What costs are put together by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Each session.
    Session,
    /// Each bead.
    Bead,
    /// Each rig.
    Rig,
    /// Each day, in UTC.
    #[default]
    Day,
    /// Each agent.
    Agent,
    /// Each model.
    Model,
}

/// What was used by one of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Used {
    /// Which one.
    pub what: String,
    /// Tokens and replies.
    #[serde(flatten)]
    pub count: Count,
    /// What is known of the money, in US dollars.
    pub dollars: f64,
    /// Whether that is all of it.
    pub complete: bool,
}

/// What was used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs {
    /// By what it is put together.
    pub by: By,
    /// The first day that counts.
    pub since: Option<NaiveDate>,
    /// What was used by each.
    pub lines: Vec<Used>,
    /// All of it.
    pub total: Used,
    /// Models that have no price.
    pub unpriced: Vec<String>,
    /// Models that cost nothing, because their replies are played from a file.
    pub free: Vec<String>,
    /// Agents that write down no tokens, or had no transcript, and how many of their sessions there were.
    pub untold: BTreeMap<String, usize>,
    /// Sessions of whose transcripts a part was too long to be read.
    pub partly: usize,
}

impl Report for Costs {
    const SCHEMA: &'static str = "gt.costs/1";
}

/// Everything that was used since the day `since`, put together by `by`.
///
/// # Errors
/// When the local state cannot be read.
pub fn costs(open: &OpenTown, by: By, since: Option<NaiveDate>) -> Outcome<Costs> {
    let mut sum = Sum {
        prices: &open.settings.prices,
        by,
        since,
        lines: BTreeMap::new(),
        unpriced: BTreeSet::new(),
        free: BTreeSet::new(),
    };
    let (mut untold, mut partly) = (BTreeMap::new(), 0);
    let early = |row: &SessionRow| {
        let last = row.end.as_ref().map(|end| end.at.date_naive());
        since.is_some_and(|since| last.is_some_and(|last| last < since))
    };
    for row in open.state()?.sessions()?.into_iter().filter(|row| !early(row)) {
        match transcripts::last(open, &row)?.filter(|followed| !followed.reading.tokens.is_empty()) {
            None => *untold.entry(row.agent).or_default() += 1,
            Some(Followed { reading, skipped, .. }) => {
                partly += usize::from(skipped > 0);
                sum.add(&row, &reading);
            }
        }
    }
    Ok(sum.into_costs(untold, partly))
}

struct Sum<'a> {
    prices: &'a BTreeMap<String, Price>,
    by: By,
    since: Option<NaiveDate>,
    lines: BTreeMap<String, Used>,
    unpriced: BTreeSet<String>,
    free: BTreeSet<String>,
}

impl Sum<'_> {
    fn add(&mut self, row: &SessionRow, reading: &Reading) {
        let counts = |day: &str| self.since.is_none_or(|since| day.parse().is_ok_and(|day: NaiveDate| day >= since));
        let days: Vec<&String> = reading.tokens.keys().filter(|day| counts(day)).collect();
        for day in days {
            let models = &reading.tokens[day];
            let told = reading.money.get(day).copied().filter(|dollars| *dollars > 0.0);
            let whole: u64 = models.values().map(|count| count.tokens.total()).sum();
            for (model, count) in models {
                // Money that an agent tells is of the day: each model has its part by its tokens.
                let part = told.map(|dollars| dollars * count.tokens.total() as f64 / whole.max(1) as f64);
                self.put(self.what(row, day, model), model, *count, part);
            }
        }
    }

    fn what(&self, row: &SessionRow, day: &str, model: &str) -> String {
        match self.by {
            By::Session => row.id.to_string(),
            By::Bead => row.bead.as_ref().map_or_else(|| "no bead".to_owned(), ToString::to_string),
            By::Rig => match &row.worker {
                Actor::Worker(worker) => worker.rig.to_string(),
                other => other.to_string(),
            },
            By::Day => day.to_owned(),
            By::Agent => row.agent.clone(),
            By::Model => model.to_owned(),
        }
    }

    fn put(&mut self, what: String, model: &str, count: Count, told: Option<f64>) {
        let priced = || self.prices.get(model).map(|price| price.of(count.tokens));
        let dollars = told.or_else(priced).or_else(|| model::scripted::is_scripted(model).then_some(0.0));
        if dollars == Some(0.0) && model::scripted::is_scripted(model) {
            self.free.insert(model.to_owned());
        }
        if dollars.is_none() && count.tokens != Usage::default() {
            self.unpriced.insert(model.to_owned());
        }
        let fresh = Used { what: what.clone(), complete: true, ..Used::default() };
        let line = self.lines.entry(what).or_insert(fresh);
        line.complete &= dollars.is_some();
        line.dollars += dollars.unwrap_or_default();
        line.count.tokens += count.tokens;
        line.count.replies += count.replies;
    }

    fn into_costs(self, untold: BTreeMap<String, usize>, partly: usize) -> Costs {
        let mut lines: Vec<Used> = self.lines.into_values().collect();
        lines.iter_mut().for_each(|line| line.dollars = rounded(line.dollars));
        let complete = lines.iter().all(|line| line.complete) && partly == 0;
        let mut total = Used { what: "all".to_owned(), complete, ..Used::default() };
        for line in &lines {
            total.count.tokens += line.count.tokens;
            total.count.replies += line.count.replies;
            total.dollars = rounded(total.dollars + line.dollars);
        }
        let [unpriced, free] = [self.unpriced, self.free].map(|models| models.into_iter().collect());
        Costs { by: self.by, since: self.since, lines, total, unpriced, free, untold, partly }
    }
}

/// To a millionth of a dollar, which is less than a token costs.
fn rounded(dollars: f64) -> f64 {
    (dollars * 1e6).round() / 1e6
}
