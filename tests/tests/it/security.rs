//! What docs/security.md and docs/security say: each requirement is answered once, and what an answer cites is there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The identifiers of the OWASP ASVS 5.0, levels 1 and 2, one a line.
const REQUIREMENTS: &str = include_str!("../../data/asvs-5.0.txt");
/// Folders that a page may name files of.
const FOLDERS: [&str; 10] =
    [".ci", ".github", "adapters", "app", "docs", "domain", "fuzz", "migration", "sandbox", "tests"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Every file below a folder whose name ends so, in the order of their names.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && name != "target" {
            found.extend(files(&path, end));
        } else if name.ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The pages: the path of each from the root, and its text.
fn pages() -> Vec<(String, String)> {
    let root = root();
    let parts = files(&root.join("docs/security"), ".md").into_iter();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("a page"))
    };
    std::iter::once(root.join("docs/security.md")).chain(parts).map(read).collect()
}

/// A line of a table that answers requirements.
struct Answer<'a> {
    requirements: Vec<String>,
    /// What is asked, where it is met, and what shows it; or the reason why it does not apply.
    cells: Vec<&'a str>,
}

fn answer(line: &str) -> Option<Answer<'_>> {
    let mut cells = line.strip_prefix("| V")?.strip_suffix(" |")?.split(" | ");
    let first = cells.next().filter(|first| first.starts_with(|char: char| char.is_ascii_digit()))?;
    Some(Answer { requirements: requirements(first), cells: cells.collect() })
}

/// Identifiers that are separated by commas; the `V` of the first was taken off.
fn requirements(text: &str) -> Vec<String> {
    text.split(", ").map(|id| format!("V{}", id.trim_start_matches('V'))).collect()
}

/// What stands between backticks, outside of blocks of code.
fn quoted(page: &str) -> Vec<&str> {
    let mut in_block = false;
    let prose = page.lines().filter(|line| {
        let fence = line.starts_with("```");
        in_block ^= fence;
        !in_block && !fence
    });
    prose.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// Every function of the sources, as its crate, the modules that it stands in, and its name.
fn functions() -> Vec<Vec<String>> {
    let root = root();
    let sources = FOLDERS.iter().flat_map(|folder| files(&root.join(folder), ".rs"));
    sources.flat_map(|path| functions_of(path.strip_prefix(&root).expect("below the root"), &path)).collect()
}

fn functions_of(name: &Path, path: &Path) -> Vec<Vec<String>> {
    let parts = name.with_extension("");
    let mut modules: Vec<String> = parts.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    // `src` and `tests` are no modules, and neither is the file that a folder's module is written in.
    modules.remove(1);
    modules.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
    let mut inner: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    for line in fs::read_to_string(path).expect("a source").lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if text == "}" && inner.last().is_some_and(|(at, _)| *at == indent) {
            inner.pop();
        }
        let bare = ["pub(crate) ", "pub(super) ", "pub ", "async ", "const "].iter();
        let bare = bare.fold(text, |text, word| text.strip_prefix(word).unwrap_or(text));
        if let Some(module) = bare.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
            inner.push((indent, module.to_owned()));
        } else if let Some(rest) = bare.strip_prefix("fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let within = modules.iter().chain(inner.iter().map(|(_, module)| module));
            found.push(within.cloned().chain([name.to_owned()]).collect());
        }
    }
    found
}

#[test]
fn every_requirement_is_answered_once() {
    let mut answers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (page, text) in pages() {
        for id in text.lines().filter_map(answer).flat_map(|answer| answer.requirements) {
            answers.entry(id).or_default().push(page.clone());
        }
    }
    let unanswered = REQUIREMENTS.lines().filter(|id| answers.get(*id).is_none_or(|pages| pages.len() != 1));
    let unanswered: Vec<_> = unanswered.map(|id| (id, answers.get(id))).collect();
    assert!(unanswered.is_empty(), "not answered once: {unanswered:?}");
    answers.retain(|id, _| !REQUIREMENTS.lines().any(|known| known == id));
    assert!(answers.is_empty(), "no requirements of levels 1 and 2: {answers:?}");
}

#[test]
fn what_is_missing_is_told_by_its_answer_and_in_one_list() {
    let mut missing = Vec::new();
    for (page, text) in pages() {
        for answer in text.lines().filter_map(answer) {
            let [about, rest @ ..] = answer.cells.as_slice() else {
                panic!("{page}: {:?}", answer.requirements)
            };
            let (is_met, is_shown) = match rest {
                // A line of what does not apply has the reason alone.
                [] => (!about.is_empty(), true),
                [place, shown] => (!place.contains("**"), shown.starts_with('—') || shown.contains('`')),
                _ => panic!("{page}: {:?} has {} cells", answer.requirements, answer.cells.len()),
            };
            assert!(is_shown, "{page}: {:?}: name a test, or say why there is none", answer.requirements);
            missing.extend(answer.requirements.into_iter().filter(|_| !is_met));
        }
    }
    let index = fs::read_to_string(root().join("docs/security.md")).expect("the index");
    let (_, list) = index.split_once("## What is missing").expect("a list");
    let told = list.lines().filter_map(|line| line.strip_prefix("- V")?.split_once(':'));
    let mut told: Vec<String> = told.flat_map(|(ids, _)| requirements(ids)).collect();
    missing.sort();
    told.sort();
    assert_eq!(told, missing, "the list, and the answers that say **Not met** or **In part**");
}

#[test]
fn every_test_that_is_cited_is_there() {
    let functions = functions();
    assert!(functions.len() > 2_000, "{} functions were found", functions.len());
    let stands = |name: &str| {
        let parts: Vec<&str> = name.split("::").collect();
        let fits = functions.iter().filter(|function| {
            let from = function.len().saturating_sub(parts.len());
            function[from..].iter().map(String::as_str).eq(parts.iter().copied())
        });
        fits.count()
    };
    let pages = pages();
    let cited = pages.iter().flat_map(|(page, text)| quoted(text).into_iter().map(move |name| (page, name)));
    let cited: Vec<_> = cited.filter(|(_, name)| name.contains("::")).collect();
    assert!(cited.len() > 200, "{} tests are cited", cited.len());
    let wrong: Vec<_> = cited.iter().filter(|(_, name)| stands(name) != 1).collect();
    assert!(wrong.is_empty(), "no test of that name, or more than one: {wrong:#?}");
}

#[test]
fn every_file_that_is_cited_is_there() {
    let root = root();
    for (page, text) in pages() {
        for name in quoted(&text).iter().filter_map(|text| text.split(' ').next()) {
            let is_file = name.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder));
            assert!(!is_file || root.join(name).exists(), "{page}: {name} is not there");
        }
        let folder = root.join(&page);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.is_empty() && !link.contains("://")) {
            let to = folder.parent().expect("a folder").join(link);
            assert!(to.exists(), "{page}: {link} leads nowhere");
        }
    }
}
