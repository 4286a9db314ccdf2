//! A service that repeats whatever it is sent, headers included, as careless proxies do.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU16, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[derive(Clone)]
pub struct Echo {
    pub address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    status: AtomicU16,
    json: AtomicBool,
    seen: Mutex<String>,
}

impl Echo {
    pub async fn start() -> Echo {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let echo = Echo {
            address: format!("http://{}", listener.local_addr().unwrap()),
            shared: Arc::default(),
        };
        let shared = echo.shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, shared.clone()));
            }
        });
        echo
    }

    pub fn answer_with(&self, status: u16, json: bool) {
        self.shared.status.store(status, Ordering::SeqCst);
        self.shared.json.store(json, Ordering::SeqCst);
    }

    pub fn saw(&self, text: &str) -> bool {
        self.shared.seen.lock().unwrap().contains(text)
    }
}

async fn answer(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(length @ 1..) => request.extend_from_slice(&piece[..length]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    shared.seen.lock().unwrap().push_str(&request);
    // The headers as they came, and each value alone, as a member that a client shows.
    let key = request
        .lines()
        .find(|line| line.to_lowercase().starts_with("authorization:"))
        .unwrap_or_default();
    let secret = key.rsplit(' ').next().unwrap_or_default();
    let status = shared.status.load(Ordering::SeqCst);
    let (kind, body) = if shared.json.load(Ordering::SeqCst) {
        let body = serde_json::json!({
            "detail": format!("Invalid {key}"), "error": secret, "message": secret, "code": secret,
            "results": secret, "id": [secret], "flags": secret,
        });
        ("application/json", body.to_string())
    } else {
        (
            "text/html",
            format!("<html><body><h1>{secret}</h1><pre>{request}</pre></body></html>"),
        )
    };
    let answer = format!(
        "HTTP/1.1 {status} Whatever\r\ncontent-type: {kind}\r\nlocation: /{secret}/?key={secret}\r\n\
         x-echo: {secret}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _gone = stream.write_all(answer.as_bytes()).await;
}
