//! The child: works on a folder until it is killed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use halyard_console::{EditInput, Outcome, revision};
use halyard_model::{Change, ChangeSetId, ChangeSetState, FlagKey, Subject};

use crate::stage::{AheadClock, Job, LastClock, Work, open};

/// Not a test: what a parent starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs until it is killed; the tests start it themselves"]
async fn child() {
    let Ok(job) = serde_json::from_reader::<_, Job>(std::io::stdin()) else {
        println!("skipped: this is started by the other tests");
        return;
    };
    if let Some(set) = &job.set {
        return publish(&job, set).await;
    }
    let clock = Arc::new(AheadClock::ahead_by(job.ahead));
    let (console, _mirror) = open(&job.folder, &job.keys, clock).await;
    let mut edits_left = job.edits;
    loop {
        for site in &job.sites {
            if matches!(job.work, Work::Refresh) {
                console
                    .refresh(&site.connection, &site.environment)
                    .await
                    .unwrap();
                continue;
            }
            for flag in &job.flags {
                let key = FlagKey(flag.clone());
                let facts = console
                    .flag(&site.connection, &site.environment, &key)
                    .await
                    .unwrap();
                let input = EditInput {
                    connection: site.connection.clone(),
                    environment: site.environment.clone(),
                    subject: Subject::state_of(&key),
                    revision: revision(&facts.flag.state),
                    changes: Change::toggle(!facts.flag.state.enabled).fields(),
                    confirmed: None,
                };
                let outcome = console.edit(input).await.unwrap();
                assert!(matches!(outcome, Outcome::Confirmed { .. }), "{outcome:?}");
                edits_left = edits_left.map(|left| left.saturating_sub(1));
                if edits_left == Some(0) {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Publishes a set to its end.
async fn publish(job: &Job, set: &ChangeSetId) {
    let clock = Arc::new(LastClock::ahead_by(job.ahead));
    let (console, _mirror) = open(&job.folder, &job.keys, clock.clone()).await;
    if let Some(reading) = job.die_at {
        clock.die_at(reading);
    }
    console.publish(set, &BTreeMap::new()).await.unwrap();
    while console.change_set(set).await.unwrap().set.state == ChangeSetState::Publishing {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
