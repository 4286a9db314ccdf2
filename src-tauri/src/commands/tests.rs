//! The answers of the demo, from its servers to the window's words.

mod limits;
mod moments;
mod secrets;
mod sides;
mod staging;

use std::sync::Arc;

use halyard_console::{
    BatchInput, CohortChoice, CompareInput, Console, Draft, ImpactInput, SystemClock, secret::SessionKeys,
};
use halyard_model::{Change, ConnectionId, EnvironmentKey, FlagKey, Service};
use halyard_sandbox::Switch;
use tokio_util::sync::CancellationToken;

use crate::{
    app::Halyard,
    commands::{prepare::preview_input, preview::preview_of},
    convert::{cohort, compare, health, incident, shares, trace::trace},
    error::WireError,
    view::*,
    words::impact,
};

/// The demo in a fresh folder, its production environment read.
struct Demo {
    app: Halyard,
    _folder: tempfile::TempDir,
}

impl Demo {
    async fn new() -> Demo {
        let folder = tempfile::tempdir().unwrap();
        let keys = Arc::new(SessionKeys::default());
        let (console, _) = Console::open(folder.path(), keys, Arc::new(SystemClock))
            .await
            .unwrap();
        let app = Halyard::new(
            console,
            Vec::new(),
            folder.path().to_owned(),
            CancellationToken::new(),
        );
        app.start_demo().await.unwrap();
        Demo { app, _folder: folder }
    }

    /// The production environment of a service, refreshed.
    async fn production(&self, service: Service) -> (ConnectionId, EnvironmentKey) {
        for connection in self.app.console.connections().await.unwrap() {
            if connection.endpoint.service() != service {
                continue;
            }
            for facts in self.app.console.environments(&connection.id).await.unwrap() {
                if facts.environment.name.eq_ignore_ascii_case("production") {
                    let key = facts.environment.key;
                    self.app.console.refresh(&connection.id, &key).await.unwrap();
                    return (connection.id, key);
                }
            }
        }
        panic!("the demo has a production environment");
    }

    async fn preview(&self, request: &PreviewRequest) -> PreviewView {
        preview_of(&self.app, request).await.unwrap()
    }
}

fn lena(site: &(ConnectionId, EnvironmentKey), edits: Vec<DraftEditView>) -> PreviewRequest {
    let typed = |name: &str, kind, text: &str| TraitView {
        name: name.into(),
        kind,
        text: text.into(),
    };
    PreviewRequest {
        connection: site.0.0.clone(),
        environment: site.1.0.clone(),
        identifier: "u_48213".into(),
        traits: vec![
            typed("country", TraitKindView::Text, "DE"),
            typed("order_count", TraitKindView::Number, "7"),
            typed("is_vip", TraitKindView::Boolean, "false"),
            typed("network", TraitKindView::Text, "4g"),
        ],
        moment: None,
        change_set: None,
        edits,
    }
}

fn why<'a>(shown: &'a PreviewView, flag: &str) -> &'a str {
    &shown.rows.iter().find(|row| row.flag == flag).unwrap().why
}

#[tokio::test]
async fn a_preview_says_why() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let shown = demo.preview(&lena(&site, Vec::new())).await;
    assert_eq!(shown.source, "The mirror of Production");
    assert_eq!((shown.rows.len(), shown.failure.as_deref()), (128, None));
    let cases = [
        (
            "new_checkout",
            "Bucket 23.19 is in one_page (0 to 30). No override matched.",
        ),
        (
            "loyalty_points_multiplier",
            "In segment Returning customers: order_count is 7.",
        ),
        ("free_shipping_threshold", "In segment Germany: country is DE."),
        ("product_recs_model", "Identity override for u_48213."),
        ("homepage_hero", "Environment default; 2 overrides did not match."),
        (
            "express_checkout_wallets",
            "Off in Production; the override did not match.",
        ),
    ];
    for (flag, expected) in cases {
        assert_eq!(why(&shown, flag), expected, "{flag}");
    }
    let with_options = |flag: &str| shown.rows.iter().any(|row| row.flag == flag && row.multivariate);
    assert!(with_options("new_checkout") && !with_options("homepage_hero"));
    let turned_on = vec![DraftEditView {
        subject: SubjectView::FlagState {
            flag: "express_checkout_wallets".into(),
        },
        changes: vec![FieldEdit {
            field: "enabled".into(),
            to: FieldInput::Toggle { on: true },
        }],
    }];
    let edited = demo.preview(&lena(&site, turned_on)).await;
    assert_eq!(edited.source, "The mirror of Production plus 1 edit");
    assert_eq!(
        why(&edited, "express_checkout_wallets"),
        "Environment default; 1 override did not match."
    );
}

