//! The HTTP clients: whom they trust, which proxy they use, how they find a
//! name.
//!
//! Trusted is what the system trusts, and beside it the authorities that a
//! connection names. There is no way to accept any other certificate.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::Url;
use x509_parser::pem::Pem;

use super::{HttpSettings, is_loopback};
use crate::diagnosis::diagnose;
use crate::diagnosis::evidence::{Evidence, Unsent};
use crate::{Failure, FailureKind};

/// Sets of clients kept at once. Each connection with authorities of its own
/// needs one; more come only from editing them.
const MOST_CLIENTS: usize = 16;

type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// Finds the addresses of a name, instead of the system.
#[derive(Clone)]
pub struct Resolver(Arc<Lookup>);

impl Resolver {
    /// Asks this function, which must not block for long.
    pub fn new(lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Resolver {
        Resolver(Arc::new(lookup))
    }

    fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        (self.0)(name)
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Resolver")
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.lookup(name.as_str());
        Box::pin(async move {
            // The port is the address's own; 0 stands for it.
            let addresses: Addrs = Box::new(found?.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// Which HTTP proxy stands between this computer and a service.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum ProxyRule {
    /// The one that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, else the
    /// system's. Never for this computer's own loopback, which no proxy can
    /// reach.
    #[default]
    System,
    /// None.
    Never,
    /// This one, for every address, loopback too.
    Always(Url),
}

impl fmt::Debug for ProxyRule {
    /// Without the name and password that an address may hold.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyRule::System => formatter.write_str("System"),
            ProxyRule::Never => formatter.write_str("Never"),
            ProxyRule::Always(url) => write!(formatter, "Always({})", super::sort::plain_address(url)),
        }
    }
}

/// Certificates of authorities that a connection trusts beside the system's.
#[derive(Clone, Debug)]
pub struct CaBundle(Vec<reqwest::Certificate>);

impl CaBundle {
    /// Reads PEM text with at least one certificate.
    ///
    /// # Errors
    /// [`FailureKind::BadAddress`] in words for people: text without a
    /// certificate, a broken one, or a private key among them.
    pub fn read(pem: &str) -> Result<CaBundle, Failure> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(bad_bundle(
                "they hold a private key",
                "Paste the certificates alone. Halyard needs no private key, and this one should stay where it belongs.",
            ));
        }
        let mut certificates = Vec::new();
        for (index, block) in Pem::iter_from_buffer(pem.as_bytes()).enumerate() {
            let broken = || {
                bad_bundle(
                    &format!("certificate {} is broken", index + 1),
                    "Paste it again from BEGIN CERTIFICATE to END CERTIFICATE, both lines included.",
                )
            };
            let block = block.map_err(|_| broken())?;
            if block.label != "CERTIFICATE" {
                continue;
            }
            block.parse_x509().map_err(|_| broken())?;
            certificates.push(reqwest::Certificate::from_der(&block.contents).map_err(|_| broken())?);
        }
        if certificates.is_empty() {
            return Err(bad_bundle(
                "there is no certificate in them",
                "Paste PEM text, which begins with -----BEGIN CERTIFICATE-----.",
            ));
        }
        Ok(CaBundle(certificates))
    }

    /// How many certificates it holds.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

fn bad_bundle(why: &str, next_step: &'static str) -> Failure {
    diagnose(Evidence::unsent(Unsent::BadBundle {
        why: why.to_owned(),
        next_step,
    }))
}

/// The clients that trust the same authorities.
#[derive(Clone, Debug)]
struct Clients {
    /// By the proxy rule.
    outward: reqwest::Client,
    /// For this computer's loopback.
    loopback: reqwest::Client,
}

/// The HTTP clients and the settings they were made with.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    system: Clients,
    /// With authorities of a connection's own, by their PEM text.
    own: Arc<Mutex<HashMap<String, Clients>>>,
    proxies: Arc<Matcher>,
    pub(crate) settings: HttpSettings,
}

impl Transport {
    /// Sets the clients up. Fails where the system offers no usable TLS.
    pub(crate) fn new(settings: HttpSettings) -> Result<Transport, Failure> {
        Ok(Transport {
            system: clients(&settings, None)?,
            own: Arc::default(),
            proxies: Arc::new(Matcher::from_system()),
            settings,
        })
    }

