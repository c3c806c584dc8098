//! As much of PromQL as is needed to know what a query reads.

/// What a query reads, and by which labels it groups.
#[derive(Debug, Default)]
pub struct Query {
    pub selectors: Vec<Selector>,
    pub grouped_by: Vec<String>,
}

/// A metric, and what its labels must be.
#[derive(Debug, PartialEq, Eq)]
pub struct Selector {
    pub metric: String,
    pub matchers: Vec<Matcher>,
}

/// What one label must be, or must not be.
#[derive(Debug, PartialEq, Eq)]
pub struct Matcher {
    pub label: String,
    pub is_pattern: bool,
    pub value: String,
}

impl Matcher {
    /// The values that are named: of a pattern its alternatives, without the backslashes of what they quote.
    pub fn values(&self) -> Vec<String> {
        if self.is_pattern {
            self.value.split('|').map(|part| part.replace('\\', "")).collect()
        } else {
            vec![self.value.clone()]
        }
    }
}

/// Words that name no metric, even where no parenthesis follows.
const WORDS: [&str; 11] =
    ["and", "or", "unless", "offset", "sum", "min", "max", "avg", "count", "group", "topk"];
/// Words before a list of labels.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

struct Reader<'a> {
    left: std::iter::Peekable<std::str::Chars<'a>>,
}

/// Reads a query.
pub fn read(text: &str) -> Query {
    let mut reader = Reader { left: text.chars().peekable() };
    let mut query = Query::default();
    while let Some(&next) = reader.left.peek() {
        match next {
            '"' => drop(reader.quoted()),
            '[' => drop(reader.until(']')),
            '0'..='9' => drop(reader.word()),
            letter if letter.is_ascii_alphabetic() || letter == '_' || letter == ':' => {
                let word = reader.word();
                reader.name(word, &mut query);
            }
            _ => drop(reader.left.next()),
        }
    }
    query
}

impl Reader<'_> {
    fn word(&mut self) -> String {
        let is_part = |c: &char| c.is_ascii_alphanumeric() || ['_', ':', '.'].contains(c);
        let mut word = String::new();
        while let Some(c) = self.left.next_if(is_part) {
            word.push(c);
        }
        word
    }

    fn space(&mut self) {
        while self.left.next_if(|c| c.is_whitespace()).is_some() {}
    }

    fn until(&mut self, end: char) -> String {
        self.left.by_ref().skip(1).take_while(|c| *c != end).collect()
    }

    /// A text between quotes, without its escapes.
    fn quoted(&mut self) -> String {
        assert_eq!(self.left.next(), Some('"'), "a quote");
        let mut text = String::new();
        while let Some(c) = self.left.next() {
            match c {
                '"' => return text,
                '\\' => text.extend(self.left.next()),
                other => text.push(other),
            }
        }
        panic!("the quote does not end: {text}");
    }

    fn name(&mut self, word: String, query: &mut Query) {
        self.space();
        let next = self.left.peek().copied();
        if GROUPINGS.contains(&word.as_str()) && next == Some('(') {
            let labels = self.until(')');
            let labels = labels.split(',').map(str::trim).filter(|label| !label.is_empty());
            query.grouped_by.extend(labels.map(str::to_owned));
        } else if next != Some('(') && !WORDS.contains(&word.as_str()) {
            let matchers = if next == Some('{') { self.matchers() } else { Vec::new() };
            query.selectors.push(Selector { metric: word, matchers });
        }
    }

    fn matchers(&mut self) -> Vec<Matcher> {
        assert_eq!(self.left.next(), Some('{'), "a brace");
        let mut matchers = Vec::new();
        loop {
            while self.left.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
            if self.left.next_if_eq(&'}').is_some() {
                return matchers;
            }
            let label = self.word();
            let mut operator = String::new();
            while let Some(c) = self.left.next_if(|c| ['=', '!', '~', ' '].contains(c)) {
                operator.push(c);
            }
            assert!(!label.is_empty() && !operator.is_empty(), "a matcher after {matchers:?}");
            matchers.push(Matcher { label, is_pattern: operator.contains('~'), value: self.quoted() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Matcher, Selector, read};

    fn matcher(label: &str, is_pattern: bool, value: &str) -> Matcher {
        Matcher { label: label.to_owned(), is_pattern, value: value.to_owned() }
    }

    #[test]
    fn metrics_and_their_labels_are_read_and_nothing_else() {
        let query = read(
            "sum by (provider, le) (rate(calls_total{outcome=~\"a|b\", route!=\"/x/\\\\{id\\\\}\"}[5m])) > 14.4 * 0.001 \
             and on (job) up{job=\"it\"} == 0 or rule:name:ratio5m offset 1h unless predict_linear(disk[6h], 86400) < 1e3",
        );
        let selector = |metric: &str, matchers| Selector { metric: metric.to_owned(), matchers };
        let expected = [
            selector(
                "calls_total",
                vec![matcher("outcome", true, "a|b"), matcher("route", false, "/x/\\{id\\}")],
            ),
            selector("up", vec![matcher("job", false, "it")]),
            selector("rule:name:ratio5m", Vec::new()),
            selector("disk", Vec::new()),
        ];
        assert_eq!(query.selectors, expected);
        assert_eq!(query.grouped_by, ["provider", "le", "job"]);
        assert_eq!(matcher("route", true, "/a|/x/\\{id\\}").values(), ["/a", "/x/{id}"]);
    }
}
