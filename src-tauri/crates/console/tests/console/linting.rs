//! What is doubtful about an environment, and that the ready edits do away with it.

use halyard_console::{ConsoleError, Doubt, EnvironmentLint, LintFix, LintGap, Remedying, StageInput};
use halyard_model::ChangeSetId;
use halyard_sandbox::{MayaEdit, MayaIdentity, MayaOverride, MayaSegment};
use serde_json::{Value, json};

use crate::bench::{Bench, Path, Place};

/// Days until nobody touched anything for long.
const LONG: i64 = 100 * 86_400_000;

/// Two conditions that nobody meets.
fn impossible() -> Value {
    let is = |value: &str| json!({"operator": "IN", "property": "plan", "value": value});
    json!([{"type": "ALL", "rules": [{"type": "ALL", "rules": [], "conditions": [is("a"), is("b")]}], "conditions": []}])
}

fn segment(name: &str, rules: Option<Value>) -> MayaSegment {
    MayaSegment {
        name: name.to_owned(),
        rules,
        ..MayaSegment::default()
    }
}

/// A flag of one's own, on in every environment.
fn flag(environment: &str, flag: &str, change: impl FnOnce(&mut MayaEdit)) -> MayaEdit {
    let mut edit = MayaEdit {
        environment: environment.to_owned(),
        flag: flag.to_owned(),
        created: true,
        enabled: Some(true),
        value: Some(json!("a")),
        ..MayaEdit::default()
    };
    change(&mut edit);
    edit
}

async fn refresh_all(bench: &Bench, place: &Place) {
    for facts in bench.console.environments(&place.connection).await.unwrap() {
        bench
            .console
            .refresh(&place.connection, &facts.environment.key)
            .await
            .unwrap();
    }
}

async fn lint(bench: &Bench, place: &Place) -> EnvironmentLint {
    bench
        .console
        .lint(&place.connection, &place.environment)
        .await
        .unwrap()
}

/// A doubt in a word, with what it is about.
fn word(doubt: &Doubt) -> String {
    let kind = match doubt {
        Doubt::OverrideNeverApplies { name, .. } => format!("never applies for {name}"),
        Doubt::OverrideLikeDefault { name, .. } => format!("like default for {name}"),
        Doubt::IdentityLikeDefault { identity, .. } => format!("like default for {identity}"),
        Doubt::UnusedSegment { .. } => "unused".to_owned(),
        Doubt::ArchivedButOn { .. } => "archived but on".to_owned(),
        Doubt::RolledOut { .. } => "rolled out".to_owned(),
        Doubt::OffEverywhere { .. } => "off everywhere".to_owned(),
        Doubt::TypeDiffers { .. } => "type differs".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{}: {kind}", doubt.name())
}

fn words(lint: &EnvironmentLint) -> Vec<String> {
    lint.findings.iter().map(|found| word(&found.doubt)).collect()
}

/// Stages the ready edit of a finding, as the window does.
async fn stage(
    bench: &Bench,
    place: &Place,
    lint: &EnvironmentLint,
    name: &str,
    does: Remedying,
) -> ChangeSetId {
    let found = lint.findings.iter().find(|found| word(&found.doubt) == name);
    let found = found.unwrap_or_else(|| panic!("{name} is not among {:#?}", words(lint)));
    let fix = found.fixes.iter().find_map(|fix| match fix {
        LintFix::Stage {
            what,
            subject,
            revision,
            changes,
        } if *what == does => Some((subject.clone(), revision.clone(), changes.clone())),
        _ => None,
    });
    let (subject, revision, changes) = fix.unwrap_or_else(|| panic!("{name} has {:?}", found.fixes));
    let input = StageInput {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        subject,
        revision,
        changes,
        change_set: None,
    };
    let edit = bench.console.stage(input).await.unwrap();
    edit.change_set.unwrap()
}

#[tokio::test]
async fn ready_edits_do_away_with_what_they_are_for() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let bench = Bench::new(path).await;
        let place = bench.connect().await;
        let here = path.environment();
        let flagsmith = bench.sandbox.flagsmith();
        for edit in [
            MayaEdit {
                segment: Some(segment("nobody", Some(impossible()))),
                ..MayaEdit::default()
            },
            MayaEdit {
                segment: Some(segment("lonely", Some(impossible()))),
                ..MayaEdit::default()
            },
            flag(here, "lint_never", |edit| {
                edit.overrides = vec![MayaOverride {
                    segment: "nobody".into(),
                    value: Some(json!("b")),
                    ..MayaOverride::default()
                }];
            }),
            flag(here, "lint_like", |edit| {
                edit.overrides = vec![MayaOverride {
                    segment: "Germany".into(),
                    ..MayaOverride::default()
                }];
                edit.value = None;
            }),
            flag(here, "lint_identity", |edit| {
                edit.identities = vec![MayaIdentity {
                    identifier: "ada".into(),
                    enabled: Some(true),
                    ..MayaIdentity::default()
                }];
                edit.value = None;
            }),
            flag(here, "lint_archived", |edit| edit.archived = Some(true)),
            flag("", "lint_rolled", |_| {}),
            flag("", "lint_off", |edit| edit.enabled = Some(false)),
            flag(here, "lint_type", |_| {}),
        ] {
            flagsmith.edit_as_maya(&edit).unwrap();
        }
        let other = if here == "Staging" {
            "Development"
        } else {
            "Staging"
        };
        let five = MayaEdit {
            created: false,
            enabled: None,
            ..flag(other, "lint_type", |edit| edit.value = Some(json!(5)))
        };
        flagsmith.edit_as_maya(&five).unwrap();
        bench.refresh(&place).await.unwrap();

        // One environment alone says nothing of all of them.
        let narrow = lint(&bench, &place).await;
        let gaps = &narrow.gaps;
        assert!(
            gaps.iter()
                .any(|gap| matches!(gap, LintGap::Environments(names) if names.len() == 3)),
            "{gaps:?}"
        );
        assert!(
            !words(&narrow).iter().any(|word| word.ends_with("unused")),
            "{:?}",
            words(&narrow)
        );

        refresh_all(&bench, &place).await;
        let young = lint(&bench, &place).await;
        assert!(
            matches!(
                young.gaps.as_slice(),
                [LintGap::Timeline {
                    since: Some(_),
                    days: 90
                }]
            ),
            "{:?}",
            young.gaps
        );
        let told = words(&young);
        assert!(
            !told
                .iter()
                .any(|word| word.contains("rolled out") || word.contains("off everywhere")),
            "{told:?}"
        );

        bench.clock.advance(LONG);
        refresh_all(&bench, &place).await;
        let before = lint(&bench, &place).await;
        assert_eq!(before.gaps, []);
        assert_eq!(before.scope.environments, 4);
        assert!(
            before
                .findings
                .iter()
                .all(|found| !found.fixes.is_empty() || matches!(found.doubt, Doubt::NearLimit { .. }))
        );
        assert!(
            words(&before).contains(&"lint_type: type differs".to_owned()),
            "{:#?}",
            words(&before)
        );
        let cases = [
            ("lint_never: never applies for nobody", Remedying::RemoveOverride),
            ("lint_like: like default for Germany", Remedying::RemoveOverride),
            ("lint_identity: like default for ada", Remedying::RemoveOverride),
            ("lonely: unused", Remedying::DeleteSegment),
            ("lint_archived: archived but on", Remedying::TurnOff),
            ("lint_rolled: rolled out", Remedying::Archive),
            ("lint_off: off everywhere", Remedying::Archive),
        ];
        let mut set = None;
        for (name, does) in cases {
            set = Some(stage(&bench, &place, &before, name, does).await);
        }
        let set = set.unwrap();
        bench.publish(&set).await;
        let done = bench.at_rest(&set).await;
        let states: Vec<_> = done.edits.iter().map(|facts| facts.edit.state.clone()).collect();
        assert!(
            states
                .iter()
                .all(|state| *state == halyard_model::EditState::Confirmed),
            "{states:?}"
        );
        refresh_all(&bench, &place).await;
        let after = words(&lint(&bench, &place).await);
        for (name, _) in cases {
            assert!(
                !after.contains(&name.to_owned()),
                "{path:?}: {name} is still there"
            );
        }
        // The segment whose one override went is unused by now.
        assert!(after.contains(&"nobody: unused".to_owned()), "{after:#?}");
    }
}

