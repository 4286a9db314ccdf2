//! Loopback listeners, and the place between a connection and a service where faults strike.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderValue, Request, header, request},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::Service, service::service_fn};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Effect, FaultBoard, Moment, Surface, journal::Journal, spoil, traffic::Traffic};

/// No service of the sandbox takes a larger request; beyond it the connection closes.
const LARGEST_REQUEST: usize = 64 * 1024 * 1024;

/// The header in which a server hears how its client came to the proxy before it.
pub(crate) const FORWARDED_SCHEME: &str = "x-forwarded-proto";

/// Opens a port on the loopback address; 0 takes a free one.
pub(crate) async fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Ends every listener and every request under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifetime {
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// What clients do meanwhile.
    pub(crate) traffic: Traffic,
}

/// Whose connections a listener takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guests {
    /// Clients of the services, which are counted.
    Clients,
    /// Parts of the sandbox, and whoever sets faults.
    OurOwn,
}

impl Guests {
    fn of(surface: Surface) -> Self {
        match surface.is_for_clients() {
            true => Self::Clients,
            false => Self::OurOwn,
        }
    }
}

/// A service behind its fault board.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    pub(crate) surface: Surface,
    pub(crate) router: Router,
    pub(crate) board: FaultBoard,
    pub(crate) journal: Journal,
    pub(crate) lifetime: Lifetime,
}

/// The connection ends here, without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed on purpose")]
struct Closed;