    /// The client for an address. Kept, so that connections are reused.
    pub(crate) fn client_for(&self, url: &Url, ca_bundle: Option<&str>) -> Result<reqwest::Client, Failure> {
        let clients = match ca_bundle.filter(|pem| !pem.trim().is_empty()) {
            None => self.system.clone(),
            Some(pem) => self.trusting(pem)?,
        };
        Ok(if is_loopback(url) {
            clients.loopback
        } else {
            clients.outward
        })
    }

    fn trusting(&self, pem: &str) -> Result<Clients, Failure> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clients) = own.get(pem) {
            return Ok(clients.clone());
        }
        let clients = clients(&self.settings, Some(&CaBundle::read(pem)?))?;
        if own.len() >= MOST_CLIENTS {
            own.clear();
        }
        own.insert(pem.to_owned(), clients.clone());
        Ok(clients)
    }

    /// The HTTP proxy through which an address is asked, as text without user
    /// information; the same answer that the client acts by.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<String> {
        let proxy = match &self.settings.proxy {
            ProxyRule::Never => return None,
            ProxyRule::Always(proxy) => proxy.clone(),
            ProxyRule::System if is_loopback(url) => return None,
            ProxyRule::System => {
                let found = self.proxies.intercept(&url.as_str().parse().ok()?)?;
                Url::parse(&found.uri().to_string()).ok()?
            }
        };
        Some(
            super::sort::plain_address(&proxy)
                .trim_end_matches('/')
                .to_owned(),
        )
    }

    /// The addresses of an address's host, as the client finds them.
    pub(crate) async fn addresses_of(&self, url: &Url) -> io::Result<Vec<IpAddr>> {
        let host = match url.host() {
            Some(url::Host::Ipv4(address)) => return Ok(vec![address.into()]),
            Some(url::Host::Ipv6(address)) => return Ok(vec![address.into()]),
            Some(url::Host::Domain(name)) => name,
            None => return Ok(Vec::new()),
        };
        let mut addresses: Vec<IpAddr> = match &self.settings.resolver {
            Some(resolver) => resolver.lookup(host)?,
            None => {
                let found = tokio::net::lookup_host((host, 0)).await?;
                found.map(|address| address.ip()).collect()
            }
        };
        addresses.dedup();
        Ok(addresses)
    }
}

fn clients(settings: &HttpSettings, bundle: Option<&CaBundle>) -> Result<Clients, Failure> {
    let loopback = match settings.proxy {
        ProxyRule::Always(_) => builder(settings)?,
        ProxyRule::System | ProxyRule::Never => builder(settings)?.no_proxy(),
    };
    Ok(Clients {
        outward: client(builder(settings)?, bundle)?,
        loopback: client(loopback, bundle)?,
    })
}

fn builder(settings: &HttpSettings) -> Result<reqwest::ClientBuilder, Failure> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("Halyard/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(settings.connect_timeout)
        .tls_info(true);
    if let Some(resolver) = &settings.resolver {
        builder = builder.dns_resolver(resolver.clone());
    }
    match &settings.proxy {
        ProxyRule::System => Ok(builder),
        ProxyRule::Never => Ok(builder.no_proxy()),
        ProxyRule::Always(url) => {
            let proxy = reqwest::Proxy::all(url.as_str()).map_err(|_| {
                Failure::new(
                    FailureKind::BadAddress {
                        detail: "the HTTP proxy".into(),
                    },
                    "The address of the HTTP proxy cannot be used.",
                )
            })?;
            Ok(builder.proxy(proxy))
        }
    }
}

fn client(builder: reqwest::ClientBuilder, bundle: Option<&CaBundle>) -> Result<reqwest::Client, Failure> {
    let Some(CaBundle(certificates)) = bundle else {
        return builder.build().map_err(|_| no_encryption());
    };
    let builder = builder.tls_certs_merge(certificates.iter().cloned());
    // The same set-up works without them, or there would be no transport.
    builder.build().map_err(|_| {
        bad_bundle(
            "one of them is not a certificate of an authority",
            "Ask for the certificate of the authority that signed the server's, not the server's own.",
        )
    })
}

fn no_encryption() -> Failure {
    diagnose(Evidence::unsent(Unsent::NoEncryption))
}