#[tokio::test]
async fn a_trace_says_what_would_change_it() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let input = preview_input(&demo.app, &lena(&site, Vec::new())).await.unwrap();
    let flag = FlagKey("new_checkout".into());
    let shown = trace(&demo.app.console.trace(input, &flag).await.unwrap()).unwrap();
    let titles: Vec<&str> = shown.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Identity override",
            "1. EU beta testers",
            "2. VIP customers",
            "3. Slow connections",
            "Environment default"
        ]
    );
    let express = shown.ways.iter().find(|way| way.goal == "express").unwrap();
    assert!(
        express.sentence.starts_with("set beta_opt_in to true"),
        "{}",
        express.sentence
    );
    assert_eq!(express.try_label.as_deref(), Some("Try beta_opt_in = true"));
    assert_eq!(shown.ways.iter().filter(|way| way.goal == "Off").count(), 1);
}

#[tokio::test]
async fn a_server_says_the_same_or_why_not() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let surfaces = demo.app.console.surfaces(&site.0).await.unwrap();
    let labels: Vec<String> = surfaces.iter().map(|one| compare::surface(one).label).collect();
    assert!(labels[0].starts_with("Flags API, 127.0.0.1:"), "{labels:?}");
    assert!(labels[1].starts_with("Edge Proxy, 127.0.0.1:"), "{labels:?}");
    let asked = CompareInput {
        preview: preview_input(&demo.app, &lena(&site, Vec::new())).await.unwrap(),
        surface: surfaces[0].surface.clone(),
    };
    let answer = demo.app.console.compare(asked).await.unwrap();
    let shown = compare::comparison(answer, "u_48213");
    assert_eq!(
        shown.sentence,
        "1 of 128 flags differs. Traits typed here are not stored on the server."
    );
    let difference = &shown.differences[0];
    assert_eq!(
        (difference.flag.as_str(), difference.theirs.as_str()),
        ("fraud_score_cutoff", "Nothing")
    );
    assert_eq!(
        difference.because,
        "because the flag is server-side only and this key is client-side"
    );
}

#[tokio::test]
async fn an_edit_says_whom_it_changes() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let flag = FlagKey("express_checkout_wallets".into());
    let edits = vec![Draft::of_flag(&flag, &Change::toggle(true))];
    let console = &demo.app.console;
    let input = ImpactInput {
        at: None,
        change_set: None,
        connection: site.0.clone(),
        environment: site.1.clone(),
        flag: flag.clone(),
        edits: edits.clone(),
    };
    let facts = console.impact(input).await.unwrap();
    let known = console.flag(&site.0, &site.1, &flag).await.unwrap().flag;
    let shown = shares::impact(
        &facts,
        &known.state.segment_overrides,
        impact::notes(&facts.shares, &edits, &known, facts.failed),
    );
    let after = shown.shares.after.as_ref().unwrap();
    let count = |label: &str| after.iter().find(|share| share.label == label).unwrap().count;
    let restricted = shown
        .overrides
        .iter()
        .find(|own| own.segment == "Restricted regions")
        .unwrap();
    assert_eq!(restricted.after, Some(count("Off")));
    assert_eq!(count("On"), shown.shares.flips);
    assert_eq!(count("On") + count("Off"), shown.identities);
    assert!(shown.sentence.contains("go from off to on"), "{}", shown.sentence);
    assert_eq!(
        shown.notes,
        [format!(
            "{} stay off because they are in Restricted regions.",
            count("Off")
        )]
    );
    let run = BatchInput {
        at: None,
        change_set: None,
        job: "run".into(),
        connection: site.0,
        environment: site.1,
        cohort: CohortChoice::Overridden,
        edits,
    };
    let facts = console.run_batch(run, |_| {}).await.unwrap();
    let named = impact::cohort(&CohortChoice::Overridden, facts.identities, facts.cohort);
    let shown = shares::batch(&facts, named, String::new());
    assert_eq!(
        shown.cohort,
        format!("{} identities with overrides", shown.identities)
    );
    assert_eq!(shown.flags[0].flag, "express_checkout_wallets");
    assert_eq!(shown.changed, Some(shown.flags[0].flips));
}

#[tokio::test]
async fn edgeflags_answers_beside_what_was_expected() {
    let demo = Demo::new().await;
    let site = demo.production(Service::EdgeFlags).await;
    let shown = demo.preview(&lena(&site, Vec::new())).await;
    assert!(shown.remote);
    let row = |flag: &str| shown.rows.iter().find(|row| row.flag == flag).unwrap();
    let ruled = row("cookie_banner_v3").expected.as_ref().unwrap();
    assert_eq!(ruled.agreement, AgreementView::Agrees);
    assert_eq!(
        ruled.sentence,
        "Expected, not verified: \"strict\", because rule 1 matches."
    );
    let windowed = row("black_friday_banner").expected.as_ref().unwrap();
    assert_eq!(windowed.agreement, AgreementView::CannotTell);
    assert_eq!(
        windowed.unsure,
        ["What a flag gives outside its window is not documented."]
    );
}