/// Serves a service behind its fault board until the lifetime ends.
pub(crate) fn serve(listener: TcpListener, front: Front) {
    let front = Arc::new(front);
    let lifetime = front.lifetime.clone();
    let guests = Guests::of(front.surface);
    accept(listener, lifetime, guests, move |stream, lifetime| {
        let front = Arc::clone(&front);
        async move {
            let service = service_fn(move |request| Arc::clone(&front).enter(request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A connection that breaks, on purpose or not, concerns its client only.
            drop(lifetime.stop.run_until_cancelled(connection).await);
        }
    });
}

/// Serves a service over HTTPS behind its fault board until the lifetime ends.
pub(crate) fn serve_tls(listener: TcpListener, front: Front, acceptor: TlsAcceptor) {
    let front = Arc::new(front);
    let lifetime = front.lifetime.clone();
    let guests = Guests::of(front.surface);
    accept(listener, lifetime, guests, move |stream, lifetime| {
        let (front, acceptor) = (Arc::clone(&front), acceptor.clone());
        async move {
            let connection = async {
                // A client that does not trust the certificate hangs up here.
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = service_fn(move |mut request: Request<Incoming>| {
                    // What a proxy that ends TLS tells the server behind it.
                    request
                        .headers_mut()
                        .insert(FORWARDED_SCHEME, HeaderValue::from_static("https"));
                    Arc::clone(&front).enter(request)
                });
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                drop(served.await);
            };
            lifetime.stop.run_until_cancelled(connection).await;
        }
    });
}

/// Serves a router that no fault touches.
pub(crate) fn serve_plain(listener: TcpListener, router: Router, lifetime: Lifetime) {
    accept(listener, lifetime, Guests::OurOwn, move |stream, lifetime| {
        let service = TowerToHyperService::new(router.clone());
        async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            drop(lifetime.stop.run_until_cancelled(connection).await);
        }
    });
}

pub(crate) fn accept<Task>(
    listener: TcpListener,
    lifetime: Lifetime,
    guests: Guests,
    serve_one: impl Fn(TcpStream, Lifetime) -> Task + Send + 'static,
) where
    Task: Future<Output = ()> + Send + 'static,
{
    let tasks = lifetime.tasks.clone();
    if guests == Guests::Clients {
        lifetime.traffic.watch(&listener);
    }
    tasks.spawn(async move {
        while let Some(accepted) = lifetime.stop.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, _)) if guests == Guests::OurOwn => {
                    drop(lifetime.tasks.spawn(serve_one(stream, lifetime.clone())));
                }
                Ok((stream, from)) => {
                    if let Some(counted) = lifetime.traffic.connection(from) {
                        let served = serve_one(stream, lifetime.clone());
                        drop(lifetime.tasks.spawn(async move {
                            served.await;
                            drop(counted);
                        }));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    });
}

/// The number of a request in the journal, for the service that carries it out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JournalNumber(pub(crate) u64);

/// A request whose body has arrived, so that it can be carried out whether or not its client still waits.
struct Arrived {
    parts: request::Parts,
    body: Bytes,
    number: u64,
}

impl Arrived {
    fn request(&self) -> Request<Body> {
        let mut request = Request::from_parts(self.parts.clone(), Body::from(self.body.clone()));
        request.extensions_mut().insert(JournalNumber(self.number));
        request
    }

    fn host(&self) -> &str {
        self.parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("127.0.0.1")
    }

    /// Scheme, host and port as the client used them.
    fn origin(&self) -> String {
        let scheme = self.parts.headers.get(FORWARDED_SCHEME);
        let scheme = scheme.and_then(|scheme| scheme.to_str().ok()).unwrap_or("http");
        format!("{scheme}://{}", self.host())
    }
}

impl Front {
    /// Real servers carry a request out even if the client hangs up meanwhile, so this one runs on its own.
    async fn enter(self: Arc<Self>, request: Request<Incoming>) -> Result<Response, Closed> {
        let front = Arc::clone(&self);
        let counted = match Guests::of(self.surface) {
            Guests::Clients => Some(self.lifetime.traffic.request()),
            Guests::OurOwn => None,
        };
        let work = async move {
            let _counted = counted;
            let stop = front.lifetime.stop.clone();
            stop.run_until_cancelled(front.answer(request))
                .await
                .unwrap_or(Err(Closed))
        };
        self.lifetime.tasks.spawn(work).await.unwrap_or(Err(Closed))
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response, Closed> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), LARGEST_REQUEST)
            .await
            .map_err(|_| Closed)?;
        let method = parts.method.as_str();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let number = match self.surface.is_for_clients() {
            true => self
                .journal
                .arrived(self.surface, method, target, &parts.headers, &body),
            false => 0,
        };
        let effects = self.board.strike(self.surface, method, target);
        let arrived = Arrived { parts, body, number };

        self.maya(&effects, Moment::Before);
        for effect in &effects {
            if let Effect::Latency { ms } = effect {
                tokio::time::sleep(Duration::from_millis(*ms)).await;
            }
        }
        let answer = self.clone().answer_under(&effects, arrived).await;
        self.maya(&effects, Moment::After);
        let answer = answer.map(|response| spoil::with_clock(response, &effects));

        let status = answer.as_ref().ok().map(|response| response.status().as_u16());
        self.journal
            .ended(number, status, effects.iter().map(Effect::name).collect());
        tracing::debug!(surface = ?self.surface, number, ?status, "answered");
        answer
    }

    /// Answers under the first fault that decides the answer, or truly where there is none.
    async fn answer_under(self: Arc<Self>, effects: &[Effect], arrived: Arrived) -> Result<Response, Closed> {
        let Some(effect) = effects.iter().find(|effect| effect.decides_answer()) else {
            return Ok(self.carry_out(arrived.request()).await);
        };
        match effect {
            Effect::Throttle { retry_after } => Ok(spoil::throttled(self.surface, *retry_after)),
            Effect::ServerError { status, body } => Ok(spoil::server_error(self.surface, *status, *body)),
            Effect::Answer {
                status,
                content_type,
                body,
                headers,
            } => Ok(spoil::answered(*status, content_type, body, headers)),
            Effect::HugeBody { bytes } => Ok(spoil::huge(*bytes)),
            Effect::Refuse => Err(Closed),
            Effect::CutBody => Ok(spoil::cut(self.carry_out(arrived.request()).await).await),
            Effect::MalformedJson => Ok(spoil::malformed(self.carry_out(arrived.request()).await).await),
            Effect::WrongShape => {
                self.carry_out(arrived.request()).await;
                Ok(spoil::wrong_shape())
            }
            Effect::CommitThenCut => {
                self.carry_out(arrived.request()).await;
                Err(Closed)
            }
            Effect::LateCommit { ms } => {
                self.carry_out_later(Duration::from_millis(*ms), arrived);
                Err(Closed)
            }
            Effect::EndlessPaging => Ok(self.answer_endlessly(&arrived).await),
            // The others decide no answer of their own.
            _ => Ok(self.carry_out(arrived.request()).await),
        }
    }

    async fn carry_out(&self, request: Request<Body>) -> Response {
        let number = request.extensions().get().map(|JournalNumber(number)| *number);
        match TowerToHyperService::new(self.router.clone()).call(request).await {
            Ok(response) => {
                self.journal
                    .carried_out(number.unwrap_or(0), response.status().as_u16());
                response
            }
            Err(never) => match never {},
        }
    }

    fn carry_out_later(self: Arc<Self>, wait: Duration, arrived: Arrived) {
        let tasks = self.lifetime.tasks.clone();
        let counted = self.lifetime.traffic.request();
        tasks.spawn(async move {
            let _counted = counted;
            let late = async {
                tokio::time::sleep(wait).await;
                let status = self.carry_out(arrived.request()).await.status();
                tracing::info!(number = arrived.number, %status, "a late commit was carried out");
            };
            self.lifetime.stop.run_until_cancelled(late).await;
        });
    }

    async fn answer_endlessly(&self, arrived: &Arrived) -> Response {
        let mut request = arrived.request();
        let Some((page, first)) = spoil::first_page(request.method(), request.uri()) else {
            return self.carry_out(request).await;
        };
        *request.uri_mut() = first.clone();
        spoil::endless(self.carry_out(request).await, page, &first, &arrived.origin()).await
    }

    fn maya(&self, effects: &[Effect], moment: Moment) {
        for effect in effects {
            let Effect::Maya { edit, when, .. } = effect else {
                continue;
            };
            if *when != moment {
                continue;
            }
            match self.board.edit_as_maya(self.surface, edit) {
                Ok(()) => tracing::info!(flag = edit.flag, "Maya edited"),
                Err(reason) => tracing::warn!(flag = edit.flag, reason, "Maya could not edit"),
            }
        }
    }
}
