//! The API is what its description says, and results can be read page by page.

use std::collections::BTreeSet;

use dateline::serve::{Archive, Question};
use serde_json::{Value, json};

use crate::world::{Dateline, free_address, get, get_whole, paragraphs};

/// Articles `from..to`, half of them of the topic, as lines to import.
fn lines(from: usize, to: usize) -> String {
    let line = |n: usize| {
        let body = format!("The walkout number {n} begins.\n\n{}", paragraphs(n).join("\n\n"));
        let title = if n.is_multiple_of(2) { format!("Dock workers {n}") } else { format!("Report {n}") };
        let at = format!("2026-03-{:02}T{:02}:00:00Z", 1 + n / 24, n % 24);
        let url = format!("https://paper{}.example/{n}", n % 3);
        json!({ "url": url, "title": title, "body": body, "published_at": at, "authors": ["Ann"] }).to_string() + "\n"
    };
    (from..to).map(line).collect()
}

#[track_caller]
fn answer(listen: &str, target: &str) -> Value {
    let (status, body) = get(listen, target, "").expect("the daemon answers");
    assert_eq!(status, 200, "{target}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// Finds what of an answer is not as described: fields that are missing on one of the sides, types that differ.
fn differences(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(pointer) = schema["$ref"].as_str() {
        let schema = document.pointer(pointer.trim_start_matches('#')).expect("a schema");
        return differences(document, schema, value, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let each = any.iter().map(|schema| differences(document, schema, value, at));
        return each.min_by_key(Vec::len).expect("a schema");
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    if !types.iter().any(|known| *known == kind || (*known == "number" && kind == "integer")) {
        return vec![format!("{at} is {kind}, described as {types:?}")];
    }
    if let Some(values) = value.as_array() {
        let each = values.iter().map(|value| differences(document, &schema["items"], value, &format!("{at}[]")));
        return each.flatten().collect();
    }
    let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else {
        return Vec::new();
    };
    let mut wrong = Vec::new();
    let required: BTreeSet<&str> =
        schema["required"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    wrong.extend(
        required.iter().filter(|name| !fields.contains_key(**name)).map(|name| format!("{at}.{name} is missing")),
    );
    for (name, value) in fields {
        match properties.get(name) {
            Some(schema) => wrong.extend(differences(document, schema, value, &format!("{at}.{name}"))),
            None => wrong.push(format!("{at}.{name} is not described")),
        }
    }
    wrong
}

#[test]
fn every_answer_is_as_it_is_described() {
    let listen = free_address();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{listen}\""));
    dateline.pipe(&["import", "-"], lines(0, 6)).ok();
    dateline.run(&["sources", "add", "https://paper.example/feed"]).ok();
    let hit = dateline.json(&["search", "walkout"]).remove(0);
    let (article, story) = (hit["id"].as_str().expect("an id"), hit["story"].as_str().expect("an id"));
    let daemon = dateline.start_ready(&listen);
    let document = answer(&listen, "/api/v1/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");

    let questions = [
        ("/api/v1/search", "/api/v1/search?q=walkout&explain=true&limit=2".to_owned()),
        ("/api/v1/search", "/api/v1/search?sort=oldest".to_owned()),
        ("/api/v1/search", "/api/v1/search?count_by=topic,lang,day".to_owned()),
        ("/api/v1/articles/{id}", format!("/api/v1/articles/{article}")),
        ("/api/v1/stories", "/api/v1/stories?min_outlets=1".to_owned()),
        ("/api/v1/stories/{id}", format!("/api/v1/stories/{story}")),
        ("/api/v1/sources", "/api/v1/sources".to_owned()),
        ("/api/v1/topics", "/api/v1/topics".to_owned()),
        ("/api/v1/openapi.json", "/api/v1/openapi.json".to_owned()),
        ("/feeds/search.json", "/feeds/search.json?q=walkout".to_owned()),
    ];
    for (path, target) in &questions {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"];
        let (content_type, media) = content.as_object().expect("described").iter().next().expect("a type");
        let value = answer(&listen, target);
        assert_eq!(differences(&document, &media["schema"], &value, path), [] as [String; 0], "{target}");
        let head = get_whole(&listen, target, "").expect("an answer").0;
        assert!(head.contains(&format!("content-type: {content_type}")), "{head}");
        let lists = value.as_object().expect("an object").values().filter_map(Value::as_array);
        assert!(
            lists.into_iter().all(|list| !list.is_empty() || path.contains('{')),
            "{target} shows something: {value}"
        );
    }
    // Every described parameter is known, and no other.
    for (path, item) in document["paths"].as_object().expect("paths") {
        for parameter in item["get"]["parameters"].as_array().expect("a list").iter().filter(|it| it["in"] == "query") {
            let value = match parameter["name"].as_str().expect("a name") {
                "story" => story,
                "topic" => "labour",
                "limit" | "offset" | "min_outlets" => "1",
                "copies" | "explain" => "true",
                "sort" => "newest",
                "since" | "until" => "2026-03-01",
                "count_by" => "day,lang",
                "cursor" => "start",
                _ => "en",
            };
            let target = format!("{path}?{}={value}", parameter["name"].as_str().expect("a name"));
            let (status, body) = get(&listen, &target, "").expect("an answer");
            assert_eq!(status, 200, "{target}: {body}");
        }
        let (status, body) =
            get(&listen, &format!("{path}?giraffe=1").replace("{id}", article), "").expect("an answer");
        if item["get"]["parameters"][0]["in"] == "query" {
            assert_eq!(status, 400, "{path}");
            let problem: Value = serde_json::from_str(&body).expect("a problem");
            let described = json!({ "$ref": "#/components/schemas/Problem" });
            assert_eq!(differences(&document, &described, &problem, path), [] as [String; 0]);
        }
    }
    assert_eq!(daemon.terminate(), 0);
}

#[test]
fn pages_go_on_where_they_ended_though_articles_arrive() {
    for order in [&["walkout", "--sort", "relevance"][..], &["walkout", "--sort", "newest"], &["--sort", "oldest"]] {
        let dateline = Dateline::new();
        dateline.pipe(&["import", "-"], lines(0, 12)).ok();
        let all: BTreeSet<String> = titles(&dateline.json(&["search", "--limit", "50"])).into_iter().collect();
        let mut cursor = "start".to_owned();
        let mut seen = Vec::new();
        for page in 0.. {
            let done = dateline.run(&[&["search", "--json", "--limit", "5", "--cursor", &cursor], order].concat()).ok();
            seen.extend(titles(&done.rows()));
            match done.stderr.trim().strip_prefix("next: ") {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
            dateline.pipe(&["import", "-"], lines(40 + 2 * page, 42 + 2 * page)).ok();
            assert!(page < 10, "{seen:?}");
        }
        let different: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(different.len(), seen.len(), "{order:?}: nothing is shown twice: {seen:?}");
        assert!(different.is_superset(&all), "{order:?}: nothing is left out: {seen:?}");
    }
}

fn titles(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["title"].as_str().expect("a title").to_owned()).collect()
}

#[test]
fn a_cursor_that_does_not_fit_is_refused() {
    let dateline = Dateline::new();
    dateline.pipe(&["import", "-"], lines(0, 6)).ok();
    let next = dateline.run(&["search", "walkout", "--limit", "2", "--cursor", "start"]).ok().stderr;
    let next = next.lines().find_map(|line| line.strip_prefix("next: ")).expect("there is more").to_owned();
    dateline.run(&["search", "walkout", "--cursor", "giraffe"]).exits(2).says("not a cursor");
    dateline.run(&["search", "walkout", "--cursor", &next, "--sort", "newest"]).exits(2).says("another order");
    dateline.run(&["search", "walkout", "--cursor", &next, "--offset", "3"]).exits(2);
}

#[test]
fn a_score_is_explained() {
    let dateline = Dateline::new();
    dateline.pipe(&["import", "-"], lines(0, 4)).ok();
    let row = dateline.json(&["search", "dock walkout", "--explain"]).remove(0);
    let parts = row["explain"]["parts"].as_array().expect("a list");
    let number = |value: &Value| value.as_f64().expect("a number");
    let sum: f64 = parts.iter().map(|part| number(&part["score"])).sum();
    let score = sum * number(&row["explain"]["freshness"]) * number(&row["explain"]["representative"]);
    assert!((score - number(&row["score"])).abs() < 1e-3 * score, "{row}");
    assert!(dateline.run(&["search", "dock", "--explain"]).ok().stdout.contains("among its copies"));
    assert!(dateline.row(&["search", "walkout", "--limit", "1"]).get("explain").is_none());
}

#[test]
fn what_is_not_served_is_a_problem_with_details() {
    let listen = free_address();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{listen}\""));
    dateline.write("token", "s3cret\n");
    let dateline = dateline.set("serve.token_file", "\"token\"");
    let _daemon = dateline.start_ready(&listen);
    let token = "authorization: Bearer s3cret\r\n";
    for (target, headers, status) in
        [("/api/v1/search", "", 401), ("/api/v1/giraffe", token, 404), ("/api/v1/search?q=(", token, 400)]
    {
        let (head, body) = get_whole(&listen, target, headers).expect("an answer");
        assert!(head.contains("application/problem+json"), "{target}: {head}");
        let problem: Value = serde_json::from_str(&body).expect("a problem");
        assert_eq!(problem["status"], status, "{target}");
    }
    assert!(answer_with(&listen, token)["security"].is_array());
}

#[test]
fn who_asks_too_much_is_told_when_to_come_back_and_nobody_else_is() {
    let listen = free_address();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{listen}\"")).set("serve.rate_limit", "1");
    let _daemon = dateline.start_ready(&listen);
    // Clients behind a proxy on this machine, the one place from which a test can ask for several of them.
    let ask =
        |client: &str| get_whole(&listen, "/style.css", &format!("x-forwarded-for: {client}\r\n")).expect("an answer");
    // Ten may come at once; a slow machine lets a few more through.
    let answers = (0..200).map(|_| ask("203.0.113.5"));
    let (head, body) = answers.skip(10).find(|(head, _)| !head.starts_with("HTTP/1.1 200 ")).expect("a refusal");
    assert!(head.starts_with("HTTP/1.1 429 ") && head.contains("application/problem+json"), "{head}");
    let wait = head.lines().find_map(|line| line.strip_prefix("retry-after: ")).expect("when to come back");
    assert_eq!(wait, "1");
    let problem: Value = serde_json::from_str(&body).expect("a problem");
    assert_eq!((&problem["status"], problem["detail"].is_string()), (&json!(429), true));
    assert!(ask("203.0.113.6").0.starts_with("HTTP/1.1 200 "), "another client");
    assert_eq!(get(&listen, "/style.css", "").expect("an answer").0, 200, "this machine");
    assert_eq!(get(&listen, "/livez", "x-forwarded-for: 203.0.113.5\r\n").expect("an answer").0, 200, "who watches");
}