/// The certificate that a server showed, DER.
pub(super) fn certificate_of(response: &reqwest::Response) -> Option<Bytes> {
    let info = response.extensions().get::<reqwest::tls::TlsInfo>()?;
    info.peer_certificate().map(Bytes::copy_from_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHORITY: &str = include_str!("test_authority.pem");

    fn refusal(pem: &str) -> String {
        CaBundle::read(pem).unwrap_err().in_full()
    }

    #[test]
    fn a_bundle_says_what_is_wrong_with_it() {
        assert_eq!(CaBundle::read(AUTHORITY).unwrap().count(), 1);
        let twice = format!("# ours\n{AUTHORITY}\n{AUTHORITY}");
        assert_eq!(CaBundle::read(&twice).unwrap().count(), 2);
        for (pem, words) in [
            ("", "there is no certificate in them"),
            ("hello", "there is no certificate in them"),
            (
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                "there is no certificate in them",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "certificate 1 is broken",
            ),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "certificate 1 is broken"),
            (
                "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
                "they hold a private key",
            ),
        ] {
            assert!(refusal(pem).contains(words), "{pem}: {}", refusal(pem));
        }
        let half = format!("{AUTHORITY}\n{}", AUTHORITY.replacen('M', "AAAA", 1));
        assert!(refusal(&half).contains("certificate 2 is broken"));
    }

    #[test]
    fn clients_are_kept_by_whom_they_trust_and_not_without_end() {
        let transport = Transport::new(HttpSettings::default()).unwrap();
        let url = Url::parse("https://flags.test/").unwrap();
        for number in 0..40 {
            let pem = format!("# {number}\n{AUTHORITY}");
            transport.client_for(&url, Some(&pem)).unwrap();
            transport.client_for(&url, Some(&pem)).unwrap();
            assert!(transport.own.lock().unwrap().len() <= MOST_CLIENTS);
        }
        assert!(transport.client_for(&url, Some(" \n")).is_ok(), "blank is none");
        assert!(transport.client_for(&url, Some("no certificate")).is_err());
    }

    #[test]
    fn a_proxy_is_told_without_its_password_and_never_for_loopback() {
        let through = |rule: ProxyRule, url: &str| {
            let settings = HttpSettings {
                proxy: rule,
                ..HttpSettings::default()
            };
            let mut transport = Transport::new(settings).unwrap();
            transport.proxies = Arc::new(
                Matcher::builder()
                    .all("http://me:secret@proxy.test:3128")
                    .no("inside.test")
                    .build(),
            );
            transport.proxy_for(&Url::parse(url).unwrap())
        };
        let own = ProxyRule::Always(Url::parse("http://me:secret@own.test:8080").unwrap());
        for (rule, url, expected) in [
            (
                ProxyRule::System,
                "https://flags.test/api/v1/",
                Some("http://proxy.test:3128"),
            ),
            (ProxyRule::System, "https://inside.test/api/v1/", None),
            (ProxyRule::System, "http://127.0.0.1:8000/api/v1/", None),
            (ProxyRule::System, "http://localhost:8000/api/v1/", None),
            (ProxyRule::System, "http://[::1]:8000/api/v1/", None),
            (ProxyRule::Never, "https://flags.test/api/v1/", None),
            (
                own.clone(),
                "https://flags.test/api/v1/",
                Some("http://own.test:8080"),
            ),
            (own, "http://127.0.0.1:8000/api/v1/", Some("http://own.test:8080")),
        ] {
            assert_eq!(through(rule, url).as_deref(), expected, "{url}");
        }
    }

    #[tokio::test]
    async fn names_are_found_by_the_given_resolver() {
        let settings = HttpSettings {
            resolver: Some(Resolver::new(|name| match name {
                "flags.test" => Ok(vec![IpAddr::from([127, 0, 0, 1]); 2]),
                _ => Err(io::ErrorKind::NotFound.into()),
            })),
            ..HttpSettings::default()
        };
        let transport = Transport::new(settings).unwrap();
        let addresses = async |url: &str| transport.addresses_of(&Url::parse(url).unwrap()).await;
        assert_eq!(
            addresses("http://flags.test/").await.unwrap(),
            [IpAddr::from([127, 0, 0, 1])]
        );
        assert!(addresses("http://gone.test/").await.is_err());
        assert_eq!(
            addresses("http://192.0.2.7/").await.unwrap(),
            [IpAddr::from([192, 0, 2, 7])]
        );
    }
}
