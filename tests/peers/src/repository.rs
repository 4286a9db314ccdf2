//! The same history as a git repository: one commit per change, one indented file per flag, segment and identity, as
//! somebody would keep it who keeps it by hand.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::year::Left;

/// A repository that is being written.
pub struct Repository {
    directory: PathBuf,
    import: Child,
    commits: u64,
}

impl Repository {
    /// An empty one; nothing where git is absent.
    pub fn new(directory: &Path) -> Result<Option<Self>, String> {
        let made = Command::new("git")
            .args(["init", "-q", "--bare"])
            .arg(directory)
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return Ok(None);
        }
        let import = Command::new("git")
            .arg("-C")
            .arg(directory)
            .args(["fast-import", "--quiet"])
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        Ok(Some(Self {
            directory: directory.to_owned(),
            import,
            commits: 0,
        }))
    }

    /// Writes a commit.
    pub fn commit(&mut self, left: &[Left]) -> Result<(), String> {
        self.commits += 1;
        let seconds = 1_767_225_600 + self.commits * 6_307;
        let Some(input) = self.import.stdin.as_mut() else {
            return Err("git fast-import takes nothing any more".to_owned());
        };
        write_commit(input, self.commits, seconds, left).map_err(|error| format!("git fast-import: {error}"))
    }

    /// Bytes of its objects after `git gc`.
    pub fn bytes(mut self) -> Result<u64, String> {
        drop(self.import.stdin.take());
        let imported = self.import.wait().map_err(|error| error.to_string())?;
        let collected = Command::new("git")
            .arg("-C")
            .arg(&self.directory)
            .args(["gc", "--quiet", "--prune=now"])
            .status()
            .map_err(|error| error.to_string())?;
        if !imported.success() || !collected.success() {
            return Err("git did not take the history".to_owned());
        }
        bytes_in(&self.directory.join("objects")).map_err(|error| error.to_string())
    }
}

fn write_commit(input: &mut ChildStdin, number: u64, seconds: u64, left: &[Left]) -> std::io::Result<()> {
    let message = format!("change {number}");
    write!(
        input,
        "commit refs/heads/main\ncommitter Maya <maya@example.com> {seconds} +0000\ndata {}\n{message}\n",
        message.len()
    )?;
    for file in left {
        match &file.content {
            Some(content) => {
                write!(
                    input,
                    "M 100644 inline {}\ndata {}\n",
                    file.path,
                    content.len() + 1
                )?;
                writeln!(input, "{content}\n")?;
            }
            None => writeln!(input, "D {}", file.path)?,
        }
    }
    writeln!(input)
}

fn bytes_in(directory: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            bytes_in(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
