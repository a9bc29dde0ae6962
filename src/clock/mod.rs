//! Time that tests can fix.
//!
//! Roles never ask for the time, they are given it; verbs ask a [`Clock`] once per step.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset, SubsecRound, TimeZone, Utc};

use crate::env;

/// A moment, in UTC with whole seconds: the precision of the ledger.
pub type Timestamp = DateTime<Utc>;

/// Where the time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always the same moment.
    Fixed(Timestamp),
}

impl Clock {
    /// The clock that `GT_CLOCK` fixes, else the machine's. A value that is no RFC 3339 time is ignored.
    pub fn from_env() -> Self {
        match std::env::var(env::CLOCK).ok().and_then(|text| DateTime::parse_from_rfc3339(&text).ok()) {
            Some(time) => Self::Fixed(time.with_timezone(&Utc).trunc_subsecs(0)),
            None => Self::System,
        }
    }

    /// The present moment.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Utc::now().trunc_subsecs(0),
            Self::Fixed(time) => time,
        }
    }
}

/// RFC 3339 in UTC with whole seconds and a `Z`, as every document of the ledger has it.
pub fn rfc3339(time: Timestamp) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// A duration for people: `8s`, `3m`, `2h`, `5d`, the largest unit that is at least one.
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A time of the machine in the precision of the ledger.
pub fn whole_seconds(time: SystemTime) -> Timestamp {
    Timestamp::from(time).trunc_subsecs(0)
}

/// How long ago `then` was; zero when it lies ahead.
pub fn since(now: Timestamp, then: Timestamp) -> Duration {
    (now - then).to_std().unwrap_or_default()
}

/// How far the clocks of this machine's place are ahead of UTC at that time.
pub fn local_offset(time: Timestamp) -> FixedOffset {
    chrono::Local.offset_from_utc_datetime(&time.naive_utc())
}
