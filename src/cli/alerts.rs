//! `dateline alerts test`: what alerts would deliver, and a delivery to try the receiver with.

use anyhow::{Context, Error, anyhow};
use chrono::Utc;
use serde_json::json;

use super::{
    Global, Usage, open,
    output::{Output, Style, cut},
};
use crate::{
    config::Alert,
    fetch::Fetcher,
    pipeline,
    serve::{self, Order, Question},
    sink::{Delivery, Sink},
};

/// Articles shown of each alert.
const SHOWN: usize = 5;

const EXAMPLES: &str = "\
Examples:
  dateline alerts test                     what each alert would have delivered last
  dateline alerts test sanctions --send    send the newest of it, marked as a test";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show the newest articles that alerts ask for, sending nothing
    #[command(after_help = EXAMPLES)]
    Test {
        /// Only this alert
        name: Option<String>,
        /// Send the newest article to the receiver, in a delivery whose id begins with `test-`
        #[arg(long)]
        send: bool,
    },
}

pub(crate) fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<(), Error> {
    let Action::Test { name, send } = arguments.action;
    let settings = open::settings(global)?;
    let fits = |alert: &&Alert| name.as_ref().is_none_or(|name| *name == alert.name);
    let alerts: Vec<&Alert> = settings.alerts.iter().filter(fits).collect();
    if let (Some(name), true) = (&name, alerts.is_empty()) {
        let known: Vec<&str> = settings.alerts.iter().map(|alert| alert.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Usage(format!("there is no alert `{name}`\nhint: there are: {known}")).into());
    }
    if alerts.is_empty() {
        output
            .note("no alert is configured\nhint: [[alerts]] in dateline.toml, with a topic or a query and a receiver");
    }
    let archive = open::archive(global)?;
    for alert in alerts {
        let question = Question {
            query: alert.query.clone(),
            topic: alert.topic.iter().cloned().collect(),
            sort: Some(Order::Newest),
            limit: SHOWN,
            copies: alert.every_article,
            ..Question::default()
        };
        let found = archive.pick(&question, Utc::now())?.hits;
        let receiver = alert
            .webhook
            .clone()
            .unwrap_or_else(|| alert.file.as_ref().map(|path| path.display().to_string()).unwrap_or_default());
        if !output.json {
            output.line(&format!("{}  to {receiver}", output.paint(Style::Title, &alert.name)))?;
        }
        for (_, hit) in &found {
            if output.json {
                output.row(&json!({ "alert": alert.name, "receiver": receiver, "article": hit.head }))?;
            } else {
                let facts = [hit.head.published_at.as_deref().unwrap_or_default(), &hit.head.outlet, &hit.head.title];
                output.line(&format!("    {}", cut(&facts.join("  "), output.width() - 4)))?;
            }
        }
        match found.first() {
            None => output.note(&format!("alert {}: no article fits yet", alert.name)),
            Some((article, _)) if send => {
                let row = serve::json::article(&archive.names, article);
                let mut delivery = Delivery::new(&alert.name, &article.id.to_string(), article.revision, row);
                delivery.id = format!("test-{}", delivery.id);
                let sink = Sink::of(alert).ok_or_else(|| anyhow!("alert {} says nowhere to deliver to", alert.name))?;
                let fetcher = Fetcher::new(&settings.http, &settings.data_dir)?;
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
                runtime
                    .block_on(pipeline::send(&fetcher, &sink, &delivery))
                    .map_err(|reason| anyhow!("alert {} could not be delivered: {reason}", alert.name))?;
                output.note(&format!("alert {}: a test was delivered to {receiver}", alert.name));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
