use halyard_model::{ChangeRow, FieldPath, RowKind};
use serde_json::json;

use crate::edit;

#[test]
fn a_review_has_one_row_for_what_belongs_together() {
    let rule = json!([{"conditions": [], "value": 2}]);
    for (kind, changes, expected) in [
        ("state", json!({"enabled": false}), vec!["enabled changed"]),
        // One value is changed in a place, one is another altogether.
        (
            "state",
            json!({"value": "{\"cta\": \"Go\", \"slot\": 1}"}),
            vec!["value changed {cta}"],
        ),
        ("state", json!({"value": "plain"}), vec!["value changed"]),
        (
            "state",
            json!({"override_value:1": 500}),
            vec!["override:1 changed B2B buyers [override_value:1]"],
        ),
        (
            "state",
            json!({"override:3": "EU testers", "override_enabled:3": true, "override_order": ["3", "1", "2"]}),
            vec!["override:3 added EU testers [override_enabled:3 override_value:3]"],
        ),
        (
            "state",
            json!({"override:1": null}),
            vec!["override:1 removed B2B buyers [override_enabled:1 override_value:1]"],
        ),
        (
            "state",
            json!({"override_order": ["2", "1"]}),
            vec!["override_order order"],
        ),
        (
            "state",
            json!({"override:2": null, "override:3": "EU testers", "override_order": ["3", "1"]}),
            vec![
                "override:2 removed VIP [override_enabled:2 override_value:2]",
                "override:3 added EU testers [override_enabled:3 override_value:3]",
            ],
        ),
        (
            "flag",
            json!({"tag:eu": true, "tag:checkout": null}),
            vec!["tag:checkout tags [tag:checkout tag:eu]"],
        ),
        (
            "flag",
            json!({"description": "New", "archived": true}),
            vec!["description changed", "archived changed"],
        ),
        ("flag", json!({"existence": null}), vec!["existence removed"]),
        ("edge state", json!({"rules": rule}), vec!["rules changed"]),
        (
            "edge state",
            json!({"has_targeting": null}),
            vec!["has_targeting removed [rules]"],
        ),
        (
            "traits",
            json!({"trait:plan": "free", "trait:age": 30}),
            vec!["trait:age changed", "trait:plan changed"],
        ),
        ("config", json!({"value": 5.0}), vec![]),
    ] {
        let told: Vec<String> = edit(kind, &changes).rows().iter().map(told).collect();
        assert_eq!(told, expected, "{kind} {changes}");
    }
}

/// A row in a line; of what comes or goes as a whole, no parts.
fn told(row: &ChangeRow) -> String {
    let kind = serde_json::to_value(row.kind).unwrap();
    let mut told = format!("{} {}", row.field, kind.as_str().unwrap());
    told.extend(row.label.iter().map(|label| format!(" {label}")));
    let fields: Vec<String> = row.parts.iter().map(|part| part.field.to_string()).collect();
    if !fields.is_empty() && row.field != FieldPath::Existence {
        told.push_str(&format!(" [{}]", fields.join(" ")));
    }
    let names: Vec<&str> = row.members.iter().map(|member| member.name.as_str()).collect();
    if !names.is_empty() {
        told.push_str(&format!(" {{{}}}", names.join(" ")));
    }
    told
}

#[test]
fn an_order_and_tags_are_shown_whole() {
    let rows = edit("state", &json!({"override_order": ["2", "1"]})).rows();
    let (b2b, vip) = (
        json!({"id": "1", "name": "B2B buyers"}),
        json!({"id": "2", "name": "VIP"}),
    );
    assert_eq!(rows[0].kind, RowKind::Order);
    assert_eq!(rows[0].before, Some(json!([b2b, vip])));
    assert_eq!(rows[0].after, Some(json!([vip, b2b])));
    let rows = edit("flag", &json!({"tag:eu": true})).rows();
    assert_eq!(rows[0].before, Some(json!(["checkout"])));
    assert_eq!(rows[0].after, Some(json!(["checkout", "eu"])));
}
