//! `keyhook baseline import`, on files of each scanner.
//!
//! `shapes` writes the files as the scanners do, with hashes computed here, so that `cargo test` alone
//! covers every format. `real` has the scanners write them. No file in this repository holds one.

mod damage;
mod flow;
#[cfg(unix)]
mod real;
mod shapes;

use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::support::{Run, Sandbox, filled};

/// The secrets of a small repository, by file; each has one finding.
struct Leaky {
    sandbox: Sandbox,
    slack: String,
    stripe: String,
    password: String,
}

impl Leaky {
    /// A repository with three committed secrets, and one that comes later.
    fn new() -> Leaky {
        let leaky = Leaky {
            sandbox: Sandbox::new(),
            slack: slack(1),
            stripe: stripe(1),
            password: filled("{{alnum 20}}", 7),
        };
        leaky.sandbox.commit("src/slack.py", format!("import slack\nBOT = \"{}\"\n", leaky.slack));
        leaky.sandbox.commit("pay/stripe.py", format!("stripe.api_key = \"{}\"\n", leaky.stripe));
        leaky.sandbox.commit("src/db.py", format!("db_password = \"{}\"\n", leaky.password));
        leaky
    }

    fn values(&self) -> [&str; 3] {
        [&self.slack, &self.stripe, &self.password]
    }

    /// Imports, and fails if any secret is shown.
    #[track_caller]
    fn import(&self, arguments: &[&str]) -> Run {
        let run = self.sandbox.keyhook(&[&["baseline", "import"], arguments].concat());
        for value in self.values() {
            assert!(!run.text().contains(value), "a secret is shown in:\n{}", run.text());
        }
        run
    }

    /// The verdict of each record of the baseline, as `path rule verdict`, sorted.
    fn records(&self) -> Vec<String> {
        records(&self.sandbox)
    }
}

fn records(sandbox: &Sandbox) -> Vec<String> {
    let baseline: Value = serde_json::from_str(&sandbox.read(".secrets.baseline")).unwrap();
    let text = |record: &Value, key: &str| record[key].as_str().unwrap().to_owned();
    let records = baseline["findings"].as_array().unwrap().iter().filter(|r| r.is_object());
    let mut lines: Vec<String> = records
        .map(|r| format!("{} {} {}", text(r, "path"), text(r, "rule"), text(r, "verdict")))
        .collect();
    lines.sort();
    lines
}

fn slack(seed: u64) -> String {
    filled("xoxb-{{digits 12}}-{{digits 12}}-{{alnum 24}}", seed)
}

fn stripe(seed: u64) -> String {
    filled("sk_live_{{alnum 24}}", seed)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha1(text: &str) -> String {
    hex(&Sha1::digest(text.as_bytes()))
}

fn sha256(text: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(text.as_ref()))
}
