//! HTTPS with a private authority, which is made anew at each start, and with certificates that are wrong.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// Names of the right certificates. `flagsmith.test` is known to the sandbox's forward proxy alone.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "flagsmith.test"];
const WRONG_NAME: &str = "flags.elsewhere.example";

/// What is the matter with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// Nothing: it is signed by the sandbox's authority.
    Right,
    /// Its time is over.
    Expired,
    /// Its time has not come yet.
    NotYetValid,
    /// It is for another host.
    WrongName,
    /// It vouches for itself.
    SelfSigned,
}

impl Certificate {
    fn params(self) -> Result<CertificateParams, rcgen::Error> {
        let names: Vec<String> = match self {
            Self::WrongName => vec![WRONG_NAME.to_owned()],
            _ => NAMES.map(str::to_owned).to_vec(),
        };
        let mut params = CertificateParams::new(names)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "Halyard sandbox");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        match self {
            Self::Expired => params.not_after = date_time_ymd(2024, 5, 1),
            Self::NotYetValid => params.not_before = date_time_ymd(2096, 5, 1),
            Self::Right | Self::WrongName | Self::SelfSigned => {}
        }
        Ok(params)
    }
}

/// Why there is no HTTPS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("a certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    #[error("a certificate could not be used")]
    Configuration(#[from] tokio_rustls::rustls::Error),
}

/// A private authority, whose key is in memory only.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// Makes an authority with a new key.
    pub(crate) fn new() -> Result<Self, TlsError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "Halyard sandbox authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem,
        })
    }

    /// The authority's certificate, which a client has to trust.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// What a listener with such a certificate greets with.
    pub(crate) fn acceptor(&self, kind: Certificate) -> Result<TlsAcceptor, TlsError> {
        let (params, key) = (kind.params()?, KeyPair::generate()?);
        let certificate = match kind {
            Certificate::SelfSigned => params.self_signed(&key)?,
            _ => params.signed_by(&key, &self.issuer)?,
        };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // The provider is named, because the program around may have none as its default.
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
