//! A cell of a CSV file.

/// Our texts hold no commas, quotes or line ends today; a cell that did would be quoted, and one that a spreadsheet
/// would take for a formula is kept from it. A number is none, whatever its sign: a debit is written as it is.
pub fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number(text);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Digits, a fraction perhaps, below zero perhaps: as money is written, and nothing else.
fn is_number(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let size = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = size.split_once('.').unwrap_or((size, "0"));
    is_digits(whole) && is_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(cell("nmk-abc"), "nmk-abc");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("\t=1"), "'\t=1");
    }

    #[test]
    fn a_number_is_written_as_it_is_and_what_only_begins_as_one_is_not() {
        for number in ["-10.00", "10.00", "-1", "0", "-0.75", "-92233720368547.758070"] {
            assert_eq!(cell(number), number);
        }
        for text in [
            "-",
            "-.5",
            "-5.",
            "-1+1",
            "--1",
            "-1-1",
            "+1",
            "-1e5",
            "-1.2.3",
            "-1 ",
            "- 1",
            "-A1",
            "-1%",
            "-\u{661}",
            "-1|'x'!A0",
            "-1\t",
        ] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("-1,00"), "\"'-1,00\"");
    }
}
