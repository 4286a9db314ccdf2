//! One identity: in the server's own database, or in the hosted ("edge") store.

use reqwest::Method;
use serde_json::json;
use url::Url;

use super::carry::Sender;
use super::said::About;
use crate::flagsmith::paging;
use crate::flagsmith::wire::{EdgeIdentityPage, IdentityRow};
use crate::http::{Call, WriteFailure};
use crate::{Failure, FailureKind, Target};

/// The identity that a write is about.
#[derive(Clone, Copy)]
pub(super) struct Person<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) target: Target<'a>,
    pub(super) identifier: &'a str,
}

impl Person<'_> {
    pub(super) fn is_hosted(&self) -> bool {
        self.target.environment.edge_identities
    }

    fn route(&self) -> &'static str {
        if self.is_hosted() {
            "edge-identities"
        } else {
            "identities"
        }
    }

    fn all(&self) -> Url {
        let environment = &self.target.environment.key.0;
        self.call.at(&["environments", environment, self.route(), ""])
    }

    /// An address below the identity.
    pub(super) fn at(&self, id: &str, rest: &[&str]) -> Url {
        let environment = &self.target.environment.key.0;
        let mut segments = vec!["environments", environment.as_str(), self.route(), id];
        segments.extend(rest);
        segments.push("");
        self.call.at(&segments)
    }

    /// The service's own name for the identity, where it knows it.
    pub(super) async fn find(&self) -> Result<Option<String>, Failure> {
        let mut url = self.all();
        // In quotes, the search is for the whole identifier.
        let exact = format!("\"{}\"", self.identifier);
        url.query_pairs_mut().append_pair("q", &exact);
        if self.is_hosted() {
            let page: EdgeIdentityPage = self.call.get(url, "list of identities").await?;
            let mut rows = page.results.into_iter();
            return Ok(rows
                .find(|row| row.identifier == self.identifier)
                .map(|row| row.identity_uuid));
        }
        let rows: Vec<IdentityRow> = paging::all(self.call, url, "list of identities", &|_, _| ()).await?;
        let mut rows = rows.into_iter();
        Ok(rows
            .find(|row| row.identifier == self.identifier)
            .map(|row| row.id.to_string()))
    }

    /// Makes the identity: by itself that changes nothing for anybody.
    pub(super) async fn make(&self, sender: &Sender<'_>) -> Result<(), WriteFailure> {
        let body = json!({"identifier": self.identifier});
        sender.make(self.all(), &body, &About::Identity).await.map(|_| ())
    }

    /// What was found, after [`Person::make`].
    pub(super) fn known<'f>(&self, found: Option<&'f String>) -> Result<&'f String, WriteFailure> {
        found.ok_or_else(|| {
            let failure = Failure::new(
                FailureKind::Malformed {
                    place: "list of identities: the identity that was made".into(),
                },
                format!(
                    "The identity {} was made and is not in the list.",
                    self.identifier
                ),
            );
            WriteFailure::Nothing(failure, None)
        })
    }

    /// Deletes something below the identity.
    pub(super) async fn delete(
        &self,
        url: Url,
        sender: &Sender<'_>,
        about: &About,
    ) -> Result<(), WriteFailure> {
        let deleted = sender
            .write(Method::DELETE, url, &serde_json::Value::Null, about)
            .await;
        deleted.map(|_| ())
    }
}
