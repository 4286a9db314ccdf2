//! The history of an environment: one moment per difference, read back whole.

use halyard_mirror::{Mirror, MirrorError, MomentFilter, Stored};
use halyard_model::{
    Author, EnvironmentKey, FlagValue, Moment, MomentId, MomentSource, Snapshot, Timestamp, Touched,
    TouchedHow, TouchedKind,
};
use serde_json::json;

use crate::samples::{flag, flag_key, furnished, id, key, snapshot};

async fn store(mirror: &Mirror, snapshot: &Snapshot) -> Stored {
    mirror.store_snapshot(&id("shop"), snapshot).await.unwrap()
}

/// The moments of an environment, the oldest first.
async fn timeline(mirror: &Mirror, environment: &str) -> Vec<Moment> {
    let filter = MomentFilter {
        environments: vec![(id("shop"), key(environment))],
        limit: 1000,
        ..MomentFilter::default()
    };
    let mut moments = mirror.moments(&filter).await.unwrap();
    moments.reverse();
    moments
}

fn touched(moment: &Moment) -> Vec<(TouchedKind, &str, TouchedHow)> {
    moment
        .touched
        .iter()
        .map(|touched| (touched.kind, touched.name.as_str(), touched.how))
        .collect()
}

/// A snapshot whose flags are in the document, too, as EdgeFlags has them.
fn listed(flags: &[(&str, i64)], fetched_at: i64) -> Snapshot {
    let names: Vec<&str> = flags.iter().map(|(name, _)| *name).collect();
    let mut listed = snapshot("staging", &names, fetched_at);
    for (flag, (_, value)) in listed.flags.iter_mut().zip(flags) {
        flag.state.value = FlagValue(json!(value));
    }
    let list: Vec<_> = flags
        .iter()
        .map(|(name, value)| json!({"key": name, "value": value}))
        .collect();
    listed.document =
        json!({"environment": "staging", "flags": list, "configs": [], "segments": []}).to_string();
    listed
}

