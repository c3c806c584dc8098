//! What `deploy` says is what the product does: settings by name, users without rights, time to stop.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use namaskah::config::SETTINGS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Every text below `deploy`, and the workflows: its path from the root, and what it says.
fn texts() -> Vec<(PathBuf, String)> {
    let root = root();
    let (mut folders, mut found) = (vec![root.join("deploy"), root.join(".github")], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("a text");
                found.push((path.strip_prefix(&root).expect("below the root").to_owned(), text));
            }
        }
    }
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

#[test]
fn every_setting_that_is_deployed_is_one() {
    let known: BTreeSet<String> =
        SETTINGS.iter().map(|setting| format!("NAMASKAH_{}", setting.key.to_uppercase())).collect();
    let mut named = 0;
    for (path, text) in texts() {
        let is_part = |c: char| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit();
        for (at, _) in text.match_indices("NAMASKAH_") {
            let name: String = text[at..].chars().take_while(|c| is_part(*c)).collect();
            // A name that is only begun is talked about.
            assert!(name == "NAMASKAH_NAME" || known.contains(&name), "{}: {name}", path.display());
            named += 1;
        }
    }
    assert!(named > 40, "{named} settings are named");
}

/// What the serving containers are told is the product's own: neither who owns the database nor where alerts go.
#[test]
fn the_product_of_a_composition_is_given_its_own_settings_alone() {
    let assigned = |path: &str| -> Vec<String> {
        let text = read(path);
        let names =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        names.map(|(name, _)| name.to_owned()).collect()
    };
    let products = assigned("deploy/compose/production.env.example");
    assert!(products.len() > 5 && products.iter().all(|name| name.starts_with("NAMASKAH_")), "{products:?}");
    let others = assigned("deploy/compose/composition.env.example");
    for name in ["POSTGRES_PASSWORD", "OWNER_PASSWORD", "GRAFANA_PASSWORD", "ALERTS_SMTP_PASSWORD"] {
        assert!(others.iter().any(|other| other == name), "{name}");
    }
    let composition = read("deploy/compose/compose.yaml");
    let told: Vec<&str> =
        composition.lines().filter_map(|line| line.trim().strip_prefix("env_file: ")).collect();
    assert_eq!(told, ["production.env"]);
}

#[test]
fn what_is_filled_in_is_neither_committed_nor_built_into_an_image() {
    for file in [".gitignore", "deploy/container/Containerfile.dockerignore"] {
        let lines = read(file);
        for wanted in ["*.env", "namaskah.toml", "deploy/compose/copies"] {
            let is_wanted = |line: &str| line.trim_start_matches("**").trim_start_matches('/') == wanted;
            assert!(lines.lines().any(is_wanted), "{file}: {wanted}");
        }
    }
}

#[test]
fn every_script_can_be_run() {
    let mut scripts = 0;
    for (path, text) in texts() {
        let Some(shell) = text.lines().next().and_then(|line| line.strip_prefix("#!")) else { continue };
        let file = root().join(&path);
        let mode = fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{} is not executable", path.display());
        let shell = if shell.ends_with("bash") { "bash" } else { "sh" };
        let parsed = Command::new(shell).arg("-n").arg(&file).status().expect("a shell");
        assert!(parsed.success(), "{} does not parse", path.display());
        scripts += 1;
    }
    assert!(scripts >= 5, "{scripts} scripts");
}

#[test]
fn the_product_runs_as_a_user_without_rights() {
    let image = read("deploy/container/Containerfile");
    let (_, last) = image.rsplit_once("\nFROM ").expect("stages");
    let user = last.lines().find_map(|line| line.strip_prefix("USER ")).expect("a user");
    assert_eq!(user, "65532:65532");
    assert!(last.starts_with("scratch\n"), "nothing but the product is in it");
    for unit in ["namaskah@.service", "namaskah-audit.service", "namaskah-backup.service"] {
        let unit = read(&format!("deploy/systemd/{unit}"));
        for line in ["User=namaskah", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="]
        {
            assert!(unit.lines().any(|found| found == line), "{line}");
        }
    }
}

/// What `rootfs.sh` makes is the whole image. Only an administrator may try it from within.
#[test]
fn the_image_has_all_that_the_product_needs_to_run() {
    if !nix::unistd::geteuid().is_root() || !Path::new("/etc/ssl/certs/ca-certificates.crt").is_file() {
        eprintln!("skipped: only root can look from within, and certificates must be installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let image = folder.path().join("image");
    let script = root().join("deploy/container/rootfs.sh");
    let made = Command::new(script).args([crate::journeys::binary(), image.clone()]).status();
    assert!(made.expect("the script runs").success());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
        .expect("whoever runs it gets there");
    fs::set_permissions(&image, fs::Permissions::from_mode(0o755)).expect("the same");
    let inside = Command::new("chroot")
        .arg("--userspec=65532:65532")
        .arg(&image)
        .args(["/usr/local/bin/namaskah", "migrate", "up", "--data-dir", "/var/lib/namaskah"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("chroot runs");
    let (said, why) = (String::from_utf8_lossy(&inside.stdout), String::from_utf8_lossy(&inside.stderr));
    assert!(inside.status.success() && said.contains("applied"), "{said}{why}");
    assert!(!image.join("bin").exists(), "there is no shell");
}

/// The longest stop: what is left of `drain_s`, and all that follows it.
const LONGEST_STOP_S: u32 = 45;

#[test]
fn whoever_stops_the_product_gives_it_the_time_that_it_takes() {
    let number = |text: &str, before: &str| -> u32 {
        let (_, rest) = text.split_once(before).expect(before);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    };
    let longest = LONGEST_STOP_S + 10;
    assert!(number(&read("deploy/systemd/namaskah@.service"), "TimeoutStopSec=") >= longest);
    assert!(number(&read("deploy/render.yaml"), "maxShutdownDelaySeconds: ") >= longest);
    assert!(number(&read("deploy/compose/compose.yaml"), "stop_grace_period: ") >= longest);
    // The proxy has looked twice by the end of the shortest drain outside the sandbox.
    let proxy = read("deploy/proxy/Caddyfile");
    assert!(2 * number(&proxy, "health_interval ") < 3);
}

#[test]
fn dependencies_are_held_to_the_advisories_each_week_and_when_they_change() {
    let workflow = read(".github/workflows/security.yml");
    for line in [
        "    - cron: \"17 4 * * 1\"",
        "    paths: [Cargo.lock, deny.toml, .github/workflows/security.yml]",
        "      - run: git clone --depth 1 https://github.com/rustsec/advisory-db \"$RUNNER_TEMP/advisory-db\"",
        "      - run: ADVISORY_DB=\"$RUNNER_TEMP/advisory-db\" tests/run audit",
    ] {
        assert!(workflow.lines().any(|found| found == line), "{line}");
    }
    // What is skipped without data is told, and nothing passes for it.
    assert!(!workflow.contains("continue-on-error"), "an advisory fails the workflow");
}
