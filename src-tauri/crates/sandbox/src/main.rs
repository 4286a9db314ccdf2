//! The sandbox alone: prints where everything is as one line of JSON, then serves until it is ended.

use std::{error::Error, io::Write, process::ExitCode};

use clap::{Parser, ValueEnum};
use halyard_sandbox::{Config, Sandbox, Seed};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A loopback server that speaks Flagsmith, an Edge Proxy and EdgeFlags.
#[derive(Debug, Parser)]
#[command(name = "halyard-sandbox")]
struct Arguments {
    /// The data to start with.
    #[arg(long, value_enum, default_value_t = SeedName::Acme)]
    seed: SeedName,
    /// Flagsmith's port; a free one unless given.
    #[arg(long, default_value_t = 0)]
    flagsmith_port: u16,
    /// The Edge Proxy's port; a free one unless given.
    #[arg(long, default_value_t = 0)]
    edge_proxy_port: u16,
    /// EdgeFlags' port; a free one unless given.
    #[arg(long, default_value_t = 0)]
    edgeflags_port: u16,
    /// Serves Flagsmith over HTTPS, too, by a private authority.
    #[arg(long)]
    https: bool,
    /// Opens a forward proxy, which leads to this machine only.
    #[arg(long)]
    proxy: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SeedName {
    Acme,
    Large,
    TenThousand,
    Empty,
}

impl From<SeedName> for Seed {
    fn from(name: SeedName) -> Self {
        match name {
            SeedName::Acme => Self::Acme,
            SeedName::Large => Self::Large,
            SeedName::TenThousand => Self::TenThousand,
            SeedName::Empty => Self::Empty,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Standard output carries the announcement alone, so that a program can read it.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source().map(ToString::to_string);
            tracing::error!(cause, "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let running = Sandbox::start(Config {
        seed: arguments.seed.into(),
        flagsmith_port: arguments.flagsmith_port,
        edge_proxy_port: arguments.edge_proxy_port,
        edgeflags_port: arguments.edgeflags_port,
        https: arguments.https,
        proxy: arguments.proxy,
        ..Config::default()
    })
    .await?;
    let mut line = serde_json::to_string(running.announcement())?;
    line.push('\n');
    let mut output = std::io::stdout();
    output.write_all(line.as_bytes())?;
    output.flush()?;
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    running.stop().await;
    Ok(())
}
