//! What commands tell on standard output. Whoever reads it may have had enough, as `head` has: that is no fault of ours, and
//! the command ends quietly.

use std::{
    fmt,
    io::{self, Write},
    process,
};

/// As a shell tells of a process that SIGPIPE has ended. What a command has decided was not told to its end.
const HAD_ENOUGH: u8 = 128 + 13;

/// Standard output takes nothing more.
#[derive(Debug, thiserror::Error)]
#[error("standard output: {0}")]
pub(super) struct NobodyReads(#[source] pub(super) io::Error);

/// A line for whoever reads the output of a command; the process ends if nobody does.
macro_rules! say {
    ($($words:tt)*) => { $crate::command::output::line(::core::format_args!($($words)*)) };
}

/// A line for whoever may read it; the process goes on if nobody does.
macro_rules! offer {
    ($($words:tt)*) => { $crate::command::output::offered(::core::format_args!($($words)*)) };
}

/// A line on standard error.
macro_rules! complain {
    ($($words:tt)*) => { $crate::command::output::complaint(::core::format_args!($($words)*)) };
}

pub(super) fn line(words: fmt::Arguments<'_>) {
    if let Err(error) = write(words) {
        process::exit(code(&error).into());
    }
}

pub(super) fn offered(words: fmt::Arguments<'_>) {
    // Whoever has started the process need not listen to it.
    let _ = write(words);
}

pub(super) fn complaint(words: fmt::Arguments<'_>) {
    // There is nowhere else to say that.
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// For commands that have to put something away before they end.
///
/// # Errors
/// If nobody reads any more.
pub(super) fn told(words: fmt::Arguments<'_>) -> Result<(), NobodyReads> {
    write(words).map_err(NobodyReads)
}

fn write(words: fmt::Arguments<'_>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{words}")?;
    output.flush()
}

/// How a process ends that cannot tell. Only that nobody reads goes without saying.
pub(super) fn code(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return HAD_ENOUGH;
    }
    complaint(format_args!("namaskah: standard output: {error}"));
    1
}
