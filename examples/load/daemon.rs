//! The daemon under load: started, asked by its own metrics, and watched from outside.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Result, SUBJECT};

/// Nothing that it is asked takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Daemon {
    child: Child,
    address: String,
    /// Its file of sources, and what that says.
    sources: (PathBuf, String),
}

/// Resident memory in MiB: its own, and what it has of files, which the system takes back when others need it.
#[derive(Clone, Copy, Default)]
pub struct Memory {
    pub own: f64,
    pub files: f64,
}

impl Daemon {
    /// Starts a daemon that follows the feeds, each polled after so long.
    pub fn start(
        program: Option<&str>,
        dir: &Path,
        feeds: impl Iterator<Item = String>,
        interval: Duration,
    ) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let seconds = interval.as_secs();
        let sources: String =
            feeds.map(|url| format!("[[source]]\nurl = \"{url}\"\ninterval = \"{seconds}s\"\n")).collect();
        let sources = (dir.join("sources.toml"), sources);
        fs::write(&sources.0, &sources.1)?;
        fs::write(
            dir.join("dateline.toml"),
            format!(
                "data_dir = \"data\"\nsources = [\"sources.toml\"]\nserve.listen = \"{address}\"\n\
                 http.allow_private_addresses = true\nhttp.respect_robots = false\nhttp.per_host_delay = \"0s\"\n\
                 poll.min_interval = \"{seconds}s\"\npoll.default_interval = \"{seconds}s\"\npoll.max_interval = \"{}s\"\n",
                2 * seconds
            ),
        )?;
        // It works in a directory of its own.
        let mut command = Command::new(program.map_or_else(env::current_exe, fs::canonicalize)?);
        command.env(SUBJECT, "1").args(["-q", "run", "--config"]).arg(dir.join("dateline.toml"));
        let log = fs::File::create(dir.join("log.txt"))?;
        let child = command.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let mut daemon = Self { child, address, sources };
        let deadline = Instant::now() + PATIENCE;
        while daemon.connect().and_then(|mut asking| asking.get("/readyz")).is_err() {
            if Instant::now() > deadline || daemon.child.try_wait()?.is_some() {
                return Err(format!("it does not start: {}", fs::read_to_string(dir.join("log.txt"))?).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(daemon)
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    pub fn metrics(&self) -> Result<Metrics> {
        Ok(Metrics(self.connect()?.get("/metrics")?))
    }

    /// How many articles a search finds.
    pub fn searchable(&self) -> Result<usize> {
        let found: serde_json::Value =
            serde_json::from_str(&self.connect()?.get("/api/v1/search?copies=true&limit=1")?)?;
        Ok(found["total"].as_u64().ok_or("a search has no total")? as usize)
    }

    pub fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let mib = |name: &str| -> Result<f64> {
            let value = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("the system does not tell")?;
            Ok(value.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
        };
        Ok(Memory { own: mib("RssAnon:")?, files: mib("RssFile:")? })
    }

    /// How long it has used a processor so far, in seconds: what Linux counts in hundredths.
    pub fn processor(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in parentheses may hold spaces; after it, user and system time are the twelfth and thirteenth.
        let (_, fields) = stat.rsplit_once(')').ok_or("the system does not tell")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<std::result::Result<f64, _>>()? / 100.0)
    }

    /// Has it read its files again, with a mistake in them or without, and returns whether it says which.
    pub fn reload(&self, readable: bool) -> Result<bool> {
        let mistake = if readable { "" } else { "[[source]]\nname = \"no address\"\n" };
        fs::write(&self.sources.0, self.sources.1.clone() + mistake)?;
        Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status()?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if (self.metrics()?.sum("dateline_config_last_reload_successful") == 1.0) == readable {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(false)
    }

    /// Tells it to stop, and returns whether it did so in order.
    pub fn stop(mut self) -> Result<bool> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        Ok(self.child.wait()?.success())
    }

    fn connect(&self) -> Result<Asking> {
        Asking::connect(&self.address)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection to the daemon.
pub struct Asking {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Asking {
    pub fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { reader: BufReader::new(stream.try_clone()?), stream })
    }

    /// Asks for a path and returns the body; anything but 200 is an error.
    pub fn get(&mut self, path: &str) -> Result<String> {
        self.stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let found = line.split(' ').nth(1) == Some("200");
        let mut length = 0;
        loop {
            line.clear();
            if self.reader.read_line(&mut line)? <= 2 {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        let body = String::from_utf8(body).map_err(io::Error::other)?;
        if found { Ok(body) } else { Err(format!("{path}: {body}").into()) }
    }
}

/// What `/metrics` says.
pub struct Metrics(String);

impl Metrics {
    /// Adds up all values of a name, or those of one label.
    pub fn sum(&self, name: &str) -> f64 {
        let of = |line: &str| line.strip_prefix(name)?.trim_start_matches(|c| c != ' ').trim().parse::<f64>().ok();
        self.0.lines().filter_map(of).fold(0.0, |sum, value| sum + value)
    }
}
