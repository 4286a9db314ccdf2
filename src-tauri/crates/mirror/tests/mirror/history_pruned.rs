//! Letting go of old moments: what is left reads as it did before.

use std::collections::BTreeMap;

use halyard_mirror::{Mirror, MomentFilter};
use halyard_model::{Flag, FlagValue, Moment, MomentId, Retention, Segment, Snapshot, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use sqlx::Row;

use crate::samples::{connection, environment, flag, furnish, furnished, id, key, open_ready, raw, segment};

const DAY: i64 = 24 * 3_600_000;

/// One thing that happens to an environment.
#[derive(Clone, Debug)]
enum Step {
    /// A flag gets a value; one that is not there is added.
    Set(u8, u8),
    Remove(u8),
    /// The flags come in another order.
    Turn(u8),
    /// A segment's override of a flag.
    Override(u8, u8, u8),
    Envelope(u8),
    Again,
    Name(u8),
    Pin(u8),
    /// Keeps the last so many days.
    Prune(u8),
    /// Keeps about so many moments' worth of bytes.
    Shrink,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..8_u8, 0..4_u8).prop_map(|(flag, value)| Step::Set(flag, value)),
        2 => (0..8_u8).prop_map(Step::Remove),
        2 => any::<u8>().prop_map(Step::Turn),
        4 => (0..3_u8, 0..8_u8, 0..3_u8).prop_map(|(segment, flag, value)| Step::Override(segment, flag, value)),
        1 => (0..3_u8).prop_map(Step::Envelope),
        2 => Just(Step::Again),
        1 => any::<u8>().prop_map(Step::Name),
        1 => any::<u8>().prop_map(Step::Pin),
        2 => (0..12_u8).prop_map(Step::Prune),
        1 => Just(Step::Shrink),
    ];
    prop::collection::vec(step, 1..40)
}

/// What an environment is, in the model.
#[derive(Clone, Debug, Default)]
struct Shop {
    flags: Vec<(u8, u8)>,
    overrides: BTreeMap<u8, Vec<(u8, u8)>>,
    envelope: u8,
}

impl Shop {
    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Set(flag, value) => match self.flags.iter_mut().find(|(key, _)| *key == flag) {
                Some(held) => held.1 = value,
                None => self
                    .flags
                    .insert(usize::from(value) % (self.flags.len() + 1), (flag, value)),
            },
            Step::Remove(flag) => self.flags.retain(|(key, _)| *key != flag),
            Step::Turn(by) if !self.flags.is_empty() => {
                let length = self.flags.len();
                self.flags.rotate_left(usize::from(by) % length);
            }
            Step::Override(segment, flag, value) => {
                let list = self.overrides.entry(segment).or_default();
                match list.iter_mut().find(|(key, _)| *key == flag) {
                    Some(held) if held.1 == value => list.retain(|(key, _)| *key != flag),
                    Some(held) => held.1 = value,
                    None => list.push((flag, value)),
                }
            }
            Step::Envelope(value) => self.envelope = value,
            _ => {}
        }
    }

    fn snapshot(&self, at: i64) -> Snapshot {
        let state = |flag: u8, value: u8| {
            json!({"feature": {"name": format!("flag_{flag}")}, "feature_state_value": value,
                   "text": "the same words in each of them ".repeat(3)})
        };
        let states = |list: &[(u8, u8)]| -> Vec<Value> {
            list.iter().map(|(flag, value)| state(*flag, *value)).collect()
        };
        let segments: Vec<_> = self
            .overrides
            .iter()
            .map(|(number, list)| json!({"id": number, "name": format!("segment {number}"), "feature_states": states(list)}))
            .collect();
        let document = json!({
            "name": self.envelope, "feature_states": states(&self.flags), "updated_at": format!("at {at}"),
            "project": {"segments": segments}, "identity_overrides": [],
        });
        let flags: Vec<Flag> = self
            .flags
            .iter()
            .map(|(number, value)| {
                let mut flag = flag(&format!("flag_{number}"));
                flag.state.value = FlagValue(json!(value));
                flag
            })
            .collect();
        let segments: Vec<Segment> = self
            .overrides
            .keys()
            .map(|number| Segment {
                remote_id: number.to_string(),
                ..segment(&format!("segment {number}"))
            })
            .collect();
        Snapshot {
            environment: key("staging"),
            fetched_at: Timestamp(at),
            document: document.to_string(),
            document_updated_at: None,
            flags,
            segments,
        }
    }
}

