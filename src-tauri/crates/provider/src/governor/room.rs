//! Whether one more request may leave: by what the service said is left, by our
//! own count, or by a gentle pace where nothing is known.

use std::time::Duration;

use tokio::time::Instant;

use super::account::{State, Told};
use super::terms::MINUTE;
use crate::Urgency;

/// How many may be on their way while it is not known, or no longer known,
/// what is left: those who share a key leave more than that to each other.
const UNINFORMED: usize = 4;

/// Whether one more may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Now,
    /// Not before this moment, at the latest.
    At(Instant),
    /// Not before one of those on their way is answered.
    AfterAnAnswer,
}

impl State {
    /// Whether one more request of this urgency may leave.
    pub(super) fn room(&mut self, urgency: Urgency, now: Instant) -> Room {
        if let Some(until) = self.paused_until {
            if until > now {
                return Room::At(until);
            }
            self.paused_until = None;
            self.alone = true;
        }
        let in_flight = self.ledger.in_flight();
        if in_flight > 0 && self.alone {
            return Room::AfterAnAnswer;
        }
        let full = match urgency {
            Urgency::Interactive => in_flight >= self.places(),
            Urgency::Background => {
                in_flight >= self.places() || self.ledger.background_in_flight() >= self.background_places()
            }
        };
        if full || (in_flight >= UNINFORMED && self.is_uninformed(now)) {
            return Room::AfterAnAnswer;
        }
        match (self.told, self.limit()) {
            (Some(told), _) if told.at + MINUTE > now => self.room_as_told(told, urgency, now),
            (_, Some(limit)) => self.room_as_counted(limit, urgency, now),
            (_, None) => self.room_by_pace(urgency, now),
        }
    }

    /// Whether what is left is told by the service and was not told lately.
    fn is_uninformed(&self, now: Instant) -> bool {
        self.terms.tells && self.told.is_none_or(|told| told.at + MINUTE / 30 <= now)
    }

    fn room_by_pace(&self, urgency: Urgency, now: Instant) -> Room {
        match (urgency, self.last_background) {
            (Urgency::Background, Some(last)) if last + self.terms.pace > now => {
                Room::At(last + self.terms.pace)
            }
            _ => Room::Now,
        }
    }

    fn room_as_counted(&self, limit: u32, urgency: Urgency, now: Instant) -> Room {
        let window = self.window();
        let kept = match urgency {
            Urgency::Interactive => 0,
            // A limit of one is for whoever comes.
            Urgency::Background => self.kept_from_background(limit).min(limit as usize - 1),
        };
        let used = self.ledger.used(window, now) + self.others.used(window, now);
        let most = (limit as usize).saturating_sub(kept).max(1);
        if used < most {
            return Room::Now;
        }
        let freed = self.falls_by(used + 1 - most, window, now);
        match (urgency, self.trickle(limit, window, now)) {
            (Urgency::Background, Some(moment)) if used < limit as usize => {
                earlier(freed, Room::At(moment), now)
            }
            _ => freed,
        }
    }

    /// By the service's own count, which includes what others use. Where that
    /// leaves nothing, one request goes ahead to ask again when there is
    /// reason to think that there is room.
    fn room_as_told(&mut self, told: Told, urgency: Urgency, now: Instant) -> Room {
        let limit = told.limit as usize;
        let in_flight = self.ledger.in_flight();
        // Those which the service may not have counted when it said so. The
        // one it was said to is among those answered since it left.
        let uncounted = in_flight + self.ledger.answered_after(told.left).saturating_sub(1);
        let left = (told.remaining as usize).saturating_sub(uncounted);
        let shared = self.others.were_seen(MINUTE, now);
        let reserve = Self::reserve(told.limit);
        let kept = match urgency {
            Urgency::Background => self.kept_from_background(told.limit),
            // Others see what is used only after it was.
            Urgency::Interactive if shared => limit / 40,
            Urgency::Interactive => limit / 100,
        };
        if urgency == Urgency::Interactive && shared && left <= reserve && in_flight >= 2 {
            return Room::AfterAnAnswer;
        }
        if urgency == Urgency::Background
            && let Some(moment) = self.over_fair_share(told.limit, now)
        {
            return moment;
        }
        if left > kept {
            return Room::Now;
        }
        let mut room = self.room_to_ask_again(told, kept, now);
        if urgency == Urgency::Background
            && left > limit / 40
            && let Some(moment) = self.trickle(told.limit, MINUTE, now)
        {
            room = earlier(room, Room::At(moment), now);
        }
        room
    }

