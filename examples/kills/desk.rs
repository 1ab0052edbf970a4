//! The installation that is killed: what it is given to do, and what must be true of it whatever happens.

use std::{
    collections::{BTreeSet, HashSet},
    env, fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use chrono::Utc;
use dateline::{
    config,
    model::{Article, TopicId},
    pipeline,
    serve::{Archive, Question},
    store::{ArticleFilter, Cursor, Reader},
    topic::{Tagger, Text},
};
use serde_json::json;

use super::{Result, VICTIM, outlets::Outlets, press};

/// Reports that come out before each kill of a poll, of a harvest and of a daemon.
const REPORTS: usize = 60;
/// Lines of each import, and of each batch that is to be pruned.
const LINES: usize = 200;
/// A command that is not to be killed ends well within this time.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is being done at the moment of the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Poll,
    Harvest,
    Commit,
    Merge,
    Reindex,
    Retag,
    Prune,
}

impl Moment {
    pub const ALL: [Self; 7] =
        [Self::Poll, Self::Harvest, Self::Commit, Self::Merge, Self::Reindex, Self::Retag, Self::Prune];

    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

pub struct Desk {
    dir: tempfile::TempDir,
    outlets: Arc<Outlets>,
    reports: Vec<press::Report>,
    /// Files to import so far.
    imports: usize,
    /// Addresses of imported articles that stay, and of those that are older than the store keeps.
    imported: BTreeSet<String>,
    old: HashSet<String>,
    rules: usize,
    /// What was stored after the last kill.
    stored: BTreeSet<String>,
    began: chrono::DateTime<Utc>,
}

impl Desk {
    /// Sets up an installation with work for so many kills.
    pub fn new(kills: usize) -> Result<Self> {
        let rounds = kills.div_ceil(Moment::ALL.len()) + 1;
        let outlets = Outlets::open(rounds * 3 * REPORTS)?;
        let dir = tempfile::tempdir()?;
        let sources: String = outlets.feeds().iter().map(|url| format!("[[source]]\nurl = \"{url}\"\n")).collect();
        fs::write(dir.path().join("sources.toml"), sources)?;
        fs::write(
            dir.path().join("dateline.toml"),
            "data_dir = \"data\"\nsources = [\"sources.toml\"]\ntopics = [\"topics.toml\"]\n\
             http.allow_private_addresses = true\nhttp.respect_robots = false\nhttp.per_host_delay = \"2ms\"\n\
             poll.min_interval = \"1s\"\nindex.commit_interval = \"20ms\"\nserve.listen = \"\"\nstore.keep = \"9000d\"\n",
        )?;
        let desk = Self {
            dir,
            outlets,
            // Other reports than those of the outlets.
            reports: press::reports(rounds * (3 * REPORTS + LINES)).split_off(rounds * 3 * REPORTS),
            imports: 0,
            imported: BTreeSet::new(),
            old: HashSet::new(),
            rules: 0,
            stored: BTreeSet::new(),
            began: Utc::now(),
        };
        desk.write_rules()?;
        Ok(desk)
    }

    /// Makes work of a kind.
    pub fn prepare(&mut self, moment: Moment) -> Result<()> {
        self.began = Utc::now();
        match moment {
            Moment::Poll | Moment::Harvest | Moment::Merge => self.outlets.publish(REPORTS),
            Moment::Commit => {
                let first = self.imports * LINES % self.reports.len();
                let lines: Vec<(String, String)> = (first..first + LINES)
                    .map(|number| {
                        let report = &self.reports[number % self.reports.len()];
                        let url = format!("https://archive.example/{number}");
                        let (body, at) = (report.paragraphs.join("\n\n"), report.published_at.to_rfc3339());
                        let line = json!({ "url": url, "title": report.title, "body": body, "published_at": at });
                        (url, line.to_string())
                    })
                    .collect();
                self.imported.extend(lines.iter().map(|(url, _)| url.clone()));
                self.write_import(self.imports, &lines)?;
                self.imports += 1;
            }
            Moment::Retag => {
                self.rules += 1;
                self.write_rules()?;
            }
            Moment::Prune => {
                let first = self.old.len();
                let lines: Vec<(String, String)> = (first..first + LINES)
                    .map(|number| {
                        let url = format!("https://long-ago.example/{number}");
                        let body = format!("Number {number} of the papers of old was found in chest {}.", number * 7 % 1000);
                        let line = json!({ "url": url, "title": format!("Paper {number}"), "body": body, "published_at": "1999-01-01T00:00:00Z" });
                        (url, line.to_string())
                    })
                    .collect();
                self.old.extend(lines.iter().map(|(url, _)| url.clone()));
                self.write_import(usize::MAX, &lines)?;
                let file = self.import_file(usize::MAX);
                self.run(&["import", &file])?;
            }
            Moment::Reindex => {}
        }
        Ok(())
    }

