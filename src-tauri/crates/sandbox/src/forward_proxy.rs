//! A forward proxy on loopback: `CONNECT` for HTTPS, whole addresses for HTTP. It opens ways to this machine only.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};

use crate::serve::{Guests, Lifetime, accept};

/// Older passages are forgotten.
const LONGEST: usize = 1_000;
const LARGEST_REQUEST: usize = 64 * 1024 * 1024;
/// Headers that concern one connection and are not passed on.
const OF_THE_CONNECTION: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// How the proxy meets its clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Gate {
    /// It lets everybody through.
    #[default]
    Open,
    /// It asks for a name and a password: 407 without them.
    Authenticated {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// It lets nobody through, with this status.
    Refusing {
        /// Such as 502 or 403.
        status: u16,
    },
}

/// A way that a client asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// `CONNECT`, or the verb of a request over HTTP.
    pub method: String,
    /// Host and port.
    pub target: String,
    /// What the proxy answered; for a request that it passed on, what the service answered.
    pub status: u16,
}

/// A forward proxy; clones share one state.
#[derive(Debug, Clone, Default)]
pub struct ForwardProxy {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    gate: Gate,
    passages: VecDeque<Passage>,
}

impl ForwardProxy {
    /// The ways that clients asked for, oldest first; the newest 1,000 are kept.
    pub fn passages(&self) -> Vec<Passage> {
        self.lock().passages.iter().cloned().collect()
    }

    /// Sets how the proxy meets its clients.
    pub fn set_gate(&self, gate: Gate) {
        self.lock().gate = gate;
    }

    /// Serves until the lifetime ends.
    pub(crate) fn serve(&self, listener: TcpListener, lifetime: Lifetime) {
        // Names are the client's to send; this one goes straight and looks nothing up.
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let Ok(client) = client else {
            tracing::error!("the forward proxy cannot pass requests on");
            return;
        };
        let proxy = self.clone();
        accept(listener, lifetime, Guests::Clients, move |stream, lifetime| {
            let (proxy, client) = (proxy.clone(), client.clone());
            async move {
                let stop = lifetime.stop.clone();
                let service = service_fn(move |request| {
                    let (proxy, client, lifetime) = (proxy.clone(), client.clone(), lifetime.clone());
                    async move { Ok::<_, Infallible>(proxy.answer(request, &client, &lifetime).await) }
                });
                let connection = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                drop(stop.run_until_cancelled(connection).await);
            }
        });
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        client: &reqwest::Client,
        lifetime: &Lifetime,
    ) -> Response {
        let method = request.method().as_str().to_owned();
        let target = request
            .uri()
            .authority()
            .map_or_else(String::new, ToString::to_string);
        let response = match self.refusal(request.headers()) {
            Some(refusal) => refusal,
            None if request.method() == Method::CONNECT => connect(request, lifetime).await,
            None => pass_on(request, client).await,
        };
        let mut shared = self.lock();
        if shared.passages.len() >= LONGEST {
            shared.passages.pop_front();
        }
        shared.passages.push_back(Passage {
            method,
            target,
            status: response.status().as_u16(),
        });
        response
    }

    /// The answer to a client that does not get through.
    fn refusal(&self, headers: &HeaderMap) -> Option<Response> {
        match &self.lock().gate {
            Gate::Open => None,
            Gate::Refusing { status } => Some(empty(
                StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY),
            )),
            Gate::Authenticated { user, password } => {
                let wanted = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
                let sent = headers.get(header::PROXY_AUTHORIZATION);
                if sent.is_some_and(|sent| sent.as_bytes() == wanted.as_bytes()) {
                    return None;
                }
                let mut response = empty(StatusCode::PROXY_AUTHENTICATION_REQUIRED);
                response.headers_mut().insert(
                    header::PROXY_AUTHENTICATE,
                    HeaderValue::from_static("Basic realm=\"sandbox\""),
                );
                Some(response)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The port on this machine that a host and port stand for. The proxy resolves names below `test` itself, so
/// that a client which resolved them would fail.
fn port_here(target: &Uri) -> Option<u16> {
    let host = target.host()?;
    let here = matches!(host, "localhost" | "127.0.0.1") || host.ends_with(".test");
    let port = target.port_u16().or_else(|| match target.scheme_str() {
        Some("http") => Some(80),
        _ => Some(443),
    });
    port.filter(|_| here)
}

/// Opens a tunnel: 200 once the other end has taken the connection.
async fn connect(request: Request<Incoming>, lifetime: &Lifetime) -> Response {
    let Some(port) = port_here(request.uri()) else {
        return empty(StatusCode::FORBIDDEN);
    };
    let Ok(mut there) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
        return empty(StatusCode::BAD_GATEWAY);
    };
    let stop = lifetime.stop.clone();
    lifetime.tasks.spawn(async move {
        let tunnel = async {
            if let Ok(upgraded) = hyper::upgrade::on(request).await {
                let mut here = TokioIo::new(upgraded);
                // Either end may break it off; that concerns the two of them.
                drop(tokio::io::copy_bidirectional(&mut here, &mut there).await);
            }
        };
        stop.run_until_cancelled(tunnel).await;
    });
    empty(StatusCode::OK)
}

/// Passes a request over HTTP on, and its answer back.
async fn pass_on(request: Request<Incoming>, client: &reqwest::Client) -> Response {
    let Some(port) = port_here(request.uri()) else {
        return empty(StatusCode::FORBIDDEN);
    };
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let Ok(body) = to_bytes(Body::new(body), LARGEST_REQUEST).await else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let asked = client
        .request(parts.method, format!("http://127.0.0.1:{port}{path}"))
        .headers(passed(&parts.headers))
        .body(body)
        .send()
        .await;
    let Ok(answer) = asked else {
        return empty(StatusCode::BAD_GATEWAY);
    };
    let (status, headers) = (answer.status(), passed(answer.headers()));
    let Ok(bytes) = answer.bytes().await else {
        return empty(StatusCode::BAD_GATEWAY);
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn passed(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for name in OF_THE_CONNECTION {
        passed.remove(name);
    }
    passed
}
