//! The second look at what is kept of a request. The clients leave out query
//! values and credentials already; this holds where one of them forgets.

use halyard_provider::{Credential, Exchange, FailureKind};

/// What stands for what was taken out.
const LEFT_OUT: &str = "…";

/// The prefix of Flagsmith's server-side keys, which are secret.
const SERVER_SIDE: &str = "ser.";

/// The longest name of a query member that is believed to be a name.
const LONGEST_NAME: usize = 60;

/// Takes out of an exchange whatever nobody may read later: the keys given,
/// server-side keys, query values, addresses of people, bodies, and of
/// requests about identities the service's own words.
pub(super) fn redact(exchange: &mut Exchange, keys: &[Credential]) {
    let about_people = names_people(&exchange.path);
    exchange.path = plain_path(&exchange.path);
    let mut texts = vec![&mut exchange.path, &mut exchange.origin];
    texts.extend(exchange.request_id.as_mut());
    texts.extend(exchange.server_version.as_mut());
    if let Some(failure) = exchange.failure.as_deref_mut() {
        failure.excerpt = None;
        if let Some(request) = &mut failure.request {
            *request = plain_request(request);
        }
        if about_people && matches!(failure.kind, FailureKind::Refused { .. }) {
            // The sentence repeats what the service said, and that may be the
            // identifier or a trait it was asked about.
            failure.sentence = LEFT_OUT.to_owned();
            failure.cause = None;
        }
        if about_people && failure.cause.as_ref().is_some_and(|cause| cause.contains(':')) {
            failure.cause = None;
        }
        match &mut failure.kind {
            FailureKind::Refused { detail } => {
                if about_people {
                    *detail = LEFT_OUT.to_owned();
                }
                texts.push(detail);
            }
            FailureKind::BadAddress { detail } => texts.push(detail),
            FailureKind::Malformed { place } => texts.push(place),
            _ => {}
        }
        texts.push(&mut failure.sentence);
        texts.extend(
            [&mut failure.cause, &mut failure.next_step, &mut failure.request]
                .into_iter()
                .flatten(),
        );
    }
    for text in texts {
        without_secrets(text, keys);
    }
}

/// Takes out of a text that is shown whatever nobody may read: the keys given,
/// server-side keys and addresses of people.
pub(crate) fn without_secrets(text: &mut String, keys: &[Credential]) {
    for key in keys {
        take_out(text, key.expose());
    }
    take_out_server_side_keys(text);
    take_out_addresses_of_people(text);
}

/// Whether the request names a person: by an identity route or by a context.
fn names_people(path: &str) -> bool {
    let path = path.to_lowercase();
    // EdgeFlags is told of a person in the body of its evaluations.
    ["identit", "context", "trait", "identifier", "evaluate"]
        .iter()
        .any(|word| path.contains(word))
}

fn take_out(text: &mut String, secret: &str) {
    // Shorter ones are no keys and would tear words apart.
    if secret.len() >= 6 && text.contains(secret) {
        *text = text.replace(secret, LEFT_OUT);
    }
}

fn take_out_server_side_keys(text: &mut String) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(SERVER_SIDE)) {
        let start = from + at + SERVER_SIDE.len();
        let length = text.get(start..).map_or(0, |rest| {
            rest.find(|one: char| !one.is_ascii_alphanumeric() && one != '-' && one != '_')
                .unwrap_or(rest.len())
        });
        let stands_alone = !text
            .get(..from + at)
            .is_some_and(|before| before.ends_with(|one: char| one.is_ascii_alphanumeric()));
        if length >= 4 && stands_alone {
            text.replace_range(start..start + length, LEFT_OUT);
            from = start + LEFT_OUT.len();
        } else {
            from = start;
        }
    }
}

