//! Instructions of one evaluation: the difference of two runs of this program under callgrind, which differ in the
//! number of evaluations only. Unlike a time, it is the same on a busy machine.

use std::process::Command;

use crate::profile::Profile;
use crate::workload::{Contender, IDENTITIES};

/// The instructions of one evaluation of all flags, averaged over identities. `None` where valgrind is not installed.
pub fn instructions(profile: Profile, contender: Contender) -> Result<Option<f64>, String> {
    // Both runs begin with the same identities, which warm up whatever is built on first use.
    let (few, many) = match contender {
        Contender::Own => (IDENTITIES, IDENTITIES * 33),
        Contender::Cloned | Contender::Reused => (2, 18),
    };
    let (Some(short), Some(long)) = (
        collected(profile, contender, few)?,
        collected(profile, contender, many)?,
    ) else {
        return Ok(None);
    };
    Ok(Some((long - short) / (many - few) as f64))
}

fn collected(profile: Profile, contender: Contender, evaluations: usize) -> Result<Option<f64>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(program).args([
        "evaluate",
        profile.name(),
        contender.name(),
        &evaluations.to_string(),
    ]);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let text = String::from_utf8_lossy(&output.stderr);
    let counted = text
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match counted {
        Some(counted) if output.status.success() => Ok(Some(counted)),
        _ => Err(format!("callgrind said: {text}")),
    }
}
