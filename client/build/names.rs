//! Names of the document as names of Rust.

/// Words that Rust keeps for itself, of those that the document uses.
const KEPT: [&str; 9] = ["type", "in", "ref", "use", "match", "move", "self", "where", "for"];

/// `Listed_Verification` and `insufficient_funds` as `ListedVerification` and `InsufficientFunds`.
pub fn camel(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let word = |word: &str| {
        let all_capitals = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let (first, rest) = word.split_at(1);
        let rest = if all_capitals { rest.to_ascii_lowercase() } else { rest.to_owned() };
        first.to_ascii_uppercase() + &rest
    };
    let joined: String = words.map(word).collect();
    // `*`, which stands for every word.
    if joined.is_empty() {
        return "All".to_owned();
    }
    // No name begins with a digit.
    if joined.starts_with(|c: char| c.is_ascii_digit()) { format!("N{joined}") } else { joined }
}

/// A field, or an argument.
pub fn snake(name: &str) -> String {
    let bare: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if KEPT.contains(&bare.as_str()) { format!("{bare}_") } else { bare }
}

/// A comment above an item, a line a line.
pub fn comment(about: Option<&str>, indent: &str) -> String {
    let about = about.filter(|about| !about.is_empty()).unwrap_or("See the API's reference.");
    let lines = about.lines().map(|line| format!("{indent}/// {line}").trim_end().to_owned() + "\n");
    lines.collect()
}
