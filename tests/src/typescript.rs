//! The OpenAPI document as types of TypeScript: `client/typescript/schema.ts`.

use std::fmt::Write;

use serde_json::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const HEAD: &str = "// Made from client/openapi.json by `tests/run openapi accept`. Not for hands.\n\n";

/// The whole file.
pub fn write(document: &Value) -> String {
    let mut text = HEAD.to_owned();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        text.push_str(&comment(schema["description"].as_str(), ""));
        let _ = writeln!(text, "export interface {} {}\n", camel(name), fields(schema, ""));
    }
    let (mut types, mut places) = (String::new(), String::new());
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS.into_iter().filter(|method| operations[*method].is_object()) {
            operation(&mut types, &mut places, method, path, &operations[method]);
        }
    }
    let _ = write!(
        text,
        "/** What each call is given, and what it answers. */\nexport interface Operations {{\n{types}}}\n\n\
         /** Where each call goes, and how its answer is read. */\nexport const operations = {{\n{places}}} as const;\n"
    );
    text
}

/// `Listed_Verification` as `ListedVerification`.
fn camel(name: &str) -> String {
    name.split('_').collect()
}

fn comment(about: Option<&str>, indent: &str) -> String {
    match about.filter(|about| !about.is_empty()) {
        None => String::new(),
        Some(about) => format!("{indent}/** {} */\n", about.replace("*/", "* /").replace('\n', " ")),
    }
}

/// An object's fields, in braces.
fn fields(schema: &Value, indent: &str) -> String {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = "{\n".to_owned();
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        text.push_str(&comment(of["description"].as_str(), &format!("{indent}  ")));
        let mark = if required.contains(&name.as_str()) { "" } else { "?" };
        let _ = writeln!(text, "{indent}  {name}{mark}: {};", kind(of));
    }
    text + indent + "}"
}

fn kind(schema: &Value) -> String {
    let bare = bare_kind(schema);
    if schema["nullable"] == true { format!("{bare} | null") } else { bare }
}

fn bare_kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return camel(reference.rsplit('/').next().unwrap_or_default());
    }
    if let Some(only) = schema["allOf"].as_array().and_then(|all| all.first()) {
        return bare_kind(only);
    }
    match schema["type"].as_str() {
        Some("string") => match schema["enum"].as_array() {
            Some(words) => words
                .iter()
                .filter(|word| !word.is_null())
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" | "),
            None => "string".to_owned(),
        },
        Some("boolean") => "boolean".to_owned(),
        Some("number" | "integer") => "number".to_owned(),
        Some("array") => format!("Array<{}>", kind(&schema["items"])),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("Record<string, {}>", kind(&schema["additionalProperties"]))
        }
        _ => "unknown".to_owned(),
    }
}

fn operation(types: &mut String, places: &mut String, method: &str, path: &str, operation: &Value) {
    let Some((how, answer)) = answer(operation) else { return };
    let name = operation["operationId"].as_str().unwrap_or_default();
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    let named = |place: &str| -> Vec<String> {
        let at = parameters.iter().filter(|parameter| parameter["in"] == place);
        let one = |parameter: &&Value| {
            let mark = if parameter["required"] == true { "" } else { "?" };
            format!(
                "{}{mark}: {}",
                parameter["name"].as_str().unwrap_or_default(),
                kind(&parameter["schema"])
            )
        };
        at.map(one).collect()
    };
    let mut given = Vec::new();
    let (in_path, in_query) = (named("path"), named("query"));
    if !in_path.is_empty() {
        given.push(format!("path: {{ {} }}", in_path.join("; ")));
    }
    if !in_query.is_empty() {
        let mark = if in_query.iter().all(|one| one.contains("?:")) { "?" } else { "" };
        given.push(format!("query{mark}: {{ {} }}", in_query.join("; ")));
    }
    if parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key") {
        given.push("key: string".to_owned());
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if body.is_object() {
        given.push(format!("body: {}", kind(body)));
    }
    let given = if given.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", given.join("; ")) };
    types.push_str(&comment(operation["summary"].as_str(), "  "));
    let _ = writeln!(types, "  {name}: {{ given: {given}; answer: {answer} }};");
    let _ = writeln!(places, "  {name}: [{:?}, {path:?}, {how:?}],", method.to_uppercase());
}

/// How an answer is read, and its type. What streams, and what redirects a browser, is left out.
fn answer(operation: &Value) -> Option<(&'static str, String)> {
    let responses = operation["responses"].as_object()?;
    let (_, response) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
    let content = response["content"].as_object().and_then(|content| content.iter().next());
    match content {
        None => Some(("nothing", "void".to_owned())),
        Some((media, content)) if media == "application/json" => Some(("json", kind(&content["schema"]))),
        Some((media, _)) if media == "text/event-stream" => None,
        Some(_) => Some(("text", "string".to_owned())),
    }
}