#[tokio::test]
async fn a_file_is_read_and_its_broken_line_named() {
    let demo = Demo::new().await;
    let console = &demo.app.console;
    let id = console.open_cohort("people.csv");
    let text = b"identifier,country,orders\nu_1,DE,7\n,FR,2\nu_2,FR,1\n".to_vec();
    console.write_cohort(&id, text).await.unwrap();
    let shown = cohort::file(console.close_cohort(&id).await.unwrap());
    assert_eq!(
        (shown.name.as_str(), shown.format.as_str()),
        ("people.csv", "CSV")
    );
    assert_eq!((shown.identities, shown.broken), (2, 1));
    assert!(
        shown.broken_lines[0].starts_with("line 3: "),
        "{:?}",
        shown.broken_lines
    );
    assert_eq!(shown.identifier_from, "identifier");
}

#[tokio::test]
async fn a_persona_is_kept_under_one_name() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let typed = |name: &str, identifier: &str| {
        cohort::persona_in(PersonaView {
            id: String::new(),
            name: name.into(),
            identifier: identifier.into(),
            traits: lena(&site, Vec::new()).traits,
        })
    };
    let console = &demo.app.console;
    let before = console.personas(&site.0).await.unwrap().len();
    let saved = console
        .save_persona(&site.0, typed("Lena, Berlin", "u_48213").unwrap())
        .await
        .unwrap();
    let shown = cohort::persona(saved);
    assert_eq!(shown.traits, lena(&site, Vec::new()).traits);
    let twice = console
        .save_persona(&site.0, typed("Lena, Berlin", "u_1").unwrap())
        .await
        .unwrap_err();
    assert_eq!(WireError::from(twice).field.as_deref(), Some("name"));
    assert_eq!(
        typed("Nobody", " ").unwrap_err().field.as_deref(),
        Some("identifier")
    );
    assert_eq!(console.personas(&site.0).await.unwrap().len(), before + 1);
}

#[tokio::test]
async fn an_incident_of_the_demo_is_shown_and_goes_again() {
    let demo = Demo::new().await;
    let (id, _) = demo.production(Service::Flagsmith).await;
    let console = &demo.app.console;
    let feed = async || {
        let told = console.provider_status(&id).await.unwrap();
        incident::status_feed(&told, Service::Flagsmith, console.now())
    };
    assert_eq!(feed().await.checked_at, None, "nobody read it yet");
    for (switch, titles) in [
        (Switch::On, &["Delayed flag updates on the Edge API"][..]),
        (Switch::Off, &[]),
    ] {
        demo.app.set_demo_fault("incident", switch).await.unwrap();
        let view = feed().await;
        assert!(view.enabled && view.checked_at.is_some() && view.failure.is_none());
        let shown: Vec<_> = view.incidents.iter().map(|one| one.title.as_str()).collect();
        assert_eq!(shown, titles);
        for one in &view.incidents {
            assert_eq!((one.matching, &one.remedy), (0, &None));
            assert!(
                one.sentence.contains("Nothing seen here matches."),
                "{}",
                one.sentence
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_set_names_its_field() {
    let demo = Demo::new().await;
    let console = &demo.app.console;
    let (connection, _) = demo.production(Service::Flagsmith).await;
    let set = health::settings(console.surface_settings(&connection).await.unwrap());
    let proxy = EdgeProxyView {
        address: "http://127.0.0.1:8000".into(),
        poll_seconds: 10,
        grace_seconds: Some(30),
        key_pairs: 1,
    };
    // The second row of what was typed, behind one that is left empty.
    let second = |spoilt: EdgeProxyView| {
        let empty = EdgeProxyView {
            address: " ".into(),
            ..proxy.clone()
        };
        SurfaceSettingsView {
            edge_proxies: vec![empty, spoilt],
            ..set.clone()
        }
    };
    let cases = [
        (
            SurfaceSettingsView {
                flags_address: Some("ftp://flags.acme.example".into()),
                ..set.clone()
            },
            "flags_address",
        ),
        (
            SurfaceSettingsView {
                ca_bundle: Some("no certificate".into()),
                ..set.clone()
            },
            "ca_bundle",
        ),
        (
            SurfaceSettingsView {
                status_feed_url: Some("file:///etc/hosts".into()),
                ..set.clone()
            },
            "status_feed_url",
        ),
        (
            second(EdgeProxyView {
                address: "ftp://proxy".into(),
                ..proxy.clone()
            }),
            "edge_proxies:1:address",
        ),
        (
            second(EdgeProxyView {
                poll_seconds: 0,
                ..proxy.clone()
            }),
            "edge_proxies:1:poll_seconds",
        ),
        (
            second(EdgeProxyView {
                grace_seconds: Some(604_801),
                ..proxy.clone()
            }),
            "edge_proxies:1:grace_seconds",
        ),
        (
            second(EdgeProxyView {
                key_pairs: 0,
                ..proxy.clone()
            }),
            "edge_proxies:1:key_pairs",
        ),
    ];
    for (spoilt, field) in cases {
        let settings = health::settings_in(spoilt);
        let refused = console.change_surfaces(&connection, settings).await.unwrap_err();
        let told = WireError::from(refused);
        assert_eq!(told.field.as_deref(), Some(field), "{}", told.sentence);
    }
}
