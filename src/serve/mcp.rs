//! For assistants: the Model Context Protocol on standard input and output, the questions of the API as tools.
//!
//! Everything only reads, and from the data directory: a daemon may be running beside it or not.

use std::{path::PathBuf, sync::Arc};

use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
    },
    service::RequestContext,
    transport::stdio,
};
use serde_json::{Value, json};

use super::{Archive, Error, api, ask, openapi};

const INSTRUCTIONS: &str = "dateline is an archive of news articles: each read in full, copies of one report folded, \
    events grouped into stories, topics tagged by readable rules. Begin with `search` (words are found in all their \
    forms, in any language; \"phrases\", OR, -word, title:, published:7d narrow it) or with `stories` for what several \
    outlets report; `article` gives the whole text of a hit by its id. Always name outlet and date of what you quote.";

/// A question that can be asked.
struct Question {
    name: &'static str,
    about: &'static str,
    parameters: &'static [&'static str],
    answer: fn(&Archive, &str) -> Result<api::Text, Error>,
}

const QUESTIONS: [Question; 6] = [
    Question {
        name: "search",
        about: "Finds articles by words, topic, source, language or time; with `count_by` counts them instead",
        parameters: ask::SEARCH,
        answer: api::search_answer,
    },
    Question {
        name: "article",
        about: "One article by its id: the whole text, its topics, names, copies and revisions",
        parameters: ask::ONE,
        answer: api::article_answer,
    },
    Question {
        name: "stories",
        about: "Events that several outlets report, the largest first",
        parameters: ask::STORIES,
        answer: api::stories_answer,
    },
    Question {
        name: "story",
        about: "One story by its id: who reported it, from when to when, and its articles",
        parameters: ask::ONE,
        answer: api::story_answer,
    },
    Question {
        name: "sources",
        about: "The sources that are followed, and how each is doing",
        parameters: &[],
        answer: api::sources_answer,
    },
    Question {
        name: "topics",
        about: "The topics with their numbers of articles, and the numbers by day of one topic or of all since a time",
        parameters: ask::TRENDS,
        answer: api::trends_answer,
    },
];

/// Answers on standard input and output until the client hangs up.
///
/// # Errors
/// When the client does not speak the protocol.
pub async fn serve_assistant(data_dir: PathBuf) -> std::io::Result<()> {
    let service = Assistant { data_dir }.serve(stdio()).await.map_err(std::io::Error::other)?;
    service.waiting().await.map_err(std::io::Error::other)?;
    Ok(())
}

/// What an assistant talks to.
#[derive(Clone)]
struct Assistant {
    data_dir: PathBuf,
}

impl ServerHandler for Assistant {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("dateline", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(QUESTIONS.iter().map(Question::tool).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(question) = QUESTIONS.iter().find(|question| question.name == request.name) else {
            return Err(ErrorData::invalid_params(format!("there is no tool `{}`", request.name), None));
        };
        let query = query_of(&request.arguments.unwrap_or_default());
        let data_dir = self.data_dir.clone();
        let answered = tokio::task::spawn_blocking(move || (question.answer)(&Archive::open(&data_dir)?, &query)).await;
        let told = match answered {
            Ok(Ok(text)) => match serde_json::from_str(&text) {
                Ok(value) => {
                    let mut told = CallToolResult::structured(value);
                    told.content = vec![ContentBlock::text(text)];
                    told
                }
                Err(error) => return Err(ErrorData::internal_error(error.to_string(), None)),
            },
            // Told as a result: the assistant can correct its question.
            Ok(Err(error)) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
            Err(error) => return Err(ErrorData::internal_error(error.to_string(), None)),
        };
        Ok(told.into())
    }
}

impl Question {
    fn tool(&self) -> Tool {
        let known = self.parameters.iter().filter_map(|name| ask::known(name));
        let properties: JsonObject = known
            .map(|parameter| {
                let mut schema = openapi::schema(parameter.takes);
                schema["description"] = parameter.about.into();
                (parameter.name.to_owned(), schema)
            })
            .collect();
        let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if self.parameters == ask::ONE {
            schema["required"] = json!(ask::ONE);
        }
        let schema = schema.as_object().cloned().unwrap_or_default();
        let hints = ToolAnnotations::new().read_only(true).open_world(false);
        Tool::new(self.name, self.about, Arc::new(schema)).with_annotations(hints)
    }
}

/// Writes arguments as the parameters of a request: a list as several of them, fields to count by with commas.
fn query_of(arguments: &JsonObject) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in arguments {
        let texts: Vec<String> = match value {
            Value::Null => continue,
            Value::Array(values) => values.iter().map(text_of).collect(),
            one => vec![text_of(one)],
        };
        if ask::known(name).is_some_and(|parameter| parameter.takes == ask::Takes::Fields) {
            query.append_pair(name, &texts.join(","));
        } else {
            query.extend_pairs(texts.iter().map(|text| (name, text)));
        }
    }
    query.finish()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_parameters() {
        let arguments = json!({ "q": "a b", "lang": ["de", "fr"], "limit": 5, "copies": true, "count_by": ["day", "lang"], "sort": null });
        let query = query_of(arguments.as_object().expect("an object"));
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.sort_unstable();
        assert_eq!(pairs, ["copies=true", "count_by=day%2Clang", "lang=de", "lang=fr", "limit=5", "q=a+b"]);
    }
}
