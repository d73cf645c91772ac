//! The machine that a table was measured on.

use std::fs;
use std::io;

/// The value of the first line of a file of `/proc` that begins with `name`.
fn value(path: &str, name: &str) -> io::Result<Option<String>> {
    Ok(fs::read_to_string(path)?
        .lines()
        .find_map(|line| line.strip_prefix(name)?.split_once(':'))
        .map(|(_, value)| value.trim().to_owned()))
}

/// Processor, cores and memory.
pub fn describe() -> io::Result<String> {
    // Not every architecture names its processor.
    let model = value("/proc/cpuinfo", "model name")?
        .unwrap_or_else(|| format!("a processor of {}", std::env::consts::ARCH));
    let memory = value("/proc/meminfo", "MemTotal")?
        .and_then(|value| value.split(' ').next()?.parse::<f64>().ok())
        .map_or(String::new(), |kib| format!(", {:.0} GiB of memory", kib / 1024.0 / 1024.0));
    Ok(format!("{model}, {} cores{memory}", std::thread::available_parallelism()?))
}
