//! Assistants: the Model Context Protocol as lines of JSON-RPC, and nothing else on standard output.

use serde_json::{Value, json};

use crate::world::{Dateline, json_lines, paragraphs};

/// Sends requests to `dateline mcp` after the greeting, and returns the answers by their ids.
fn ask(dateline: &Dateline, requests: &[(&str, Value)]) -> Vec<Value> {
    let greeting = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
        },
    });
    let mut lines = format!("{greeting}\n{}\n", json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    for (id, (method, params)) in (1..).zip(requests) {
        lines += &(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string() + "\n");
    }
    let done = dateline.pipe(&["mcp"], lines).ok();
    let mut answers = json_lines(&done.stdout);
    assert!(answers.iter().all(|answer| answer["jsonrpc"] == "2.0"), "{}", done.stdout);
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(answers.len(), requests.len() + 1, "{}\n{}", done.stdout, done.stderr);
    answers
}

fn call(tool: &str, arguments: Value) -> (&'static str, Value) {
    ("tools/call", json!({ "name": tool, "arguments": arguments }))
}

#[test]
fn an_assistant_searches_and_reads() {
    let dateline = Dateline::new();
    let body = format!("The walkout of the dock workers goes on.\n\n{}", paragraphs(1).join("\n\n"));
    let line = json!({ "url": "https://a.example/1", "title": "Stay out", "body": body, "published_at": "2026-03-01" });
    dateline.pipe(&["import", "-"], line.to_string()).ok();
    let hit = dateline.row(&["search", "walkout"]);

    let answers = ask(
        &dateline,
        &[
            ("tools/list", json!({})),
            call("search", json!({ "q": "walkout", "topic": ["labour"], "limit": 3 })),
            call("search", json!({ "count_by": ["lang", "day"] })),
            call("article", json!({ "id": hit["id"] })),
            call("stories", json!({ "min_outlets": 1 })),
            call("story", json!({ "id": hit["story"] })),
            call("sources", json!({})),
            call("topics", json!({ "topic": ["labour"], "since": "2026-01-01" })),
        ],
    );
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "dateline");
    let tools = answers[1]["result"]["tools"].as_array().expect("a list");
    assert_eq!(tools.len(), 6);
    assert!(
        tools.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true && tool["inputSchema"]["type"] == "object")
    );
    let told = |n: usize| &answers[n]["result"]["structuredContent"];
    assert_eq!((&told(2)["total"], &told(2)["hits"][0]["id"]), (&1.into(), &hit["id"]));
    assert_eq!(told(3)["counts"][0]["by"], "lang");
    assert!(told(4)["body"].as_str().is_some_and(|body| body.starts_with("The walkout")));
    assert_eq!(told(5)["stories"][0]["id"], hit["story"]);
    assert_eq!(told(6)["articles"], 1);
    assert!(told(7)["sources"].is_array());
    assert_eq!(told(8)["days"], json!([{ "by": "day", "value": "2026-03-01", "count": 1 }]));
    // Assistants that know no structured content read the text.
    let text = answers[2]["result"]["content"][0]["text"].as_str().expect("text beside the structure");
    assert_eq!(&serde_json::from_str::<Value>(text).expect("JSON"), told(2));
}

#[test]
fn an_assistant_is_told_what_is_wrong_with_its_question() {
    let dateline = Dateline::new();
    dateline.run(&["sources", "add", "https://paper.example/feed"]).ok();
    let answers = ask(
        &dateline,
        &[
            call("search", json!({ "q": "(walkout" })),
            call("search", json!({ "sorce": "x" })),
            call("article", json!({ "id": "giraffe" })),
            call("search", json!({ "q": "walkout" })),
            call("delete", json!({ "id": "giraffe" })),
        ],
    );
    for (n, words) in [(1, "never closed"), (2, "did you mean `source`?"), (3, "no article has this id")] {
        assert_eq!(answers[n]["result"]["isError"], true, "{}", answers[n]);
        assert!(answers[n].to_string().contains(words), "{}", answers[n]);
    }
    // Nothing is there yet: that is an answer.
    assert_eq!(answers[4]["result"]["structuredContent"]["total"], 0);
    assert!(answers[5]["error"]["message"].as_str().is_some_and(|message| message.contains("delete")));
}
