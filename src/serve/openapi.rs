//! The API's description of itself, OpenAPI 3.1: made from the same tables that the answers are made from.

use axum::{Json, extract::State};
use serde_json::{Map, Value, json};

use super::{
    By, Order, Shared,
    ask::{self, Takes},
};

/// `/api/v1/openapi.json`.
pub(super) async fn describe(State(shared): State<Shared>) -> Json<Value> {
    Json(document(shared.token.is_some()))
}

/// Returns the description; with `guarded` it says that a token is needed.
pub(super) fn document(guarded: bool) -> Value {
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "dateline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The archive of a dateline daemon, read only: the names and fields of the command line. \
                Times are RFC 3339 in UTC, unknown values are null, and more fields may be added.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": {
            "/api/v1/search": get(
                "search", "Articles that fit a question, or how many there are of each kind", &parameters(ask::SEARCH),
                json!({ "anyOf": [reference("Hits"), reference("Counts")] }), &["400", "404"],
            ),
            "/api/v1/articles/{id}": get(
                "article", "One article with its text and its revisions", &[id()], reference("Article"), &["404"],
            ),
            "/api/v1/stories": get(
                "stories", "What several outlets report, the largest first", &parameters(ask::STORIES),
                object(&[("stories", list(reference("Story")))]), &["400", "404"],
            ),
            "/api/v1/stories/{id}": get("story", "One story", &[id()], reference("Story"), &["404"]),
            "/api/v1/sources": get(
                "sources", "The sources and how they are doing", &[], object(&[("sources", list(reference("Source")))]),
                &[],
            ),
            "/api/v1/topics": get(
                "topics", "The topics with their numbers of articles", &[],
                object(&[("topics", list(reference("Topic")))]), &[],
            ),
            "/api/v1/openapi.json": get("openapi", "This description", &[], json!({ "type": "object" }), &[]),
        },
        "components": { "schemas": schemas(), "responses": responses() },
    });
    for (format, content_type) in
        [("atom", "application/atom+xml"), ("rss", "application/rss+xml"), ("json", "application/feed+json")]
    {
        let schema = if format == "json" { json!({ "type": "object" }) } else { json!({ "type": "string" }) };
        let (name, about) = (format!("feed_{format}"), "Any search as a feed, the newest first");
        let mut feed = get(&name, about, &parameters(ask::FEED), schema, &["400", "404"]);
        let content = &mut feed["get"]["responses"]["200"]["content"];
        let kept = content["application/json"].take();
        *content = json!({ content_type: kept });
        document["paths"][format!("/feeds/search.{format}")] = feed;
    }
    if guarded {
        document["security"] = json!([{ "bearer": [] }, { "basic": [] }]);
        document["components"]["securitySchemes"] = json!({
            "bearer": { "type": "http", "scheme": "bearer" },
            "basic": { "type": "http", "scheme": "basic", "description": "The token as password, with any name" },
        });
    }
    document
}

fn get(id: &str, about: &str, parameters: &[Value], answer: Value, failures: &[&str]) -> Value {
    let mut responses = json!({
        "200": {
            "description": about,
            "headers": { "ETag": { "schema": { "type": "string" }, "description": "For If-None-Match" } },
            "content": { "application/json": { "schema": answer } },
        },
        "304": { "description": "What If-None-Match names is still the answer" },
    });
    for failure in failures.iter().chain(&["401", "429", "503"]) {
        responses[*failure] = json!({ "$ref": format!("#/components/responses/{failure}") });
    }
    json!({ "get": { "operationId": id, "summary": about, "parameters": parameters, "responses": responses } })
}

fn responses() -> Value {
    let mut responses = Map::new();
    for (status, about) in [
        ("400", "The question cannot be read; `detail` says where and what to do"),
        ("401", "A token is needed"),
        ("404", "Nothing has this id, no topic this name"),
        ("429", "Too many requests from one address"),
        ("503", "The archive cannot answer now"),
    ] {
        let mut response = json!({
            "description": about,
            "content": { "application/problem+json": { "schema": reference("Problem") } },
        });
        if status == "429" {
            response["headers"] =
                json!({ "Retry-After": { "schema": { "type": "integer" }, "description": "Seconds to wait" } });
        }
        responses.insert(status.to_owned(), response);
    }
    responses.into()
}

fn parameters(names: &[&str]) -> Vec<Value> {
    let one = |parameter: &ask::Parameter| {
        json!({
            "name": parameter.name, "in": "query", "description": parameter.about,
            "schema": schema(parameter.takes), "explode": parameter.takes != Takes::Fields,
        })
    };
    names.iter().filter_map(|name| ask::known(name)).map(one).collect()
}

fn id() -> Value {
    json!({ "name": "id", "in": "path", "required": true, "schema": schema(Takes::Id) })
}