#[tokio::test]
async fn a_difference_is_a_moment_and_anything_else_is_the_last_one_seen_again() {
    let mirror = furnished().await;
    let steps = [
        (listed(&[("a", 1), ("b", 1)], 100), 1),
        (listed(&[("a", 1), ("b", 1)], 200), 1),
        (listed(&[("a", 1), ("b", 2)], 300), 2),
        (listed(&[("a", 1), ("c", 2)], 400), 3),
        (listed(&[("a", 1), ("c", 2)], 500), 3),
    ];
    for (snapshot, count) in &steps {
        store(&mirror, snapshot).await;
        assert_eq!(timeline(&mirror, "staging").await.len(), *count);
    }
    let moments = timeline(&mirror, "staging").await;
    let times: Vec<_> = moments
        .iter()
        .map(|moment| {
            (
                moment.before.map(|before| before.0),
                moment.first_seen.0,
                moment.last_seen.0,
            )
        })
        .collect();
    assert_eq!(
        times,
        [(None, 100, 200), (Some(200), 300, 300), (Some(300), 400, 500)]
    );
    assert_eq!(touched(&moments[0]), []);
    assert_eq!(
        touched(&moments[1]),
        [(TouchedKind::Flag, "b", TouchedHow::Changed)]
    );
    assert_eq!(
        touched(&moments[2]),
        [
            (TouchedKind::Flag, "b", TouchedHow::Removed),
            (TouchedKind::Flag, "c", TouchedHow::Added),
        ]
    );
    for (moment, step) in moments.iter().zip([1, 2, 4]) {
        let opened = mirror.open_moment(moment.id).await.unwrap().unwrap();
        assert_eq!(opened.damaged, []);
        assert_eq!(opened.moment, *moment);
        let mut expected = steps[step].0.clone();
        // What it was when it was first seen.
        expected.document_updated_at = Some(Timestamp(moment.first_seen.0 - 1));
        assert_eq!(opened.snapshot, expected);
    }
    for (at, expected) in [
        (99, None),
        (100, Some(0)),
        (299, Some(0)),
        (300, Some(1)),
        (9_999, Some(2)),
    ] {
        let found = mirror
            .moment_at(&id("shop"), &key("staging"), Timestamp(at))
            .await
            .unwrap();
        assert_eq!(found, expected.map(|index: usize| moments[index].clone()), "{at}");
    }
    assert_eq!(
        mirror
            .moment_at(&id("shop"), &key("production"), Timestamp(999))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn what_people_write_on_a_moment_stays_and_can_be_looked_for() {
    let mirror = furnished().await;
    for number in 0..5 {
        store(
            &mirror,
            &listed(&[("a", number / 2), ("b", number)], 100 + number),
        )
        .await;
    }
    let moments = timeline(&mirror, "staging").await;
    let author = Author {
        name: "maya@example.com".into(),
        at: Timestamp(101),
        what: "Flag state updated".into(),
    };
    mirror
        .name_moment(moments[1].id, Some("before the sale"))
        .await
        .unwrap();
    mirror.pin_moment(moments[3].id, true).await.unwrap();
    mirror
        .set_authors(moments[1].id, std::slice::from_ref(&author))
        .await
        .unwrap();
    let named = mirror.moment(moments[1].id).await.unwrap().unwrap();
    assert_eq!(
        (named.name.as_deref(), named.authors),
        (Some("before the sale"), vec![author])
    );
    let found = |filter: MomentFilter| {
        let mirror = mirror.clone();
        async move {
            let found = mirror
                .moments(&MomentFilter { limit: 10, ..filter })
                .await
                .unwrap();
            found
                .into_iter()
                .map(|moment| moment.first_seen.0 - 100)
                .collect::<Vec<_>>()
        }
    };
    let base = MomentFilter::default();
    let here = |name: &str| vec![(id("shop"), key(name))];
    let both: Vec<(_, EnvironmentKey)> = vec![(id("shop"), key("staging")), (id("shop"), key("production"))];
    for (filter, expected) in [
        (
            MomentFilter {
                kept_only: true,
                ..base.clone()
            },
            vec![3, 1],
        ),
        (
            MomentFilter {
                flag: Some(flag_key("a")),
                ..base.clone()
            },
            vec![4, 2],
        ),
        (
            MomentFilter {
                flag: Some(flag_key("a")),
                environments: here("staging"),
                ..base.clone()
            },
            vec![4, 2],
        ),
        (
            MomentFilter {
                environments: here("production"),
                ..base.clone()
            },
            vec![],
        ),
        (
            MomentFilter {
                environments: both.clone(),
                before: Some(moments[2].id),
                ..base.clone()
            },
            vec![1, 0],
        ),
        (
            MomentFilter {
                environments: here("staging"),
                before: Some(moments[2].id),
                ..base.clone()
            },
            vec![1, 0],
        ),
        (base.clone(), vec![4, 3, 2, 1, 0]),
    ] {
        assert_eq!(found(filter.clone()).await, expected, "{filter:?}");
    }
    let gone = MomentId(999);
    assert_eq!(mirror.moment(gone).await.unwrap(), None);
    assert!(mirror.open_moment(gone).await.unwrap().is_none());
    assert!(matches!(
        mirror.pin_moment(gone, true).await,
        Err(MirrorError::Missing)
    ));
}

#[tokio::test]
async fn times_and_counts_of_the_service_alone_are_no_moment() {
    let mirror = furnished().await;
    let first = listed(&[("a", 1)], 100);
    store(&mirror, &first).await;
    let mut touched_only = first.clone();
    touched_only.fetched_at = Timestamp(200);
    touched_only.flags[0].state.updated_at = Some(Timestamp(7));
    touched_only.flags[0].identity_overrides = None;
    assert_eq!(store(&mirror, &touched_only).await, Stored::Changed);
    let moments = timeline(&mirror, "staging").await;
    assert_eq!(moments.len(), 1);
    assert_eq!(moments[0].last_seen, Timestamp(200));
    let mut other = touched_only;
    other.flags[0].state.version = None;
    other.flags.push(flag("z"));
    store(&mirror, &other).await;
    let moments = timeline(&mirror, "staging").await;
    assert_eq!(
        moments[1].touched,
        [("a", TouchedHow::Changed), ("z", TouchedHow::Added)].map(|(name, how)| Touched {
            kind: TouchedKind::Flag,
            name: name.into(),
            how
        })
    );
    let opened = mirror.open_moment(moments[1].id).await.unwrap().unwrap();
    assert_eq!(opened.snapshot.flags, other.flags);
}

#[tokio::test]
async fn a_given_history_is_written_anew() {
    let mirror = furnished().await;
    for number in 0..4 {
        store(&mirror, &listed(&[("a", number)], 100 + number)).await;
    }
    let moments = timeline(&mirror, "staging").await;
    mirror.name_moment(moments[2].id, Some("kept")).await.unwrap();
    let mut given = Vec::new();
    for moment in &moments {
        let mut opened = mirror.open_moment(moment.id).await.unwrap().unwrap();
        opened.moment.environment = key("production");
        opened.snapshot.environment = key("production");
        given.push(opened);
    }
    mirror.import_moments(&given).await.unwrap();
    let written = timeline(&mirror, "production").await;
    for (written, given) in written.iter().zip(&given) {
        let mut expected = given.moment.clone();
        expected.id = written.id;
        expected.source = MomentSource::File;
        assert_eq!(*written, expected);
        let opened = mirror.open_moment(written.id).await.unwrap().unwrap();
        assert_eq!(opened.snapshot, given.snapshot);
    }
    assert_eq!(written.len(), 4);
    let current = mirror.document(&id("shop"), &key("production")).await.unwrap();
    assert_eq!(current.as_ref(), Some(&given[3].snapshot.document));
    assert_eq!(
        mirror.flags(&id("shop"), &key("production")).await.unwrap(),
        given[3].snapshot.flags
    );

    for opened in &mut given {
        opened.moment.environment = key("nowhere");
        opened.snapshot.environment = key("nowhere");
    }
    assert!(matches!(
        mirror.import_moments(&given).await,
        Err(MirrorError::Missing)
    ));
    assert_eq!(timeline(&mirror, "nowhere").await, []);
}

/// A clock that was ahead, or is behind now, makes no moment surer than it is.
#[tokio::test]
async fn a_clock_that_was_set_back_is_not_believed_further_than_it_goes() {
    const DAY: i64 = 24 * 3_600_000;
    type Seen = (i64, i64);
    type Times = (Option<i64>, i64, i64);
    let cases: [(&str, &[Seen], &[Times]); 5] = [
        (
            "two collections that overlapped",
            &[(0, 1), (9_000, 1), (8_000, 1)],
            &[(None, 0, 9_000)],
        ),
        (
            "ahead, and again",
            &[(400 * DAY, 1), (DAY, 1)],
            &[(None, DAY, DAY)],
        ),
        (
            "ahead for a while",
            &[(DAY, 1), (400 * DAY, 1), (2 * DAY, 1)],
            &[(None, DAY, 2 * DAY)],
        ),
        (
            "another content, with the clock behind",
            &[(400 * DAY, 1), (DAY, 2), (2 * DAY, 3)],
            &[
                (None, 400 * DAY, 400 * DAY),
                (Some(DAY), DAY, DAY),
                (Some(DAY), 2 * DAY, 2 * DAY),
            ],
        ),
        (
            "what came last is what it was since",
            &[(3 * DAY, 1), (DAY, 2), (4 * DAY, 2)],
            &[(None, 3 * DAY, 3 * DAY), (Some(DAY), DAY, 4 * DAY)],
        ),
    ];
    for (what, seen, expected) in cases {
        let mirror = furnished().await;
        for (at, value) in seen {
            store(&mirror, &listed(&[("a", *value)], *at)).await;
        }
        let moments = timeline(&mirror, "staging").await;
        let times: Vec<Times> = moments
            .iter()
            .map(|moment| {
                (
                    moment.before.map(|before| before.0),
                    moment.first_seen.0,
                    moment.last_seen.0,
                )
            })
            .collect();
        assert_eq!(times, expected, "{what}");
        let now = Timestamp(999 * DAY);
        let newest = mirror.moment_at(&id("shop"), &key("staging"), now).await.unwrap();
        assert_eq!(
            newest.as_ref(),
            moments.last(),
            "{what}: what came last is newest"
        );
    }
}
