//! Patience with endpoints: asks again after limits, outages and broken replies.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::ControlFlow;
use std::time::Duration;

use chrono::Utc;

use super::{Event, Model, ModelError, OnEvent, Reply, Request};
use crate::clock::Timestamp;

/// How long to go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How often a request is sent at most while the endpoint is limited, failing or out of reach.
    pub tries: u32,
    /// The first wait; each further one is twice as long.
    pub first: Duration,
    /// The longest wait. An endpoint that asks for a longer one gets no further try: who called decides then.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 6, first: Duration::from_secs(1), longest: Duration::from_secs(120) }
    }
}

/// How often a request whose reply broke off, was garbled or empty is sent at most: such a reply costs tokens.
const TRIES_FOR_A_BROKEN_REPLY: u32 = 2;

/// Time and chance, so that tests need neither.
pub(super) struct Surroundings {
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    pub sleep: Box<dyn Fn(Duration) + Send + Sync>,
    /// A number from 0 up to 1, another one each time.
    pub chance: Box<dyn Fn() -> f64 + Send + Sync>,
}

impl Default for Surroundings {
    #[expect(clippy::disallowed_methods, reason = "the real time and the real wait; tests bring their own")]
    fn default() -> Self {
        Self { now: Box::new(Utc::now), sleep: Box::new(std::thread::sleep), chance: Box::new(chance) }
    }
}

/// Each `RandomState` is seeded anew, which is chance enough to spread thirty workers.
fn chance() -> f64 {
    let number = RandomState::new().build_hasher().finish();
    (number >> 11) as f64 / (1u64 << 53) as f64
}

/// A model that is asked again when it makes sense.
pub(super) struct Patient<M> {
    pub model: M,
    pub patience: Patience,
    pub surroundings: Surroundings,
}

impl<M: Model> Patient<M> {
    pub fn new(model: M) -> Self {
        Self { model, patience: Patience::default(), surroundings: Surroundings::default() }
    }

    /// How long to wait before try number `next`, or `None` to give up.
    fn wait(&self, error: &ModelError, next: u32) -> Option<Duration> {
        let tries = match error {
            ModelError::Cut { .. } | ModelError::Garbled { .. } | ModelError::Empty { .. } => TRIES_FOR_A_BROKEN_REPLY,
            _ => self.patience.tries,
        };
        if !error.retryable() || next > tries {
            return None;
        }
        let chance = (self.surroundings.chance)();
        if let Some(until) = error.limited_until() {
            let asked = (until - (self.surroundings.now)()).to_std().unwrap_or_default();
            // Later is allowed, earlier is not.
            return (asked <= self.patience.longest).then(|| asked + self.patience.first.mul_f64(chance));
        }
        let doubled = self.patience.first * 2u32.pow(next.saturating_sub(2).min(16));
        Some(doubled.min(self.patience.longest).mul_f64(0.5 + chance / 2.0))
    }
}