#[test]
fn equal_questions_have_equal_answers_until_something_changes() {
    let dateline = Dateline::new();
    dateline.pipe(&["import", "-"], lines(0, 30)).ok();
    let archive = Archive::open(&dateline.path("data")).expect("an archive");
    let ask = |at: &str| {
        let question =
            Question { query: Some("walkout".to_owned()), limit: 5, total: true, explain: true, ..Question::default() };
        let found = archive.search(&question, at.parse().expect("a time")).expect("an answer");
        serde_json::to_string(&found).expect("JSON")
    };
    let first = ask("2026-03-02T12:00:01Z");
    assert_eq!(first, ask("2026-03-02T12:59:59Z"), "scores and cursor are those of the hour");
    assert_ne!(first, ask("2026-03-09T12:00:01Z"), "freshness fades");
}

#[test]
fn fields_come_in_one_order_from_the_command_line_and_the_api() {
    let listen = free_address();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{listen}\""));
    dateline.pipe(&["import", "-"], lines(0, 2)).ok();
    let shown = |row: &str| row.trim_end_matches(['\n', '}']).to_owned();
    let id = dateline.row(&["search", "title:dock"])["id"].as_str().expect("an id").to_owned();
    let article = shown(&dateline.run(&["show", &id, "--json"]).ok().stdout);
    let hit = shown(&dateline.run(&["search", "title:dock", "--sort", "newest", "--json"]).ok().stdout);
    let _daemon = dateline.start_ready(&listen);
    let (_, body) = get(&listen, &format!("/api/v1/articles/{id}"), "").expect("an answer");
    assert!(body.starts_with(&article), "{body}\n{article}");
    let (_, body) = get(&listen, "/api/v1/search?q=title:dock&sort=newest", "").expect("an answer");
    assert!(body.contains(&hit), "{body}\n{hit}");
}

