//! The process under test, with a configuration and a data directory of its own.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU8, Ordering},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{PATIENCE, patiently, wait_for};

/// A topics file of our own: small, so that every process starts at once.
const TOPICS: &str = r#"
[[topic]]
id = "labour"
name = "Labour disputes"
[topic.en]
strong = ["dock workers", "walkout"]

[[topic]]
id = "shipping"
name = "Shipping"
min_score = 1.5  # a headline alone may give it
[topic.en]
strong = ["freight blockade"]
"#;

const SETTINGS: &str = r#"
data_dir = "data"
sources = ["sources.toml"]
topics = ["topics.toml"]
names = ["names.toml"]
http.allow_private_addresses = true
http.per_host_delay = "10ms"
"#;

/// An installation: configuration files and a data directory, gone at the end of the test.
pub struct Dateline {
    dir: TempDir,
    settings: String,
}

/// What a finished command said.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Asserts that the command succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error says something.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "`{words}` is not in: {}", self.stderr);
        self
    }

    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        json_lines(&self.stdout)
    }
}

/// Reads JSON lines, each of which must be an object.
#[track_caller]
pub fn json_lines(text: &str) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let rows: Vec<Value> = text.lines().map(read).collect();
    assert!(rows.iter().all(Value::is_object), "{text}");
    rows
}

/// A row has at least these fields.
#[track_caller]
pub fn check_fields(row: &Value, fields: &str) {
    for field in fields.split(", ") {
        assert!(row.get(field).is_some(), "`{field}` is not in {row}");
    }
}

impl Dateline {
    /// An installation without sources, whose daemon does not listen.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let dateline = Self { dir, settings: SETTINGS.to_owned() }.set("serve.listen", "\"\"");
        dateline.write("topics.toml", TOPICS);
        dateline.write("names.toml", "[[name]]\nname = \"Meridian Wire\"\nkind = \"organisation\"\n");
        dateline.follow(&[]);
        dateline
    }

    /// One that follows these addresses.
    pub fn following(urls: &[String]) -> Self {
        let dateline = Self::new();
        dateline.follow(urls);
        dateline
    }

    /// Sets a setting to a TOML value.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        let assignment = format!("{key} = ");
        let others = self.settings.lines().filter(|line| !line.starts_with(&assignment));
        self.settings = others.map(|line| format!("{line}\n")).collect::<String>() + &format!("{assignment}{value}\n");
        self.write("dateline.toml", &self.settings);
        self
    }

    /// Follows exactly these addresses from now on.
    pub fn follow(&self, urls: &[String]) {
        let tables: String = urls.iter().map(|url| format!("[[source]]\nurl = \"{url}\"\n")).collect();
        self.write("sources.toml", &tables);
    }

    /// Returns a path inside the installation.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file of the installation.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a writable directory");
        path
    }

    /// Returns the command, ready to be changed and run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(self.dir.path());
        command.arg("--config").arg(self.path("dateline.toml")).args(args);
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Done {
        finish(self.command(args), b"")
    }

    /// Runs a command without naming the configuration, in the installation's directory.
    pub fn plain(&self, args: &[&str]) -> Done {
        let mut command = bare(self.dir.path());
        command.args(args);
        finish(command, b"")
    }

    /// Runs a command that reads from standard input.
    pub fn pipe(&self, args: &[&str], input: impl AsRef<[u8]>) -> Done {
        finish(self.command(args), input.as_ref())
    }

    /// Runs a command with `--json` and returns its rows.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Vec<Value> {
        self.run(&[args, &["--json"]].concat()).ok().rows()
    }

    /// Runs a command with `--json` that prints one row.
    #[track_caller]
    pub fn row(&self, args: &[&str]) -> Value {
        let mut rows = self.json(args);
        assert_eq!(rows.len(), 1, "{args:?}: {rows:?}");
        rows.remove(0)
    }

    /// Runs one pass over all sources and returns its summary.
    #[track_caller]
    pub fn pass(&self) -> Value {
        self.row(&["run", "--once", "--force"])
    }

    /// Starts a command that goes on; its log goes to `log.txt` of the installation.
    pub fn start(&self, args: &[&str]) -> Daemon {
        self.start_command(self.command(args))
    }

    /// Starts a command that was made by [`Dateline::command`].
    pub fn start_command(&self, mut command: Command) -> Daemon {
        let log =
            fs::File::options().create(true).append(true).open(self.path("log.txt")).expect("a writable directory");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Daemon { child: command.spawn().expect("the binary starts"), log: self.path("log.txt") }
    }

    /// Starts the daemon and waits until it is ready; the settings must say where it listens.
    #[track_caller]
    pub fn start_ready(&self, listen: &str) -> Daemon {
        let mut daemon = self.start(&["run"]);
        wait_for("the daemon to be ready", || {
            assert!(daemon.ended().is_none(), "the daemon ended: {}", daemon.log());
            get(listen, "/readyz", "").filter(|(status, _)| *status == 200)
        });
        daemon
    }
}

/// The binary in a directory, away from the user's own settings.
fn bare(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DATELINE_") {
            command.env_remove(name);
        }
    }
    command.current_dir(dir).env_remove("COLUMNS").env_remove("NO_COLOR");
    command
}

/// Runs a command to its end; one that hangs is killed and the test fails.
fn finish(mut command: Command, input: &[u8]) -> Done {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let (stdout, stderr) = (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
    let (stdout, stderr) = (thread::spawn(|| read_all(stdout)), thread::spawn(|| read_all(stderr)));
    // A command need not read all of its input.
    let _ = stdin.write_all(input);
    drop(stdin);
    let code = wait(&mut child).unwrap_or_else(|| panic!("{command:?} did not end"));
    Done { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn read_all(mut pipe: impl Read) -> String {
    let mut text = Vec::new();
    // What a killed process leaves behind is still worth showing.
    let _ = pipe.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits for the end within our patience; kills what goes on after that.
fn wait(child: &mut Child) -> Option<i32> {
    let ended = patiently(|| child.try_wait().expect("a child of ours"));
    if ended.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    // A signal has no code.
    ended.map(|status| status.code().unwrap_or(-1))
}

/// A process that goes on until it is told to stop; killed at the end of the test.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Returns the exit code if it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().expect("a child of ours").map(|status| status.code().unwrap_or(-1))
    }

    /// Returns what it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Returns the number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().expect("a shell is there");
        assert!(sent.success());
    }

    /// Asks it to stop, and returns its exit code.
    #[track_caller]
    pub fn terminate(mut self) -> i32 {
        self.signal("TERM");
        wait(&mut self.child).unwrap_or_else(|| panic!("it did not stop: {}", self.log()))
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("a child of ours");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a loopback address that is free, each time another one: no daemon of another test can take its port, nor one of
/// the same test in another process.
pub fn free_address() -> String {
    static GIVEN: AtomicU8 = AtomicU8::new(1);
    let host = format!("127.9.{}.{}", std::process::id() % 256, GIVEN.fetch_add(1, Ordering::Relaxed));
    let listener = TcpListener::bind((host.as_str(), 0)).expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

/// Asks the daemon's server; `headers` are whole lines. `None` while nobody answers.
pub fn get(listen: &str, target: &str, headers: &str) -> Option<(u16, String)> {
    let (head, body) = get_whole(listen, target, headers)?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body))
}

/// Asks the daemon's server; returns the head of the answer and the body.
pub fn get_whole(listen: &str, target: &str, headers: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(listen).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {target} HTTP/1.1\r\nhost: {listen}\r\nconnection: close\r\n{headers}\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.to_owned(), body.to_owned()))
}
