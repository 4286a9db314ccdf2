//! Two environments beside each other, in the window's words.

use halyard_model::Service;

use super::*;
use crate::{
    commands::sides::{check_of, promote_of, shown},
    convert::sides::{side_in, text::text},
};

#[tokio::test]
async fn what_differs_is_told_and_promoted() {
    let demo = Demo::new().await;
    let (connection, production) = demo.production(Service::Flagsmith).await;
    let environments = demo.app.console.environments(&connection).await.unwrap();
    let staging = environments
        .iter()
        .find(|facts| facts.environment.name == "Staging")
        .unwrap();
    let staging = staging.environment.key.clone();
    demo.app.console.refresh(&connection, &staging).await.unwrap();
    let at = |environment: &EnvironmentKey| AtView {
        connection: connection.0.clone(),
        environment: environment.0.clone(),
        moment: None,
    };
    let (a, b) = (at(&staging), at(&production));
    let facts = demo
        .app
        .console
        .compare_sides(&side_in(&a).unwrap(), &side_in(&b).unwrap())
        .await
        .unwrap();
    let view = shown(&demo.app, &facts).await.unwrap();
    assert_eq!((view.a.when.as_str(), view.b.when.as_str()), ("now", "now"));
    assert_eq!((&view.read_only, &view.advice), (&None, &None));
    let counted: u32 = view.counts.iter().map(|counted| counted.count).sum();
    assert_eq!(counted, u32::try_from(view.differences.len()).unwrap());
    let hero = view
        .differences
        .iter()
        .find(|one| one.name == "homepage_hero" && one.aspect == AspectView::Value)
        .unwrap();
    assert!(
        hero.label.starts_with("Value, ") && hero.label.ends_with(" lines"),
        "{}",
        hero.label
    );
    assert!(
        hero.lines
            .iter()
            .any(|line| line.pieces.iter().any(|piece| piece.marked))
    );
    let own = view
        .differences
        .iter()
        .find(|one| one.label.starts_with("Override, "));
    assert!(own.is_some(), "an override is named by its segment");
    let written = text(&view);
    assert!(written.starts_with("A  Staging, now, "), "{written}");
    assert!(written.contains("~ homepage_hero, Value, "), "{written}");

    let request = PromoteRequest {
        a,
        b,
        picked: vec![hero.id.clone()],
        change_set: None,
    };
    let check = check_of(&demo.app, request.clone()).await.unwrap();
    assert_eq!((check.edits, check.problems.len()), (1, 0));
    assert_eq!((check.impact.len(), &check.impact_note), (1, &None));
    let promoted = promote_of(&demo.app, request).await.unwrap();
    assert_eq!(promoted.sentence, "Staged 1 edit for Production.");
    assert_eq!(promoted.left_out, Vec::<String>::new());
}