pub(super) fn schema(takes: Takes) -> Value {
    match takes {
        Takes::Text => text(),
        Takes::Texts => list(text()),
        Takes::Id => text_of("^[0-9a-fA-F]{16}$"),
        Takes::Ids => list(schema(Takes::Id)),
        Takes::Time => json!({ "anyOf": [
            { "type": "string", "format": "date-time" },
            { "type": "string", "format": "date" },
            text_of("^[0-9]{1,3}[smhdw]$"),
        ] }),
        Takes::Number(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Order => json!({ "type": "string", "enum": ask::names::<Order>() }),
        Takes::Fields => {
            json!({ "type": "array", "minItems": 1, "items": { "type": "string", "enum": ask::names::<By>() } })
        }
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn text_of(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// The same, or null where it is not known.
fn maybe(mut schema: Value) -> Value {
    schema["type"] = json!([schema["type"], "null"]);
    schema
}

/// An object that has all of these fields.
fn object(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn schemas() -> Value {
    let article_id = || text_of("^[0-9a-f]{16}$");
    let head = [
        ("id", article_id()),
        ("url", text()),
        ("title", text()),
        ("source", maybe(text())),
        ("outlet", text()),
        ("authors", list(text())),
        ("published_at", maybe(time())),
        ("fetched_at", time()),
        ("lang", maybe(text())),
        ("topics", list(text())),
        ("entities", list(text())),
        ("story", article_id()),
        ("copies", count()),
        ("duplicate_of", maybe(article_id())),
    ];
    let with_head = |fields: &[(&'static str, Value)]| object(&[&head[..], fields].concat());
    let mut hit = with_head(&[("score", maybe(number())), ("snippet", text())]);
    hit["properties"]["explain"] = reference("Explanation");
    json!({
        "Hit": hit,
        "Explanation": object(&[
            ("parts", list(object(&[
                ("words", text()), ("field", json!({ "type": "string", "enum": ["title", "lead", "body"] })),
                ("as_written", json!({ "type": "boolean" })), ("score", number()),
            ]))),
            ("freshness", number()),
            ("representative", number()),
        ]),
        "Hits": object(&[("total", maybe(count())), ("next", maybe(text())), ("hits", list(reference("Hit")))]),
        "Counts": object(&[("counts", list(reference("Count")))]),
        "Count": object(&[
            ("by", json!({ "type": "string", "enum": ask::names::<By>() })), ("value", text()), ("count", count()),
        ]),
        "Article": with_head(&[
            ("body", text()),
            ("summary", maybe(text())),
            ("site", maybe(text())),
            ("image", maybe(text())),
            ("similarity", maybe(number())),
            ("revision", count()),
            ("tags", list(text())),
            ("names", list(object(&[("name", text()), ("kind", text()), ("count", count())]))),
            ("revisions", list(reference("Revision"))),
        ]),
        "Revision": object(&[("revision", count()), ("fetched_at", time()), ("title", text()), ("body", text())]),
        "Story": object(&[
            ("id", article_id()),
            ("title", text()),
            ("articles", count()),
            ("outlets", list(text())),
            ("first_published_at", time()),
            ("last_published_at", time()),
            ("closed_at", maybe(time())),
            ("topics", list(text())),
            ("members", list(article_id())),
        ]),
        "Source": object(&[
            ("id", article_id()),
            ("url", text()),
            ("name", text()),
            ("title", maybe(text())),
            ("status", json!({ "type": "string", "enum": ["ok", "failing", "gone", "never"] })),
            ("last_polled_at", maybe(time())),
            ("next_poll_at", maybe(time())),
            ("next_poll_reason", maybe(text())),
            ("consecutive_failures", count()),
            ("last_error", maybe(text())),
            ("http_status", maybe(count())),
            ("entries", count()),
            ("tags", list(text())),
        ]),
        "Topic": object(&[
            ("id", text()),
            ("name", text()),
            ("parent", maybe(text())),
            ("iptc", maybe(text())),
            ("articles", count()),
        ]),
        "Problem": object(&[("type", text()), ("title", text()), ("status", count()), ("detail", text())]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_api_is_described_and_no_other() {
        let document = document(false);
        let described: Vec<&str> = document["paths"]
            .as_object()
            .expect("paths")
            .keys()
            .map(String::as_str)
            .filter(|path| path.starts_with("/api"))
            .collect();
        let mut served: Vec<&str> = super::super::api::routes().into_iter().map(|(path, _)| path).collect();
        served.sort_unstable();
        assert_eq!(described, served);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(true);
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().expect("a pointer");
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn a_token_is_asked_for_where_it_is_needed() {
        assert!(document(false).get("security").is_none());
        assert_eq!(document(true)["security"][0], json!({ "bearer": [] }));
    }
}
