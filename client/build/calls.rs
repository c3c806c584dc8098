//! Each operation as a method of the client. What streams, and what redirects a browser, is left out.

use std::fmt::Write;

use serde_json::Value;

use crate::{
    names::{camel, comment, snake},
    types::kind,
};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every call, and the types of their queries.
pub fn write(document: &Value) -> String {
    let (mut calls, mut queries) = (String::new(), String::new());
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS.into_iter().filter(|method| operations[*method].is_object()) {
            let operation = &operations[method];
            if let Some(answer) = Answer::of(operation) {
                call(&mut calls, &mut queries, method, path, operation, &answer);
            }
        }
    }
    format!(
        "impl crate::Client {{\n{calls}}}\n\n/// What may be asked for besides.\npub mod query {{\n{queries}}}\n"
    )
}

/// What a call gives.
enum Answer {
    Nothing,
    Text,
    Json(String),
}

impl Answer {
    fn of(operation: &Value) -> Option<Self> {
        let responses = operation["responses"].as_object()?;
        let (_, response) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
        let Some((media, content)) =
            response["content"].as_object().and_then(|content| content.iter().next())
        else {
            return Some(Self::Nothing);
        };
        match media.as_str() {
            "application/json" => Some(Self::Json(typed(&content["schema"]))),
            "text/event-stream" => None,
            _ => Some(Self::Text),
        }
    }
}

fn call(
    calls: &mut String,
    queries: &mut String,
    method: &str,
    path: &str,
    operation: &Value,
    answer: &Answer,
) {
    let name = operation["operationId"].as_str().unwrap_or_default();
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    let at = |place: &'static str| parameters.iter().filter(move |parameter| parameter["in"] == place);
    let mut arguments = String::from("&self");
    for parameter in at("path") {
        let _ = write!(arguments, ", {}: &str", snake(parameter["name"].as_str().unwrap_or_default()));
    }
    let key = at("header").any(|parameter| parameter["name"] == "Idempotency-Key");
    if key {
        arguments.push_str(", idempotency_key: &str");
    }
    let asked: Vec<&Value> = at("query").copied().collect();
    if !asked.is_empty() {
        let _ = write!(arguments, ", query: &query::{}", camel(name));
        query(queries, &camel(name), &asked);
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if body.is_object() {
        let _ = write!(arguments, ", body: &{}", typed(body));
    }
    let gives = match answer {
        Answer::Nothing => "()",
        Answer::Text => "String",
        Answer::Json(of) => of,
    };
    let about = [operation["summary"].as_str(), operation["description"].as_str()];
    let about: Vec<&str> = about.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    calls.push_str(&comment(Some(&about.join("\n\n")), "    "));
    calls.push_str("    ///\n    /// # Errors\n    /// A refusal, or that nothing could be had.\n");
    let _ = writeln!(calls, "    pub async fn {name}({arguments}) -> Result<{gives}, crate::Error> {{");
    let _ = writeln!(
        calls,
        "        let request = self.request(reqwest::Method::{}, {});",
        method.to_uppercase(),
        place(path)
    );
    if key {
        calls.push_str("        let request = request.header(\"Idempotency-Key\", idempotency_key);\n");
    }
    if !asked.is_empty() {
        calls.push_str("        let request = request.query(query);\n");
    }
    if body.is_object() {
        calls.push_str("        let request = request.json(body);\n");
    }
    let read = match answer {
        Answer::Nothing => "nothing",
        Answer::Text => "text",
        Answer::Json(_) => "json",
    };
    let _ = writeln!(calls, "        crate::{read}(request).await\n    }}\n");
}

/// The type of a body, as calls name it.
fn typed(schema: &Value) -> String {
    let of = kind(schema, "", &mut String::new());
    if schema["$ref"].is_string() { format!("crate::schema::{of}") } else { of }
}

/// The path with its arguments in their places, as an expression.
fn place(path: &str) -> String {
    let mut parts = Vec::new();
    let mut format = String::new();
    for part in path.split('/').skip(1) {
        format.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => {
                format.push_str("{}");
                parts.push(format!("crate::segment({})", snake(name)));
            }
            None => format.push_str(part),
        }
    }
    if parts.is_empty() {
        format!("{format:?}")
    } else {
        format!("&format!({format:?}, {})", parts.join(", "))
    }
}

fn query(text: &mut String, name: &str, asked: &[&Value]) {
    let mut words = String::new();
    text.push_str("/// Nothing of it is asked for unless it is set.\n");
    let _ =
        writeln!(text, "#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]\npub struct {name} {{");
    for parameter in asked {
        let field = parameter["name"].as_str().unwrap_or_default();
        let kind = kind(&parameter["schema"], &format!("{name}{}", camel(field)), &mut words);
        text.push_str(&comment(parameter["description"].as_str(), "    "));
        if snake(field) != field {
            let _ = writeln!(text, "    #[serde(rename = {field:?})]");
        }
        let _ = writeln!(text, "    #[serde(skip_serializing_if = \"Option::is_none\")]");
        let _ = writeln!(text, "    pub {}: Option<{kind}>,", snake(field));
    }
    text.push_str("}\n\n");
    text.push_str(&words);
}
