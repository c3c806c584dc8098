//! `crash [--cycles N] [--database sqlite|postgres|both] [--seed S]`: see [`namaskah_tests::crash`]. Prints a line a
//! cycle and a figure a database; ends with 1 when a cycle was not clean.

use std::{env, process::ExitCode};

use namaskah_tests::crash::{self, Failure, Kind};

const CYCLES: u64 = 50;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    // Whoever is interrupted leaves no product behind: processes are killed when they are dropped.
    let ran = tokio::select! {
        ran = run(&words) => ran,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    match ran {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("crash: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(words: &[String]) -> Result<bool, Failure> {
    let (mut cycles, mut seed, mut kinds) = (CYCLES, None, vec![Kind::Sqlite, Kind::Postgres]);
    for pair in words.chunks(2) {
        let [name, value] = pair else { return Err(format!("{} needs a value", pair[0]).into()) };
        match name.as_str() {
            "--cycles" => cycles = value.parse()?,
            "--seed" => seed = Some(value.parse()?),
            "--database" => kinds = databases(value)?,
            _ => return Err(format!("{name} is no option: --cycles, --database, --seed").into()),
        }
    }
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) * 1_000);
    for kind in kinds {
        if !crash::run(kind, cycles, seed).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn databases(word: &str) -> Result<Vec<Kind>, Failure> {
    match word {
        "sqlite" => Ok(vec![Kind::Sqlite]),
        "postgres" => Ok(vec![Kind::Postgres]),
        "both" => Ok(vec![Kind::Sqlite, Kind::Postgres]),
        _ => Err(format!("--database {word}: sqlite, postgres or both").into()),
    }
}
