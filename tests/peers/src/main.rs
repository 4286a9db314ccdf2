//! The measurements' entry.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a program that prints what it measured"
)]

use halyard_peers::profile::Profile;
use halyard_peers::workload::{self, Contender};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["document", profile] => println!("{}", Profile::named(profile).unwrap().document()),
        ["evaluate", profile, contender, evaluations] => {
            let enabled = workload::run(
                Profile::named(profile).unwrap(),
                Contender::named(contender).unwrap(),
                evaluations.parse().unwrap(),
            );
            println!("{}", enabled.unwrap());
        }
        ["count"] => {
            for profile in Profile::ALL {
                for contender in Contender::ALL {
                    let counted = halyard_peers::callgrind::instructions(profile, contender).unwrap();
                    println!("{} {}: {:.0}", profile.name(), contender.name(), counted.unwrap());
                }
            }
        }
        _ => std::process::exit(2),
    }
}