    /// Lets the work begin and kills it; `false` where it was done before.
    pub fn work_and_die(&self, moment: Moment, after: Duration) -> Result<bool> {
        let file = self.import_file(self.imports.saturating_sub(1));
        let mut child = match moment {
            Moment::Poll | Moment::Harvest | Moment::Prune => self.start(&["run", "--once", "--force"])?,
            Moment::Merge => self.start(&["run"])?,
            Moment::Commit => self.start(&["import", &file])?,
            Moment::Reindex => self.start(&["reindex"])?,
            Moment::Retag => self.start(&["topics", "retag"])?,
        };
        thread::sleep(after);
        let ended = child.try_wait()?;
        child.kill()?;
        child.wait()?;
        match ended {
            Some(status) if !status.success() => Err(format!("it failed by itself: {}", self.log()).into()),
            ended => Ok(ended.is_none()),
        }
    }

    /// Tells whether the work of a kind is visibly half done.
    pub fn is_halfway(&self, moment: Moment) -> Result<bool> {
        let data = self.path("data");
        let Ok(reader) = Reader::open(&data) else { return Ok(false) };
        Ok(match moment {
            Moment::Poll => {
                let polled =
                    reader.sources()?.iter().filter(|source| source.state.last_polled_at > Some(self.began)).count();
                polled > 0 && polled < self.outlets.feeds().len()
            }
            Moment::Harvest => reader.counts()?.entries.due > 0,
            Moment::Commit => {
                let first = (self.imports - 1) * LINES;
                let stored = addresses(&reader)?;
                let came =
                    (first..first + LINES).filter(|n| stored.contains(&format!("https://archive.example/{n}"))).count();
                came > 0 && came < LINES
            }
            Moment::Merge => Archive::open(&data).is_ok_and(|archive| {
                reader.counts().is_ok_and(|counts| counts.articles != archive.searcher.articles())
            }),
            // There is none for a moment while the new one takes its place.
            Moment::Reindex => fs::read_dir(data.join("index")).is_ok_and(|files| files.count() > 2),
            Moment::Retag => reader.get_meta("topics.cursor")?.is_some_and(|cursor| !cursor.is_empty()),
            Moment::Prune => {
                let left = addresses(&reader)?.iter().filter(|url| self.old.contains(*url)).count();
                left > 0 && left < LINES
            }
        })
    }

    /// Looks at what a kill left: the store is sound, the index opens, nothing that was there is gone.
    pub fn look(&mut self) -> Result<()> {
        let data = self.path("data");
        if !data.join("dateline.db").exists() {
            return Ok(());
        }
        let reader = match Reader::open(&data) {
            // Killed before the store was made.
            Err(dateline::store::Error::Missing { .. }) => return Ok(()),
            reader => reader?,
        };
        let problems = pipeline::audit(&data)?.problems;
        if !problems.is_empty() {
            return Err(problems.join("; ").into());
        }
        let stored = addresses(&reader)?;
        if let Some(lost) = self.stored.difference(&stored).find(|url| !self.old.contains(*url)) {
            return Err(format!("{lost} was stored and is gone").into());
        }
        self.stored = stored;
        self.is_never_rebuilt()
    }

    /// Lets everything be done undisturbed and looks at the whole. Returns how many articles there are.
    pub fn finish(&mut self) -> Result<usize> {
        for import in 0..self.imports {
            let file = self.import_file(import);
            self.run(&["import", &file])?;
        }
        self.run(&["run", "--once", "--force"])?;
        self.run(&["run", "--once", "--force"])?;
        self.look()?;
        let mut expected: BTreeSet<String> = self.outlets.published().into_iter().collect();
        expected.extend(self.imported.iter().cloned());
        let (lost, more) = (expected.difference(&self.stored).count(), self.stored.difference(&expected).count());
        if (lost, more) != (0, 0) {
            let example = expected.symmetric_difference(&self.stored).next().cloned().unwrap_or_default();
            let reader = Reader::open(&self.path("data"))?;
            let failed = reader.failed_entries(9)?.into_iter().find(|entry| entry.link.as_ref() == Some(&example));
            let known = match failed {
                Some(entry) => format!("{entry:?}"),
                None => format!("{:?}", reader.counts()?.entries),
            };
            return Err(format!("{lost} articles are lost, {more} are too many, such as {example}: {known}").into());
        }
        self.all_agree()?;
        Ok(expected.len())
    }