impl<M: Model> Model for Patient<M> {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn turn(&self, request: &Request, on_event: &mut OnEvent<'_>) -> Result<Reply, ModelError> {
        let mut next = 2;
        loop {
            let error = match self.model.turn(request, on_event) {
                Err(error) => error,
                reply => return reply,
            };
            let Some(wait) = self.wait(&error, next) else { return Err(error) };
            if let ControlFlow::Break(()) = on_event(Event::Waiting { wait, reason: &error, next_try: next }) {
                return Err(ModelError::Interrupted);
            }
            (self.surroundings.sleep)(wait);
            if let ControlFlow::Break(()) = on_event(Event::Again) {
                return Err(ModelError::Interrupted);
            }
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::model::{Stop, Usage};

    /// Answers with the errors given, the last first, then with a reply.
    struct Failing(Mutex<Vec<ModelError>>);

    impl Model for Failing {
        fn name(&self) -> &str {
            "failing/one"
        }
        fn turn(&self, _: &Request, _: &mut OnEvent<'_>) -> Result<Reply, ModelError> {
            let error = self.0.lock().expect("no other thread panics").pop();
            error.map_or_else(
                || Ok(Reply { text: "ok".into(), calls: vec![], stop: Stop::Done, usage: Usage::default() }),
                Err,
            )
        }
    }

    fn start() -> Timestamp {
        "2026-03-01T10:00:00Z".parse().expect("a time")
    }

    fn limited(seconds: Option<i64>) -> ModelError {
        let until = seconds.map(|seconds| start() + chrono::TimeDelta::seconds(seconds));
        ModelError::Limited { endpoint: "e".into(), message: "m".into(), until }
    }

    fn failing() -> ModelError {
        ModelError::Failing { endpoint: "e".into(), status: 500, message: "m".into(), until: None }
    }

    fn cut() -> ModelError {
        ModelError::Cut { endpoint: "e".into(), received: 3, reason: "r".into() }
    }

    fn denied() -> ModelError {
        ModelError::Denied { endpoint: "e".into(), status: 401, message: "m".into(), check: "c" }
    }

    /// The outcome, the waits in milliseconds and whether every wait was told before it.
    fn run(errors: Vec<ModelError>, chance: f64) -> (Result<Reply, ModelError>, Vec<u128>) {
        let slept = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&slept);
        let surroundings = Surroundings {
            now: Box::new(start),
            sleep: Box::new(move |wait| log.lock().expect("no other thread panics").push(wait.as_millis())),
            chance: Box::new(move || chance),
        };
        let model = Failing(Mutex::new(errors.into_iter().rev().collect()));
        let patient = Patient { model, patience: Patience::default(), surroundings };
        let mut told = Vec::new();
        let result = patient.turn(&Request::default(), &mut |event| {
            if let Event::Waiting { wait, .. } = event {
                told.push(wait.as_millis());
            }
            ControlFlow::Continue(())
        });
        let slept = slept.lock().expect("no other thread panics").clone();
        assert_eq!(told, slept, "each wait is told");
        (result, slept)
    }

    #[test]
    fn waits() {
        let table: Vec<(Vec<ModelError>, f64, bool, &[u128])> = vec![
            (vec![], 0.0, true, &[]),
            (vec![limited(Some(7))], 0.0, true, &[7000]),
            (vec![limited(Some(7))], 0.5, true, &[7500]),
            (vec![limited(Some(-7))], 0.0, true, &[0]),
            (vec![limited(Some(121))], 0.0, false, &[]),
            (vec![limited(None), failing()], 1.0, true, &[1000, 2000]),
            (vec![failing(), failing()], 0.0, true, &[500, 1000]),
            ((0..9).map(|_| failing()).collect(), 1.0, false, &[1000, 2000, 4000, 8000, 16000]),
            (vec![cut()], 1.0, true, &[1000]),
            (vec![cut(), cut()], 1.0, false, &[1000]),
            (vec![failing(), cut()], 1.0, false, &[1000]),
            (vec![denied()], 1.0, false, &[]),
        ];
        for (errors, chance, success, expected) in table {
            let what = format!("{errors:?} at {chance}");
            let (result, slept) = run(errors, chance);
            assert_eq!((result.is_ok(), slept.as_slice()), (success, expected), "{what}");
        }
    }

    #[test]
    fn who_gives_up_says_until_when() {
        let error = run(vec![limited(Some(3600))], 0.0).0.expect_err("it is limited for an hour");
        assert_eq!(error.limited_until(), Some(start() + chrono::TimeDelta::hours(1)));
        assert!(error.to_string().contains("until 2026-03-01T11:00:00Z"), "{error}");
    }

    #[test]
    fn a_listener_that_breaks_ends_the_waiting() {
        let model = Failing(Mutex::new(vec![failing()]));
        let surroundings =
            Surroundings { sleep: Box::new(|_| panic!("nobody waits after a break")), ..Surroundings::default() };
        let patient = Patient { model, patience: Patience::default(), surroundings };
        let result = patient.turn(&Request::default(), &mut |_| ControlFlow::Break(()));
        assert!(matches!(result, Err(ModelError::Interrupted)));
    }

    #[test]
    fn chance_stays_in_its_range() {
        for _ in 0..1000 {
            assert!((0.0..1.0).contains(&chance()));
        }
        assert!((0..20).any(|_| chance() != chance()), "it is not always the same");
    }
}
