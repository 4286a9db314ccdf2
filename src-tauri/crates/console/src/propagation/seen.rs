//! What a look shows of the changes that are followed.

use halyard_model::{
    Answer, Content, FlagKey, FlagPart, LaneFacts, Showing, Shown, Sighting, Surface, SurfaceRecord,
    SurfaceRule, Timestamp, flag_part,
};
use halyard_provider::{DocumentText, ServedFlag};
use serde_json::Value;

use super::{follow::Follow, pace::Read};
use crate::{Console, ConsoleError, state::Site};

/// One reading of a surface, as far as checks need it.
pub(crate) struct Seen {
    /// When it began …
    pub(crate) at: Timestamp,
    /// … and ended.
    pub(crate) until: Timestamp,
    /// When the document says that it last changed.
    pub(crate) document_updated_at: Option<Timestamp>,
    /// The document, where it is Flagsmith's.
    pub(crate) document: Option<DocumentText>,
    /// The flags: as held where it is the admin API, else as answered to
    /// nobody in particular.
    pub(crate) flags: Option<Vec<ServedFlag>>,
}

/// A surface after a look at it.
#[derive(Clone, Copy)]
pub(crate) struct Looked<'a> {
    pub(crate) surface: &'a Surface,
    pub(crate) rule: SurfaceRule,
    pub(crate) record: &'a SurfaceRecord,
    pub(crate) admin: &'a SurfaceRecord,
}

impl Seen {
    /// What it shows of one flag.
    fn of(&self, surface: &Surface, document: Option<&Value>, follow: &Follow) -> Sighting {
        let flag = |key: &FlagKey| self.flags.iter().flatten().find(|one| one.key == *key);
        let found = flag(&follow.flag);
        let admin = *surface == Surface::Admin;
        let held = match document {
            Some(document) => match flag_part(document, &follow.flag) {
                Some(part) => Shown::As(part),
                None if follow.server_only && !admin => Shown::Unread,
                None => Shown::Absent,
            },
            None if admin && self.flags.is_some() => found.map_or(Shown::Absent, |one| {
                Shown::As(FlagPart {
                    digest: None,
                    content: Content {
                        enabled: one.enabled.unwrap_or_default(),
                        value: one.value.clone(),
                    },
                })
            }),
            None => Shown::Unread,
        };
        let answered = match surface {
            Surface::Admin => false,
            Surface::FlagsApi => true,
            Surface::EdgeProxy(_) => !follow.overridden,
        };
        let answer = match (&self.flags, found) {
            (Some(_), Some(one)) if answered => Shown::As(Answer {
                enabled: one.enabled,
                value: one.value.clone(),
            }),
            (Some(_), None) if answered => Shown::Absent,
            _ => Shown::Unread,
        };
        Sighting {
            at: self.at,
            until: self.until,
            document_updated_at: self.document_updated_at,
            held,
            answer,
        }
    }
}

impl Console {
    /// Whether any check of an environment is going on.
    pub(crate) fn is_followed(&self, site: &Site) -> bool {
        self.volatile().follows.at(site).next().is_some()
    }

    /// Tells the checks of an environment what a look showed; `None` where it
    /// failed or was answered "not modified".
    pub(crate) async fn checks_saw(
        &self,
        site: &Site,
        looked: Looked<'_>,
        seen: Option<Seen>,
    ) -> Result<(), ConsoleError> {
        if !self.is_followed(site) {
            return Ok(());
        }
        let endpoint = self.known_connection(&site.0).await?.endpoint;
        let proxy = endpoint
            .edge_proxies()
            .iter()
            .find(|proxy| *looked.surface == Surface::EdgeProxy(proxy.base.clone()));
        let document: Option<Value> = seen
            .as_ref()
            .and_then(|seen| serde_json::from_str(&seen.document.as_ref()?.0).ok());
        let now = self.inner.clock.now();
        let read = match (&seen, &looked.record.failing) {
            (None, Some(failing)) => Read::Failed(failing.retry_at),
            _ => Read::Answered,
        };
        // Written down in turn, so that an older state never follows a newer one.
        let _turn = self.inner.follow_turn.lock().await;
        let changed = {
            let follows = &mut self.volatile().follows;
            let mut changed = Vec::new();
            for follow in follows.at(site) {
                let before = follow.kept(true);
                if let Some(seen) = &seen {
                    let sighting = seen.of(looked.surface, document.as_ref(), follow);
                    follow.saw(looked.surface, &sighting);
                }
                let facts = LaneFacts {
                    published_at: follow.followed.published_at,
                    rule: looked.rule,
                    proxy,
                    record: looked.record,
                    reference: looked.admin.reference(),
                    queue: None,
                };
                follow.judge(looked.surface, facts, now);
                follow.paced(looked.surface, read, now);
                let after = follow.kept(!follow.is_over());
                if after != before {
                    changed.push(after);
                }
            }
            changed
        };
        for check in changed {
            self.keep_propagation(check).await?;
        }
        self.volatile().follows.drop_over(site);
        Ok(())
    }
}

impl Follow {
    fn saw(&mut self, surface: &Surface, sighting: &Sighting) {
        let showing = if *surface == Surface::Admin {
            let showing = self.followed.held(sighting);
            self.admin_read |= matches!(showing, Showing::Change | Showing::Newer);
            showing
        } else {
            self.followed.seen(sighting)
        };
        let published_at = self.followed.published_at;
        for one in self.lanes.iter_mut().filter(|one| one.lane.surface == *surface) {
            one.lane
                .showed(showing, published_at, sighting.at, sighting.until);
        }
    }

    fn judge(&mut self, surface: &Surface, facts: LaneFacts<'_>, now: Timestamp) {
        for one in self.lanes.iter_mut().filter(|one| one.lane.surface == *surface) {
            one.lane.judge(facts, now);
        }
    }
}