async fn all(mirror: &Mirror) -> Vec<Moment> {
    let filter = MomentFilter {
        limit: 10_000,
        ..MomentFilter::default()
    };
    let mut moments = mirror.moments(&filter).await.unwrap();
    moments.reverse();
    moments
}

/// Without what is no content.
fn content(snapshot: &Snapshot) -> (String, Vec<Flag>, Vec<Segment>) {
    (
        snapshot.document.clone(),
        snapshot.flags.clone(),
        snapshot.segments.clone(),
    )
}

async fn expect(mirror: &Mirror, model: &BTreeMap<i64, Snapshot>, step: &Step) {
    let moments = all(mirror).await;
    for moment in &moments {
        let opened = mirror.open_moment(moment.id).await.unwrap().unwrap();
        assert_eq!(opened.damaged, [], "{step:?}");
        assert_eq!(
            content(&opened.snapshot),
            content(&model[&moment.first_seen.0]),
            "{step:?}"
        );
    }
    assert_eq!(mirror.check_history().await.unwrap(), [], "{step:?}");
    assert_eq!(moments.first().and_then(|moment| moment.before), None, "{step:?}");
    assert!(
        moments.first().is_none_or(|moment| moment.touched.is_empty()),
        "{step:?}"
    );
    for pair in moments.windows(2) {
        let touched = mirror
            .touched_between(pair[0].id, pair[1].id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(pair[1].touched, touched, "{step:?}");
        assert_eq!(pair[1].before, Some(pair[0].last_seen), "{step:?}");
    }
}

async fn run(steps: Vec<Step>) {
    let mirror = furnished().await;
    let mut shop = Shop::default();
    let mut model = BTreeMap::new();
    let mut at = 0;
    for step in steps {
        let moments = all(&mirror).await;
        let pick = |number: u8| {
            moments
                .get(usize::from(number) % moments.len().max(1))
                .map(|moment| moment.id)
        };
        match step {
            Step::Name(number) => {
                if let Some(id) = pick(number) {
                    mirror.name_moment(id, Some("named")).await.unwrap();
                }
            }
            Step::Pin(number) => {
                if let Some(id) = pick(number) {
                    let pinned = mirror.moment(id).await.unwrap().unwrap().pinned;
                    mirror.pin_moment(id, !pinned).await.unwrap();
                }
            }
            Step::Prune(days) => {
                let keep = Retention {
                    days: Some(u32::from(days)),
                    bytes: None,
                };
                let gone = mirror.prune_history(&keep, Timestamp(at)).await.unwrap();
                let until = at - i64::from(days) * DAY;
                let newest = moments.last().map(|moment| moment.id);
                let kept = |moment: &Moment| {
                    moment.pinned
                        || moment.name.is_some()
                        || Some(moment.id) == newest
                        || moment.last_seen.0 >= until
                };
                let expected: Vec<MomentId> = moments
                    .iter()
                    .filter(|moment| kept(moment))
                    .map(|moment| moment.id)
                    .collect();
                let left: Vec<MomentId> = all(&mirror).await.iter().map(|moment| moment.id).collect();
                assert_eq!(left, expected);
                assert_eq!(gone as usize, moments.len() - left.len());
            }
            Step::Shrink => {
                let keep = Retention {
                    days: None,
                    bytes: Some(1),
                };
                mirror.prune_history(&keep, Timestamp(at)).await.unwrap();
                let newest = moments.last().map(|moment| moment.id);
                for moment in &moments {
                    let stays = moment.pinned || moment.name.is_some() || Some(moment.id) == newest;
                    assert_eq!(mirror.moment(moment.id).await.unwrap().is_some(), stays);
                }
            }
            _ => {
                shop.apply(&step);
                at += DAY;
                let snapshot = shop.snapshot(at);
                mirror.store_snapshot(&id("shop"), &snapshot).await.unwrap();
                model.insert(at, snapshot);
            }
        }
        expect(&mirror, &model, &step).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn every_moment_that_is_left_reads_as_it_was_written(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(steps));
    }
}

/// Nothing is left behind: no spans without a moment, no bodies without a span.
#[tokio::test]
async fn what_nobody_holds_is_gone_and_the_disk_has_its_room_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mirror.sqlite");
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    let mut shop = Shop::default();
    for number in 0..400_i64 {
        shop.apply(&Step::Set((number % 200) as u8, (number / 200) as u8));
        let mut snapshot = shop.snapshot(number * DAY);
        // Something that does not compress, so that there are pages to free.
        let noise: String = (0..8_000)
            .map(|at| format!("{:x}", (number * 7919 + at) * 104_729 % 65_537))
            .collect();
        snapshot.flags[0].description = Some(noise);
        mirror.store_snapshot(&id("shop"), &snapshot).await.unwrap();
    }
    let whole = mirror.history_size(None).await.unwrap();
    assert_eq!(whole.moments, 400);
    assert_eq!(mirror.history_size(Some(&id("shop"))).await.unwrap(), whole);
    let keep = Retention {
        days: None,
        bytes: Some(whole.bytes / 5 * 4),
    };
    mirror.prune_history(&keep, Timestamp(0)).await.unwrap();
    let less = mirror.history_size(None).await.unwrap();
    assert!(less.bytes <= whole.bytes / 5 * 4, "{less:?} of {whole:?}");
    assert!(less.moments > 40, "no more than was asked for: {less:?}");

    let keep = Retention {
        days: Some(0),
        bytes: None,
    };
    mirror.prune_history(&keep, Timestamp(999 * DAY)).await.unwrap();
    assert_eq!(mirror.history_size(None).await.unwrap().moments, 1);
    mirror.close().await;
    let mut database = raw(&file).await;
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM spans) AS spans, (SELECT count(DISTINCT body) FROM spans) AS held,
                (SELECT count(*) FROM bodies) AS bodies, (SELECT count(DISTINCT base) FROM bodies) AS bases,
                (SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size) AS free,
                (SELECT auto_vacuum FROM pragma_auto_vacuum) AS vacuum,
                (SELECT count(*) FROM touched_flags) AS touched",
    )
    .fetch_one(&mut database)
    .await
    .unwrap();
    let number = |name: &str| row.get::<i64, _>(name);
    assert!(number("bodies") <= number("held") + number("bases"));
    assert!(number("spans") < 600, "{}", number("spans"));
    assert_eq!(number("touched"), 0);
    assert_eq!(number("vacuum"), 2, "free pages can be given back");
    assert!(number("free") <= 1 << 20, "{} bytes are free", number("free"));
}

