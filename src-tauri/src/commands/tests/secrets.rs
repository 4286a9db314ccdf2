//! No answer holds a key.

use serde::Serialize;

use super::{
    staging::{number, request, state},
    *,
};
use crate::commands::{
    changes::{changes_of, stage_all},
    flags::{flag_detail_of, flags_of},
    subjects::{
        configs_of, identity_detail_of, identity_overrides_of, segment_detail_of, segments_of,
        subject_fields_of,
    },
};

/// Answers as they leave for the window.
#[derive(Default)]
struct Answers(Vec<(&'static str, String)>);

impl Answers {
    fn take<T: Serialize>(&mut self, what: &'static str, answer: Result<T, WireError>) -> Option<T> {
        let text = match &answer {
            Ok(answer) => serde_json::to_string(answer),
            Err(error) => serde_json::to_string(error),
        };
        self.0.push((what, text.unwrap()));
        answer.ok()
    }
}

#[tokio::test]
async fn no_answer_holds_a_key() {
    let demo = Demo::new().await;
    let secrets = demo.app.demo_secrets().await;
    assert!(secrets.len() >= 5, "the demo has keys to look for");
    let mut answers = Answers::default();
    for service in [Service::Flagsmith, Service::EdgeFlags] {
        let site = demo.production(service).await;
        ask(&demo, &site, &mut answers).await;
    }
    for (what, text) in &answers.0 {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{what} holds a key");
        }
    }
    // A search that finds nothing at all would prove nothing.
    let all: usize = answers.0.iter().map(|(_, text)| text.len()).sum();
    assert!(all > 10_000, "{all}");
}

async fn ask(demo: &Demo, site: &(ConnectionId, EnvironmentKey), answers: &mut Answers) {
    let (app, here) = (&demo.app, || (site.0.0.clone(), site.1.0.clone()));
    let place = || (here().0, here().1);
    let (connection, environment) = place();
    let flags = answers
        .take("flags", flags_of(app, connection, environment, None).await)
        .unwrap();
    let flag = flags.flags[0].key.clone();
    let (connection, environment) = place();
    answers.take(
        "flag",
        flag_detail_of(app, connection, environment, flag.clone()).await,
    );
    let (connection, environment) = place();
    answers.take(
        "overrides",
        identity_overrides_of(app, connection, environment, flag.clone()).await,
    );
    let (connection, environment) = place();
    let list = answers.take("segments", segments_of(app, connection, environment).await);
    for segment in list.into_iter().flat_map(|list| list.segments) {
        let (connection, environment) = place();
        answers.take(
            "segment",
            segment_detail_of(app, connection, environment, segment.id).await,
        );
    }
    for identity in ["u_48213", "nobody at all"] {
        let (connection, environment) = place();
        answers.take(
            "identity",
            identity_detail_of(app, connection, environment, identity.into()).await,
        );
    }
    let (connection, environment) = place();
    answers.take("configs", configs_of(app, connection, environment).await);
    for subject in [
        state(&flag),
        SubjectView::Flag { flag: flag.clone() },
        SubjectView::Segment {
            segment: "new:beta".into(),
        },
        SubjectView::Config { key: "limits".into() },
    ] {
        let (connection, environment) = place();
        answers.take(
            "fields",
            subject_fields_of(app, connection, environment, subject).await,
        );
    }
    let asked = request(demo, site, state(&flag), vec![("value", number("7"))]).await;
    answers.take("staged", stage_all(app, vec![asked]).await);
    answers.take("changes", changes_of(app, &site.0).await);
}