    /// When one may go ahead to learn how much is left now.
    fn room_to_ask_again(&mut self, told: Told, kept: usize, now: Instant) -> Room {
        if self.ledger.in_flight() > 0 {
            return Room::AfterAnAnswer;
        }
        let used = self.ledger.used(MINUTE, now) + self.others.used(MINUTE, now);
        let most = (told.limit as usize).saturating_sub(kept).max(1);
        if used < most {
            return Room::Now;
        }
        let freed = self.falls_by(used + 1 - most, MINUTE, now);
        // The service's own word on when the window frees is followed now and
        // then only: others may be quicker.
        let spacing = MINUTE / 20;
        let Some(resets) = told.resets else {
            return freed;
        };
        let moment = resets.max(self.last_probe.map_or(resets, |last| last + spacing));
        if moment <= now {
            self.last_probe = Some(now);
        }
        earlier(freed, Room::At(moment), now)
    }

    /// When `used` will have fallen by `many`.
    fn falls_by(&self, many: usize, window: Duration, now: Instant) -> Room {
        if self.others.used(window, now) == 0 {
            return self
                .ledger
                .falls_by(many, window, now)
                .map_or(Room::AfterAnAnswer, Room::At);
        }
        let mut moments = self.ledger.expiries(window, now);
        moments.extend(self.others.expiries(window, now));
        moments.sort_unstable();
        many.checked_sub(1)
            .and_then(|nth| moments.get(nth))
            .map_or(Room::AfterAnAnswer, |moment| Room::At(*moment))
    }

    /// Where the background has had hardly anything of this window, whoever
    /// had it, one of its requests may go from the reserve now and then: it
    /// never starves, and others see that it is there.
    fn trickle(&self, limit: u32, window: Duration, now: Instant) -> Option<Instant> {
        let share = self.ledger.background_used(window, now);
        if share >= (limit as usize / 10).max(1) {
            return None;
        }
        Some(self.last_background.map_or(now, |last| last + window / 20))
    }

    /// Where others use the key too, the background takes no more than half,
    /// or what they leave and a part that lets them grow.
    fn over_fair_share(&self, limit: u32, now: Instant) -> Option<Room> {
        let others = self.others.used(MINUTE, now);
        let limit = limit as usize;
        if others == 0 || others < limit / 100 {
            return None;
        }
        let usable = limit.saturating_sub(self.kept_from_background(limit as u32));
        let growth = others.max(limit / 10);
        let share = usable.saturating_sub(others + growth).max(usable / 2).max(1);
        let own = self.ledger.used(MINUTE, now);
        if own < share {
            return None;
        }
        let freed = self.ledger.falls_by(own + 1 - share, MINUTE, now);
        Some(freed.map_or(Room::AfterAnAnswer, Room::At))
    }
}

/// The earlier of two. A moment that has come is now.
fn earlier(one: Room, other: Room, now: Instant) -> Room {
    let come = |room: Room| matches!(room, Room::Now) || matches!(room, Room::At(moment) if moment <= now);
    match (one, other) {
        (one, other) if come(one) || come(other) => Room::Now,
        (Room::At(one), Room::At(other)) => Room::At(one.min(other)),
        (Room::At(moment), _) | (_, Room::At(moment)) => Room::At(moment),
        _ => Room::AfterAnAnswer,
    }
}
