//! Time and randomness, passed in so that a run can be repeated.

use progy_core::progress::Day;
use progy_core::{SaveId, Timestamp};

/// What a device gets from its surroundings besides files and network.
pub trait Env {
    /// The device's clock. It may jump.
    fn now(&self) -> Timestamp;

    /// The learner's civil date now, in the device's time zone.
    fn today(&self) -> Day;

    /// 16 random bytes.
    fn random(&self) -> [u8; 16];

    /// A fresh name for an act of saving.
    fn save_id(&self) -> SaveId {
        let digits: String = self.random().iter().map(|byte| format!("{byte:02x}")).collect();
        // 32 lower-case hexadecimal digits are a save id by construction.
        SaveId::new(&digits).unwrap_or_else(|_| unreachable!())
    }
}

/// The system's clock and random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnv;

impl SystemEnv {
    /// The distance of the device's clock from UTC now, in minutes; east is positive.
    pub fn utc_offset(self) -> i32 {
        jiff::Zoned::now().offset().seconds() / 60
    }
}

impl Env for SystemEnv {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    fn today(&self) -> Day {
        let date = jiff::Zoned::now().date();
        let epoch = jiff::civil::date(1970, 1, 1);
        let days = date.since((jiff::Unit::Day, epoch)).map_or(0, |span| span.get_days());
        Day::from_days_since_epoch(days)
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        // Fails only where the system has no random source at all; then the clock is the best
        // there is, and a save id that comes up twice is still refused by the server.
        if getrandom::fill(&mut bytes).is_err() {
            bytes = jiff::Timestamp::now().as_nanosecond().to_le_bytes();
        }
        bytes
    }
}
