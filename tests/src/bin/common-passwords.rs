//! Prints the list of common passwords, an entry a line: `domain/src/auth/common_passwords.txt`.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for entry in namaskah_tests::passwords::common() {
        writeln!(out, "{entry}")?;
    }
    Ok(())
}