#[tokio::test]
async fn a_forgotten_connection_takes_its_history_along_and_a_forgotten_environment_does_not() {
    let mirror = furnished().await;
    mirror
        .save_connection(&connection("other"), &[environment("staging")])
        .await
        .unwrap();
    let mut shop = Shop::default();
    for number in 0..4 {
        shop.apply(&Step::Set(number, 1));
        for name in ["shop", "other"] {
            mirror
                .store_snapshot(&id(name), &shop.snapshot(i64::from(number) * DAY))
                .await
                .unwrap();
        }
    }
    mirror.delete_connection(&id("shop")).await.unwrap();
    let left = all(&mirror).await;
    assert_eq!(left.len(), 4);
    for moment in &left {
        assert_eq!(moment.connection, id("other"));
        assert_eq!(mirror.open_moment(moment.id).await.unwrap().unwrap().damaged, []);
    }
    mirror
        .replace_environments(&id("other"), &[environment("new")])
        .await
        .unwrap();
    assert_eq!(
        all(&mirror).await,
        left,
        "the service may have lost it by mistake"
    );
    let keep = Retention {
        days: Some(1),
        bytes: None,
    };
    mirror.prune_history(&keep, Timestamp(99 * DAY)).await.unwrap();
    assert_eq!(all(&mirror).await, [], "then its newest one is nothing special");
    mirror.delete_connection(&id("other")).await.unwrap();
    assert_eq!(mirror.history_size(None).await.unwrap(), Default::default());
}