    /// Leaves everything where it is, for who wants to know how it came; returns where.
    pub fn keep(&mut self) -> String {
        self.dir.disable_cleanup(true);
        self.dir.path().display().to_string()
    }

    /// Store, index and rules say the same of every article.
    fn all_agree(&self) -> Result<()> {
        let archive = Archive::open(&self.path("data"))?;
        let loaded = config::load(&config::LoadOptions {
            config_file: Some(self.path("dateline.toml")),
            current_dir: self.dir.path().to_owned(),
            ..config::LoadOptions::default()
        })?;
        let tagger = Tagger::new(&loaded.topics, &loaded.names).map_err(|problems| format!("{problems:?}"))?;
        let mut stored = 0;
        let mut after = Some(Cursor::default());
        while let Some(cursor) = after {
            let (articles, next) = archive.reader.export(&ArticleFilter::default(), cursor, 500)?;
            for article in articles {
                check(&article, &tagger)?;
                stored += 1;
            }
            after = next;
        }
        let found = archive.matching(&Question::default(), Utc::now())?.len();
        if found != stored {
            return Err(format!("a search finds {found} articles, the store has {stored}").into());
        }
        Ok(())
    }

    /// An index that a kill has damaged would be built anew, and hide what was lost.
    fn is_never_rebuilt(&self) -> Result<()> {
        match self.log().lines().find(|line| line.contains("rebuilt from the store")) {
            Some(line) => Err(format!("a kill has damaged the index: {line}").into()),
            None => Ok(()),
        }
    }

    fn write_rules(&self) -> Result<()> {
        let word = ["sanctions", "ceasefire proposal"][self.rules % 2];
        let rules = format!("[[topic]]\nid = \"watched\"\nname = \"Watched\"\n[topic.en]\nstrong = [\"{word}\"]\n");
        Ok(fs::write(self.path("topics.toml"), rules)?)
    }

    fn write_import(&self, number: usize, lines: &[(String, String)]) -> Result<()> {
        let text: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        Ok(fs::write(self.import_file(number), text)?)
    }

    fn import_file(&self, number: usize) -> String {
        self.path(&format!("import-{number}.jsonl")).display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log.txt")).unwrap_or_default()
    }

    fn start(&self, args: &[&str]) -> Result<Child> {
        let log = fs::File::options().create(true).append(true).open(self.path("log.txt"))?;
        let mut command = Command::new(env::current_exe()?);
        command
            .env(VICTIM, "1")
            .arg("--config")
            .arg(self.path("dateline.toml"))
            .args(args)
            .current_dir(self.dir.path());
        Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?)
    }

    /// Runs a command to its end.
    fn run(&self, args: &[&str]) -> Result<()> {
        let mut child = self.start(args)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(_) => return Err(format!("{args:?} failed: {}", self.log()).into()),
                None if Instant::now() > deadline => {
                    child.kill()?;
                    child.wait()?;
                    return Err(format!("{args:?} did not end: {}", self.log()).into());
                }
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

fn addresses(reader: &Reader) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut after = Some(Cursor::default());
    while let Some(cursor) = after {
        let (articles, next) = reader.export(&ArticleFilter::default(), cursor, 500)?;
        for article in articles {
            if !found.insert(article.url.as_str().to_owned()) {
                return Err(format!("{} is there twice", article.url).into());
            }
        }
        after = next;
    }
    Ok(found)
}

/// One article is as it came, once, and has the topics of the rules of now.
fn check(article: &Article, tagger: &Tagger) -> Result<()> {
    if article.revision != 1 {
        return Err(format!("{} was revised though it never changed", article.url).into());
    }
    let text = Text { title: &article.title, body: &article.body, lang: article.lang.as_deref() };
    let expected: Vec<TopicId> =
        tagger.tag(&text).topics.into_iter().filter(|found| found.matched).map(|found| found.topic).collect();
    let given: Vec<TopicId> =
        article.topics.iter().filter(|found| found.matched).map(|found| found.topic.clone()).collect();
    if given != expected {
        return Err(format!("{} has the topics {given:?}, not {expected:?}", article.url).into());
    }
    Ok(())
}
