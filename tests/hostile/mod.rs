//! Repositories made to harm: what they name is not run, what they hold does not reach a terminal
//! raw, and what they lack of sense costs neither memory nor time.
//!
//! `run.py` beside this file measures the slow ones.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{Run, Sandbox, filled, leak, program};

mod bounds;
mod code;
mod devices;
mod environment;
mod terminal;
