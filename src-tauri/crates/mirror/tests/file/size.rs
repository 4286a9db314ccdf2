//! A stretch of the timeline takes little more than what differs in it.

use halyard_mirror::OpenedMoment;
use serde_json::{Value, json};

use crate::samples::{document, flag, header, opened, read, unpacked, write};

/// An environment of 400 flags and 5,000 overrides, in which one flag was
/// changed so many times.
fn changed(times: i64) -> OpenedMoment {
    let value = |number: i64| {
        if number == times % 400 {
            times
        } else {
            (times - number).div_euclid(400)
        }
    };
    let states: Vec<Value> = (0..400)
        .map(|number| {
            json!({"feature": {"id": number, "name": format!("flag_{number:03}"), "type": "STANDARD"},
                   "featurestate_uuid": format!("{:032x}", number * 7_919), "feature_state_value": value(number)})
        })
        .collect();
    let overrides: Vec<Value> = (0..5_000_i64)
        .map(|number| {
            json!({"identifier": format!("user-{:08x}", number * 2_654_435), "environment_api_key": "2NLh9YKvHKuYKULiYNsReu",
                   "identity_features": [{"feature": {"id": 1, "name": "flag_001"}, "feature_state_value": number,
                   "featurestate_uuid": format!("{:032x}", number * 104_729), "multivariate_feature_state_values": []}]})
        })
        .collect();
    let flags = (0..400)
        .map(|number| flag(&format!("flag_{number:03}"), json!(value(number))))
        .collect();
    opened(times, document(&states, &overrides), flags)
}

#[test]
fn fifty_moments_take_little_more_than_one() {
    let moments: Vec<OpenedMoment> = (1..=50).map(changed).collect();
    let one = write(header(), None, &moments[..1]).unwrap();
    let all = write(header(), None, &moments).unwrap();
    let (unpacked_one, unpacked_all) = (unpacked(&one).len(), unpacked(&all).len());
    println!(
        "a document of {} kB: one moment {} kB ({} kB unpacked), fifty {} kB ({} kB unpacked)",
        moments[0].snapshot.document.len() / 1000,
        one.len() / 1000,
        unpacked_one / 1000,
        all.len() / 1000,
        unpacked_all / 1000,
    );
    assert!(
        all.len() < one.len() * 2,
        "{} bytes for fifty, {} for one",
        all.len(),
        one.len()
    );
    // What a further moment unpacks to: what differs, the lists it is in, and the moment.
    assert!((unpacked_all - unpacked_one) / 49 < 12_000);
    assert_eq!(read(&all, None).unwrap().1, moments);
}
