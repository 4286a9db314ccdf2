//! The Python and Node engines, as child processes that measure themselves.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::profile::Profile;

/// An engine in another language.
pub struct Foreign {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What a child answers.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Timing {
    /// By the child's own clock, so without the way to it and back.
    pub seconds: f64,
    /// Flags that came out enabled.
    #[serde(default)]
    pub enabled: usize,
}

/// The files that children read.
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// Writes all documents, and as many identities, below a folder.
    pub fn write(folder: &Path, identities: &[halyard_engine::Identity]) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        for profile in Profile::ALL {
            std::fs::write(
                folder.join(format!("{}.json", profile.name())),
                profile.document().to_string(),
            )?;
        }
        let lines: String = identities
            .iter()
            .map(|one| {
                format!(
                    "{}\n",
                    json!({ "identifier": one.identifier, "traits": one.traits })
                )
            })
            .collect();
        std::fs::write(folder.join("identities.jsonl"), lines)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }
}

impl Foreign {
    /// All that `scripts/peers-setup.sh` has installed. A missing one is said and left out.
    pub fn installed(root: &Path) -> Vec<Self> {
        let python = |dialect: &str| {
            let mut command = Command::new(root.join("target/oracle").join(dialect).join("bin/python"));
            command.arg(root.join("tests/peers/python/peer.py"));
            command
        };
        let mut node = Command::new("node");
        node.arg(root.join("tests/peers/node/peer.mjs"))
            .arg(root.join("target/peers/node"));
        let all = [
            ("Python engine 11.1.1", python("11.1")),
            ("Python engine 10.2.0", python("10.2")),
            ("Node engine 8.1.2", node),
        ];
        all.into_iter()
            .filter_map(|(name, command)| Self::start(name, command))
            .collect()
    }

    fn start(name: &'static str, mut command: Command) -> Option<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.spawn().ok()?;
        let (input, output) = (child.stdin.take()?, child.stdout.take()?);
        Some(Self {
            name,
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// What reports call it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Reads and maps a document, and keeps it.
    pub fn load(&mut self, profile: Profile, files: &Files) -> Result<Timing, String> {
        let document = files.folder.join(format!("{}.json", profile.name()));
        let identities = files.folder.join("identities.jsonl");
        self.ask(
            &json!({ "name": profile.name(), "load": { "document": document, "identities": identities } }),
        )
    }

    /// Evaluates all flags of all identities so many times.
    pub fn evaluate(&mut self, profile: Profile, passes: usize) -> Result<Timing, String> {
        self.ask(&json!({ "name": profile.name(), "evaluate": passes }))
    }

    fn ask(&mut self, command: &Value) -> Result<Timing, String> {
        let mut line = String::new();
        writeln!(self.input, "{command}")
            .and_then(|()| self.input.flush())
            .and_then(|()| self.output.read_line(&mut line))
            .map_err(|error| format!("{}: {error}", self.name))?;
        serde_json::from_str(&line).map_err(|error| format!("{}: {error}: {line}", self.name))
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // A child whose measurement broke off may still be busy, and nobody waits for its answer.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
