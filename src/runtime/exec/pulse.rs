//! When a session has its town looked after while its agent lives.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::super::{Launch, Pulse, now};
use crate::clock::since;
use crate::store::written_at;

/// The moments at which nobody else has looked after the town for long enough.
pub struct Beats<'a> {
    pulse: Option<&'a Pulse>,
    interval: Option<Interval>,
}

impl<'a> Beats<'a> {
    /// Those of a session; never, where it has no pulse.
    pub fn of(launch: &'a Launch) -> Self {
        let pulse = launch.pulse.as_ref().filter(|pulse| pulse.seconds > 0);
        let interval = pulse.map(|pulse| {
            let period = Duration::from_secs(pulse.seconds);
            let mut interval = interval_at(Instant::now() + period, period);
            // A machine that slept needs one look, not one for each that it missed.
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        });
        Self { pulse, interval }
    }

    /// Waits for the next one. May be given up and waited for again.
    pub async fn next(&mut self) {
        let (Some(pulse), Some(interval)) = (self.pulse, &mut self.interval) else { return pending().await };
        loop {
            interval.tick().await;
            // The one before was a moment after its beat: a whole interval would leave out every other one.
            let young = |at| 2 * since(now(), at) < Duration::from_secs(pulse.seconds);
            if !written_at(&pulse.unless).is_some_and(young) {
                return;
            }
        }
    }
}
