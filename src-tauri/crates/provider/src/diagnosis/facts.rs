//! The evidence in sentences, for a person to judge the cause by.

use super::evidence::{Answered, Break, Evidence, KeyHeader, Outcome, TlsTrouble, TunnelTrouble};
use crate::Stage;

impl Evidence {
    /// The facts, one sentence each.
    pub(crate) fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        if let Some(request) = self.asked.request() {
            facts.push(format!("Asked: {request}."));
        }
        match (self.asked.header, self.asked.key) {
            (KeyHeader::None, _) => {}
            (header, key) => facts.push(format!("Sent with it: {}, {}.", header.name(), key.in_words())),
        }
        if self.asked.sent_bytes > 0 {
            facts.push(format!("Size of what was sent: {} bytes.", self.asked.sent_bytes));
        }
        if let Some(proxy) = &self.asked.proxy {
            facts.push(format!("An HTTP proxy is in the way: {proxy}."));
        }
        match &self.outcome {
            Outcome::Answered(answered) => answered.facts(&mut facts),
            Outcome::Broken(broken) => facts.push(broken.fact().to_owned()),
            Outcome::Unsent(_) => facts.push("Nothing was sent.".to_owned()),
        }
        facts
    }
}

impl Answered {
    fn facts(&self, facts: &mut Vec<String>) {
        let kind = self.content_type.as_deref().unwrap_or("no content type");
        facts.push(format!("Answered with status {} and {kind}.", self.status));
        if let Some(location) = &self.location {
            facts.push(format!("Redirects to {location}."));
        }
        if let Some(words) = &self.words {
            facts.push(super::ended(format!("Its own words: {words}")));
        }
        if let Some(code) = &self.code {
            facts.push(format!("Its code: {code}."));
        }
        if let Some(server) = &self.server {
            facts.push(format!("The answer was made by {server}."));
        }
        if let Some(id) = &self.request_id {
            facts.push(format!("The service calls the request {id}."));
        }
    }
}

impl Break {
    fn fact(&self) -> &'static str {
        match (self.tls, self.tunnel, self.stage) {
            (Some(TlsTrouble::UnknownIssuer), ..) => "The certificate's issuer is not known here.",
            (Some(TlsTrouble::Expired), ..) => "The certificate has expired.",
            (Some(TlsTrouble::NotYetValid), ..) => "The certificate is not valid yet.",
            (Some(TlsTrouble::WrongName), ..) => "The certificate is for another name.",
            (Some(TlsTrouble::Revoked), ..) => "The certificate was revoked.",
            (Some(TlsTrouble::OtherCertificate), ..) => "The certificate is not acceptable.",
            (Some(TlsTrouble::NotTls), ..) => "What came back is not TLS.",
            (Some(TlsTrouble::NothingInCommon), ..) => {
                "The two sides have no TLS version or cipher in common."
            }
            (Some(TlsTrouble::Other), ..) => "The TLS handshake failed.",
            (_, Some(TunnelTrouble::WhoAsks), _) => "The proxy answered 407 to CONNECT.",
            (_, Some(TunnelTrouble::Refused), _) => "The proxy refused CONNECT.",
            (_, Some(TunnelTrouble::Unreachable), _) => "The proxy could not be reached.",
            (.., Stage::Name) => "The name could not be resolved.",
            (.., Stage::Connect) => "No TCP connection came about.",
            (.., Stage::Timeout) if self.while_connecting => {
                "The time ran out before there was a connection."
            }
            (.., Stage::Timeout) => "The time ran out before the answer was whole.",
            (.., Stage::Cut) if self.answering => "The connection ended in the middle of the answer.",
            (.., Stage::Cut) => "The connection ended without an answer.",
            _ if self.not_http => "What came back is not HTTP.",
            _ => "The connection broke.",
        }
    }
}
