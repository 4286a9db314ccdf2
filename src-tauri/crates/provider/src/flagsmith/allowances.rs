//! The service's own limits, and the usage that it counts.

use serde_json::Value;

use crate::http::{Call, shorten};
use halyard_model::Timestamp;

use crate::{Allowances, Answer, Failure, Target};

/// What is billed: everything else is free.
const BILLED: [&str; 3] = ["flags", "identities", "environment_document"];

/// Reads the project's limits, the organisation's plan and the calls of the
/// running billing period, else of this month (UTC). The limits of values and of conditions are settings of the
/// server that no route tells. What is refused or missing is `None`.
///
/// The usage's rows reach 30 days back, so that on a 31st the month's first
/// day is missing. No row at all means that usage is not recorded, or not yet:
/// unknown, never zero.
pub(super) async fn read(
    call: &Call<'_>,
    target: Target<'_>,
    now: Timestamp,
) -> Result<Answer<Allowances>, Failure> {
    let url = call.at(&["projects", &target.project.id, ""]);
    let project: Value = call.get(url, "project").await?;
    let limit = |name: &str| project[name].as_u64().and_then(|limit| u32::try_from(limit).ok());
    let mut allowances = Allowances {
        flags: limit("max_features_allowed"),
        segments: limit("max_segments_allowed"),
        segment_overrides: limit("max_segment_overrides_allowed"),
        ..Allowances::default()
    };
    let Some(organisation) = project["organisation"].as_u64() else {
        return Ok(call.answer(allowances));
    };
    let id = organisation.to_string();
    let mut billed_by_period = false;
    let url = call.at(&["organisations", &id, ""]);
    if let Ok(told) = call.get::<Value>(url, "organisation").await {
        let subscription = &told["subscription"];
        allowances.monthly_calls = subscription["max_api_calls"].as_u64();
        allowances.plan = subscription["plan"]
            .as_str()
            .filter(|plan| !plan.is_empty())
            .map(|plan| shorten(plan, 60));
        allowances.blocked = told["stop_serving_flags"].as_bool();
        billed_by_period = subscription["has_active_billing_periods"].as_bool() == Some(true);
    }
    let mut url = call.at(&["organisations", &id, "usage-data", ""]);
    let month = if billed_by_period {
        url.query_pairs_mut()
            .append_pair("period", "current_billing_period");
        String::new()
    } else {
        month_of(now)
    };
    if let Ok(rows) = call.get::<Vec<Value>>(url, "usage").await {
        allowances.monthly_used = used_in_month(&rows, &month);
    }
    Ok(call.answer(allowances))
}

/// Such as `2026-11`.
fn month_of(now: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let day = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
    format!("{:04}-{:02}", day.year(), day.month())
}

/// The billed calls of the rows whose day begins so. The same day may have several
/// rows, one for each client library.
fn used_in_month(rows: &[Value], month: &str) -> Option<u64> {
    let of_month = |row: &&Value| row["day"].as_str().is_some_and(|day| day.starts_with(month));
    let mut rows = rows.iter().filter(of_month).peekable();
    rows.peek()?;
    let calls = rows.flat_map(|row| BILLED.iter().filter_map(|kind| row[*kind].as_u64()));
    Some(calls.fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_billed_calls_of_the_month_count() {
        let november = month_of(Timestamp(1_795_000_000_000));
        assert_eq!(november, "2026-11");
        let rows = [
            json!({"day": "2026-10-31", "flags": 1000, "identities": 1, "traits": 1, "environment_document": 1}),
            json!({"day": "2026-11-01", "flags": 5, "identities": 7, "traits": 100, "environment_document": 1}),
            json!({"day": "2026-11-01T00:00:00Z", "flags": 10, "identities": null, "labels": {}}),
        ];
        assert_eq!(used_in_month(&rows, &november), Some(23));
        assert_eq!(
            used_in_month(&rows[..1], &november),
            None,
            "not recorded is not zero"
        );
        assert_eq!(used_in_month(&[], &november), None);
        let hostile = [
            json!({"day": 5}),
            json!(null),
            json!({"day": "2026-11-02", "flags": -4}),
        ];
        assert_eq!(used_in_month(&hostile, &november), Some(0));
        let huge = [json!({"day": "2026-11-02", "flags": u64::MAX, "identities": 9})];
        assert_eq!(used_in_month(&huge, &november), Some(u64::MAX));
    }
}
