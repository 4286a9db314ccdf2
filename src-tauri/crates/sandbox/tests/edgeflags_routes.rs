//! Every EdgeFlags route and quirk, over HTTP, from `edgeflags_routes.json5`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

#[tokio::test]
async fn routes_answer_as_documented() {
    let stories = door::stories(include_str!("edgeflags_routes.json5"));
    assert!(stories.len() > 25, "only {} stories", stories.len());
    for story in &stories {
        door::play(story).await;
    }
}