/// Whatever stands around an `@`, as far as an address of a person goes.
fn take_out_addresses_of_people(text: &mut String) {
    let belongs = |one: char| one.is_alphanumeric() || matches!(one, '.' | '_' | '-' | '+' | '%');
    let mut from = 0;
    while let Some(at) = text
        .get(from..)
        .and_then(|rest| rest.find('@'))
        .map(|at| from + at)
    {
        let before = text.get(..at).unwrap_or_default();
        let start = before.trim_end_matches(belongs).len();
        let after = text.get(at + 1..).unwrap_or_default();
        let end = text.len() - after.trim_start_matches(belongs).len();
        if start < at && end > at + 1 {
            text.replace_range(start..end, LEFT_OUT);
            from = start + LEFT_OUT.len();
        } else {
            from = at + 1;
        }
    }
}

/// A method and an address without query values.
fn plain_request(request: &str) -> String {
    match request.split_once(' ') {
        Some((method, address)) => format!("{method} {}", plain_path(address)),
        None => plain_path(request),
    }
}

/// A path without query values and without segments that hold an address of
/// a person.
pub(super) fn plain_path(path: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    let mut plain: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        let names_somebody = segment.contains('@') || segment.to_lowercase().contains("%40");
        plain.push(if names_somebody { LEFT_OUT } else { segment });
    }
    let mut plain = plain.join("/");
    let members: Vec<String> = query
        .unwrap_or_default()
        .split('&')
        .filter(|member| !member.is_empty())
        .map(plain_member)
        .collect();
    if !members.is_empty() {
        plain.push('?');
        plain.push_str(&members.join("&"));
    }
    plain
}

fn plain_member(member: &str) -> String {
    let name = member.split_once('=').map_or(member, |(name, _)| name);
    let is_name = name.len() <= LONGEST_NAME
        && name
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.' | '[' | ']'));
    if is_name {
        format!("{name}={LEFT_OUT}")
    } else {
        LEFT_OUT.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_query_only_the_names_stay() {
        for (path, plain) in [
            ("/api/v1/flags/", "/api/v1/flags/"),
            (
                "/flags/a?context=%7B%22email%22%3A%22l%40x%22%7D",
                "/flags/a?context=…",
            ),
            ("/flags/a?context=…", "/flags/a?context=…"),
            (
                "/identities/?identifier=lena&transient=1",
                "/identities/?identifier=…&transient=…",
            ),
            ("/a?lena@example.test", "/a?…"),
            ("/a?", "/a"),
            ("/users/lena%40example.test/x/", "/users/…/x/"),
            ("/users/lena@example.test", "/users/…"),
            ("/a?x=1?y=2&z", "/a?x=…&z=…"),
        ] {
            assert_eq!(plain_path(path), plain, "{path}");
        }
    }

    #[test]
    fn server_side_keys_are_taken_out_and_words_are_not() {
        for (text, plain) in [
            (
                "/api/v1/environments/ser.Ab3dE6gH/document/",
                "/api/v1/environments/ser.…/document/",
            ),
            ("a user. then", "a user. then"),
            ("the user.name of it", "the user.name of it"),
            ("ser.abcd ser.efgh", "ser.… ser.…"),
            ("it starts with ser.", "it starts with ser."),
        ] {
            let mut found = text.to_owned();
            take_out_server_side_keys(&mut found);
            assert_eq!(found, plain);
        }
    }

    #[test]
    fn evaluations_are_about_people() {
        for (path, about_people) in [
            ("/api/v1/evaluate", true),
            ("/api/v1/identities/", true),
            ("/api/v1/flags/a?context=…", true),
            ("/api/v1/projects/1/features/", false),
        ] {
            assert_eq!(names_people(path), about_people, "{path}");
        }
    }

    #[test]
    fn a_text_that_is_shown_names_nobody() {
        for (text, plain) in [
            ("asked by lena.k+x@example.test, twice", "asked by …, twice"),
            ("\"lena@example.test\"", "\"…\""),
            ("a @ b", "a @ b"),
            ("@mention and me@", "@mention and me@"),
            ("key ser.Ab3dE6gH", "key ser.…"),
            ("one@x.y two@x.y", "… …"),
        ] {
            let mut found = text.to_owned();
            without_secrets(&mut found, &[]);
            assert_eq!(found, plain);
        }
    }
}