/// Flags that nobody touched for as long as it is set, and that a history that
/// is shorter is said to be too short.
#[tokio::test]
async fn how_long_a_flag_must_be_left_alone_is_set_and_kept() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let (mut bench, place) = Bench::connected(path).await;
        refresh_all(&bench, &place).await;
        bench.clock.advance(40 * 86_400_000);
        refresh_all(&bench, &place).await;
        assert_eq!(bench.console.lint_days().await.unwrap(), 90);
        for (days, long_enough) in [
            (90, false),
            (30, true),
            (41, false),
            (40, true),
            (1, true),
            (3_650, false),
        ] {
            bench.console.set_lint_days(days).await.unwrap();
            bench = bench.restarted();
            let found = lint(&bench, &place).await;
            assert_eq!(found.days, days);
            let left_alone = found.findings.iter().filter(|found| {
                matches!(
                    found.doubt,
                    Doubt::Unchanged { .. } | Doubt::RolledOut { .. } | Doubt::OffEverywhere { .. }
                )
            });
            assert_eq!(left_alone.count() > 0, long_enough, "{path:?}: {days} days");
            let short = found
                .gaps
                .iter()
                .any(|gap| matches!(gap, LintGap::Timeline { days: needed, .. } if *needed == days));
            assert_eq!(short, !long_enough, "{path:?}: {days} days");
        }
        for days in [0, 3_651, u32::MAX] {
            let refused = bench.console.set_lint_days(days).await;
            assert!(
                matches!(refused, Err(ConsoleError::Input { field: "days", .. })),
                "{refused:?}"
            );
        }
        assert_eq!(bench.console.lint_days().await.unwrap(), 3_650);
    }
}

#[tokio::test]
async fn edgeflags_has_what_applies_to_it() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let conditions = json!([{"property": "plan", "operator": "equals", "value": "a"}]);
    let lonely = MayaEdit {
        segment: Some(MayaSegment {
            name: "lonely".into(),
            conditions: Some(conditions),
            ..MayaSegment::default()
        }),
        ..MayaEdit::default()
    };
    bench.sandbox.edgeflags().edit_as_maya(&lonely).unwrap();
    refresh_all(&bench, &place).await;
    let before = lint(&bench, &place).await;
    assert!(before.gaps.contains(&LintGap::NoDocument), "{:?}", before.gaps);
    let set = stage(
        &bench,
        &place,
        &before,
        "lonely: unused",
        Remedying::DeleteSegment,
    )
    .await;
    bench.publish(&set).await;
    bench.at_rest(&set).await;
    refresh_all(&bench, &place).await;
    assert!(!words(&lint(&bench, &place).await).contains(&"lonely: unused".to_owned()));
}