fn answer_with(listen: &str, headers: &str) -> Value {
    let (_, body) = get(listen, "/api/v1/openapi.json", headers).expect("an answer");
    serde_json::from_str(&body).expect("a document")
}

#[test]
fn a_story_answers_to_the_name_that_it_had_before_an_earlier_report_arrived() {
    let listen = free_address();
    let dateline = Dateline::new().set("serve.listen", &format!("\"{listen}\""));
    let arrive = |outlet: &str, published_at: &str| {
        let (url, body) = (format!("https://{outlet}.example/a"), paragraphs(1).join("\n\n"));
        let line = json!({ "url": url, "title": "A new ferry", "body": body, "published_at": published_at });
        dateline.pipe(&["import", "-"], line.to_string()).ok();
        dateline.row(&["stories", "--min-outlets", "1"])["id"].as_str().expect("an id").to_owned()
    };
    let old = arrive("copy", "2026-03-02T10:00:00Z");
    let new = arrive("original", "2026-03-02T08:00:00Z");
    assert_ne!(old, new);

    let _daemon = dateline.start_ready(&listen);
    for name in [&old, &new] {
        assert_eq!(dateline.json(&["search", &format!("story:{name}"), "--copies"]).len(), 2);
        assert_eq!(answer(&listen, &format!("/api/v1/stories/{name}"))["id"], *new);
        assert_eq!(answer(&listen, &format!("/api/v1/search?story={name}&copies=true"))["total"], 2);
        assert_eq!(answer(&listen, &format!("/feeds/search.json?story={name}"))["items"][0]["title"], "A new ferry");
        assert_eq!(get(&listen, &format!("/stories/{name}"), "").expect("a page").0, 200);
    }
    assert_eq!(answer(&listen, &format!("/api/v1/stories/{old}"))["members"][0], *new, "the earliest names it");
}
