use halyard_model::{
    Facts, Flag, FlagDefinition, FlagKey, FlagKind, SegmentUse, Service, SubjectState, Warning, warnings,
};
use serde_json::json;

use crate::{base_of, edit, variants};

fn flag(change: impl FnOnce(&mut Flag)) -> Flag {
    let (_, SubjectState::FlagState(state)) = base_of("state") else {
        panic!("a flag's state")
    };
    let mut flag = Flag {
        key: FlagKey("checkout".into()),
        remote_id: "1".into(),
        description: None,
        kind: FlagKind::Standard,
        tags: Vec::new(),
        owners: Vec::new(),
        archived: false,
        server_only: false,
        created_at: None,
        identity_overrides: Some(2),
        notes: Vec::new(),
        state,
    };
    change(&mut flag);
    flag
}

#[test]
fn what_to_know_is_told_before_sending() {
    let plain = flag(|_| {});
    let archived = flag(|flag| flag.archived = true);
    let off = flag(|flag| flag.state.enabled = false);
    let base_off = FlagDefinition::default();
    let names = ["Development".to_owned(), "Production".to_owned()];
    let uses = [SegmentUse {
        flag: FlagKey("checkout".into()),
        environment: None,
    }];
    let flagsmith = Facts {
        service: Service::Flagsmith,
        requires_change_requests: false,
        flag: Some(&plain),
        definition: None,
        environments: &names,
        uses: &[],
    };
    let edgeflags = Facts {
        service: Service::EdgeFlags,
        flag: None,
        ..flagsmith
    };
    let guarded = Facts {
        requires_change_requests: true,
        ..flagsmith
    };
    let with = |flag| Facts {
        flag: Some(flag),
        ..flagsmith
    };
    let used = Facts {
        uses: &uses,
        ..flagsmith
    };
    let ruled = Facts {
        definition: Some(&base_off),
        ..edgeflags
    };
    let options = serde_json::to_value(variants(&[10.0])).unwrap();
    let any = json!([{"type": "ANY", "conditions": [], "rules": []}]);
    for (kind, changes, facts, expected) in [
        ("state", json!({"override_value:1": 500}), flagsmith, vec![]),
        (
            "state",
            json!({"override_value:1": "500"}),
            flagsmith,
            vec!["kind_changes"],
        ),
        (
            "state",
            json!({"value": "plain"}),
            flagsmith,
            vec!["kind_changes"],
        ),
        ("state", json!({"value": null}), flagsmith, vec![]),
        // An override that comes is held against the flag's own value.
        (
            "state",
            json!({"override:3": "EU", "override_value:3": 1}),
            flagsmith,
            vec!["kind_changes"],
        ),
        (
            "state",
            json!({"enabled": false}),
            flagsmith,
            vec!["overrides_act_while_off"],
        ),
        (
            "state",
            json!({"enabled": false, "override_enabled:2": false}),
            flagsmith,
            vec![],
        ),
        (
            "state",
            json!({"override_enabled:1": true}),
            with(&archived),
            vec!["archived_is_served"],
        ),
        ("identity", json!({"enabled": true}), flagsmith, vec![]),
        (
            "identity",
            json!({"enabled": true}),
            guarded,
            vec!["bypasses_change_requests"],
        ),
        (
            "identity",
            json!({"enabled": true}),
            with(&off),
            vec!["identity_acts_while_off"],
        ),
        (
            "identity",
            json!({"existence": null}),
            guarded,
            vec!["bypasses_change_requests"],
        ),
        (
            "edge state",
            json!({"value": 3}),
            edgeflags,
            vec!["value_hides_targeting"],
        ),
        (
            "edge state",
            json!({"value": 3, "rules": null}),
            edgeflags,
            vec![],
        ),
        (
            "edge state",
            json!({"enabled": true}),
            ruled,
            vec!["base_disabled_wins"],
        ),
        (
            "flag",
            json!({"enabled": false}),
            edgeflags,
            vec!["disabled_serves_false", "touches_every_environment"],
        ),
        (
            "flag",
            json!({"archived": true}),
            flagsmith,
            vec!["archived_is_served"],
        ),
        (
            "flag",
            json!({"description": "New", "tag:eu": true}),
            flagsmith,
            vec![],
        ),
        (
            "flag",
            json!({"options": options}),
            flagsmith,
            vec!["touches_every_environment"],
        ),
        (
            "flag",
            json!({"existence": null}),
            flagsmith,
            vec!["deletes_states", "touches_every_environment"],
        ),
        (
            "segment",
            json!({"rules": any}),
            used,
            vec!["changes_used_segment", "touches_every_environment"],
        ),
        ("segment", json!({"description": "New"}), used, vec![]),
        (
            "segment",
            json!({"existence": null}),
            used,
            vec!["deletes_used_segment", "touches_every_environment"],
        ),
        (
            "traits",
            json!({"trait:plan": 3}),
            flagsmith,
            vec!["kind_changes"],
        ),
        (
            "config",
            json!({"environment_value:production": 9}),
            edgeflags,
            vec![],
        ),
        (
            "config",
            json!({"value": "9"}),
            edgeflags,
            vec!["kind_changes", "touches_every_environment"],
        ),
    ] {
        let found = warnings(&edit(kind, &changes), &facts);
        let told: Vec<String> = found
            .iter()
            .map(|warning| {
                serde_json::to_value(warning).unwrap()["warning"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(told, expected, "{kind} {changes}");
    }
    let found = warnings(&edit("state", &json!({"enabled": false})), &flagsmith);
    let Some(Warning::OverridesActWhileOff { segments }) = found.first() else {
        panic!("{found:?}")
    };
    assert_eq!(
        segments.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["VIP"]
    );
}
