//! The listeners of a sandbox, from opening to serving.

use axum::Router;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{
    Config, FaultBoard, HttpsPlace, StartError, Surface,
    board::Services,
    control,
    journal::Journal,
    serve::{self, Front, Lifetime},
    status,
    tls::{Authority, Certificate},
};

/// A listener that is open and not served yet.
pub(crate) struct Door {
    listener: TcpListener,
    address: String,
}

impl Door {
    async fn open(port: u16) -> Result<Self, StartError> {
        let refused = |source| StartError::Port { port, source };
        let listener = serve::bind(port).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?.to_string();
        Ok(Self { listener, address })
    }

    /// The address over HTTP, without a slash at its end.
    pub(crate) fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the Flagsmith routes.
    pub(crate) fn api(&self) -> String {
        format!("{}/api/v1/", self.root())
    }
}

/// Every listener of a sandbox.
pub(crate) struct Doors {
    pub(crate) flagsmith: Door,
    pub(crate) upstream: Door,
    pub(crate) edge_proxy: Door,
    pub(crate) edgeflags: Door,
    pub(crate) status: Door,
    pub(crate) control: Door,
    pub(crate) https: Option<HttpsDoors>,
    pub(crate) forward_proxy: Option<Door>,
}

impl Doors {
    pub(crate) async fn open(config: &Config) -> Result<Self, StartError> {
        Ok(Self {
            flagsmith: Door::open(config.flagsmith_port).await?,
            edge_proxy: Door::open(config.edge_proxy_port).await?,
            edgeflags: Door::open(config.edgeflags_port).await?,
            upstream: Door::open(0).await?,
            status: Door::open(0).await?,
            control: Door::open(0).await?,
            https: match config.https {
                true => Some(HttpsDoors::open().await?),
                false => None,
            },
            forward_proxy: match config.proxy {
                true => Some(Door::open(0).await?),
                false => None,
            },
        })
    }

    /// Serves each service behind its fault board.
    pub(crate) fn serve(
        self,
        services: &Services,
        board: &FaultBoard,
        journal: &Journal,
        lifetime: &Lifetime,
    ) {
        let front = |surface: Surface, router: Router| Front {
            surface,
            router,
            board: board.clone(),
            journal: journal.clone(),
            lifetime: lifetime.clone(),
        };
        let flagsmith = |surface| front(surface, services.flagsmith.router());
        serve::serve(self.flagsmith.listener, flagsmith(Surface::Flagsmith));
        serve::serve(self.upstream.listener, flagsmith(Surface::ProxyUpstream));
        serve::serve(
            self.edge_proxy.listener,
            front(Surface::EdgeProxy, services.edge_proxy.router()),
        );
        serve::serve(
            self.edgeflags.listener,
            front(Surface::EdgeFlags, services.edgeflags.router()),
        );
        serve::serve(
            self.status.listener,
            front(Surface::Status, status::router(board.clone())),
        );
        let control = control::router(board.clone(), journal.clone());
        serve::serve_plain(self.control.listener, control, lifetime.clone());
        for (door, acceptor) in self.https.into_iter().flat_map(HttpsDoors::into_each) {
            serve::serve_tls(door.listener, flagsmith(Surface::Flagsmith), acceptor);
        }
        if let Some(door) = self.forward_proxy {
            services.forward_proxy.serve(door.listener, lifetime.clone());
        }
    }
}

/// A door for each certificate.
pub(crate) struct HttpsDoors {
    right: (Door, TlsAcceptor),
    expired: (Door, TlsAcceptor),
    not_yet_valid: (Door, TlsAcceptor),
    wrong_name: (Door, TlsAcceptor),
    self_signed: (Door, TlsAcceptor),
    ca_pem: String,
}

impl HttpsDoors {
    async fn open() -> Result<Self, StartError> {
        let authority = Authority::new().map_err(|error| StartError::Certificates(error.to_string()))?;
        let door = async |kind: Certificate| {
            let acceptor = authority.acceptor(kind);
            let acceptor = acceptor.map_err(|error| StartError::Certificates(error.to_string()))?;
            Ok::<_, StartError>((Door::open(0).await?, acceptor))
        };
        Ok(Self {
            right: door(Certificate::Right).await?,
            expired: door(Certificate::Expired).await?,
            not_yet_valid: door(Certificate::NotYetValid).await?,
            wrong_name: door(Certificate::WrongName).await?,
            self_signed: door(Certificate::SelfSigned).await?,
            ca_pem: authority.pem().to_owned(),
        })
    }

    pub(crate) fn describe(&self) -> HttpsPlace {
        let url = |door: &(Door, TlsAcceptor)| format!("https://{}/api/v1/", door.0.address);
        HttpsPlace {
            url: url(&self.right),
            ca_pem: self.ca_pem.clone(),
            expired_url: url(&self.expired),
            not_yet_valid_url: url(&self.not_yet_valid),
            wrong_name_url: url(&self.wrong_name),
            self_signed_url: url(&self.self_signed),
        }
    }

    fn into_each(self) -> [(Door, TlsAcceptor); 5] {
        [
            self.right,
            self.expired,
            self.not_yet_valid,
            self.wrong_name,
            self.self_signed,
        ]
    }
}
