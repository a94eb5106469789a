//! A scheduler, two executors and a client on this machine. An executor is killed, and answers stay right.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use slotted::{Kind, Schema, Store, record};
use slotted_arrow::parquet::ParquetExport;

/// The program takes longer than this only if something hangs.
const LONGEST: Duration = Duration::from_secs(300);

/// A process that dies with this value. It also ends when its input does, so none outlives a killed test.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

impl Process {
    fn start(arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_slotted_cluster"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }

    /// Starts a scheduler or an executor, and returns its port and the port for tasks.
    fn serve(arguments: &[&str]) -> Result<(Self, Vec<String>), Box<dyn Error>> {
        let arguments = [arguments, &["--until-input-ends"]].concat();
        let mut process = Self::start(&arguments)?;
        let output = process.child.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let ports = line.split([':', ' ', ',', '\n']).filter(|word| word.parse::<u16>().is_ok());
        let ports: Vec<String> = ports.map(str::to_owned).collect();
        let started = Instant::now();
        for port in &ports {
            while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
                if started.elapsed() > Duration::from_secs(30) {
                    return Err(format!("{arguments:?} does not listen on port {port}").into());
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok((process, ports))
    }

    fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Returns the output of a process that ends by itself.
    fn output(mut self) -> Result<String, Box<dyn Error>> {
        drop(self.input.take());
        let started = Instant::now();
        while self.child.try_wait()?.is_none() {
            if started.elapsed() > LONGEST {
                return Err("the client takes too long".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut texts = [String::new(), String::new()];
        if let (Some(mut output), Some(mut errors)) =
            (self.child.stdout.take(), self.child.stderr.take())
        {
            std::io::Read::read_to_string(&mut output, &mut texts[0])?;
            std::io::Read::read_to_string(&mut errors, &mut texts[1])?;
        }
        match self.child.wait()?.success() {
            true => Ok(texts[0].trim().to_owned()),
            false => Err(texts[1].clone().into()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Records some frames of a world in which units lose health.
fn record_frames(folder: &Path, frames: u64) -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("name", Kind::Text).slot("health", Kind::I32);
    store.register_schema(unit.build()?)?;
    store.register_schema(Schema::builder("orc").extends("unit").build()?)?;
    let names = ["Ada", "Bob", "Cid", "Dan"];
    for schema in ["unit", "orc"] {
        let units =
            (0..600).map(|number| record! { name: names[number % 4], health: number as i32 });
        store.spawn_records(schema, units)?;
    }
    let health = store.key::<i32>("unit", "health")?;
    for frame in 0..frames {
        let ids: Vec<_> = store.ids().collect();
        for id in ids {
            let value = store.get(id, health).unwrap_or(0);
            store.set(id, health, value - 1)?;
        }
        ParquetExport::new().frame(frame).write(&store.snapshot(), folder)?;
    }
    Ok(())
}

const QUICK: &str = "SELECT name, count(*) AS units, sum(health) AS health FROM unit \
    WHERE frame >= 2 GROUP BY name ORDER BY name";

/// Joins each frame with all others, which takes seconds.
const SLOW: &str = "SELECT a.name, count(*) AS pairs, sum(a.health + b.health) AS health \
    FROM unit a JOIN orc b ON a.name = b.name WHERE a.health % 7 <> b.health % 5 \
    GROUP BY a.name ORDER BY a.name";

async fn answer(folder: &Path, query: &str) -> Result<String, Box<dyn Error>> {
    let context = SessionContext::new();
    slotted_sql::register_export(&context, folder).await?;
    let rows = context.sql(query).await?.collect().await?;
    Ok(pretty_format_batches(&rows)?.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_answers_like_one_process_and_survives_a_killed_executor()
-> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    record_frames(folder.path(), 5)?;
    let (quick, slow) = (answer(folder.path(), QUICK).await?, answer(folder.path(), SLOW).await?);
    assert!(quick.contains("| Ada  | 450   |"), "{quick}");

    let (_scheduler, ports) = Process::serve(&["scheduler", "--port", "0"])?;
    let address = format!("127.0.0.1:{}", ports[0]);
    let executor = || Process::serve(&["executor", "--scheduler", &address, "--tasks", "2"]);
    let path = folder.path().to_str().ok_or("no path")?;
    let client = |query| {
        let from = ["--scheduler", &address, "--folder", path];
        Process::start(&[&["client"], &from[..], &["--query", query, "--timeout", "90"]].concat())
    };
    let (_stays, _) = executor()?;
    let mistake = client("SELECT colour FROM unit")?.output().err().ok_or("it was accepted")?;
    assert!(mistake.to_string().contains("No field named colour"), "{mistake}");
    assert!(!mistake.to_string().contains("attempt"), "a mistake is not asked again: {mistake}");
    // The executor dies before, during or after the query, which depends on the machine. The answer does not.
    for milliseconds in [100, 400, 1000] {
        let (mut dies, _) = executor()?;
        assert_eq!(client(QUICK)?.output()?, quick);
        let asking = client(SLOW)?;
        std::thread::sleep(Duration::from_millis(milliseconds));
        dies.kill()?;
        assert_eq!(asking.output()?, slow, "killed after {milliseconds} ms");
        assert_eq!(client(QUICK)?.output()?, quick, "one executor is enough");
    }
    Ok(())
}

#[test]
fn wrong_arguments_are_named() -> Result<(), Box<dyn Error>> {
    for (arguments, message) in [
        (&["server"][..], "'server' is neither scheduler, executor nor client"),
        (&["client", "--scheduler", "127.0.0.1:1"], "--folder is missing"),
        (&["executor", "--scheduler", "nowhere"], "--scheduler cannot be 'nowhere'"),
        (&["scheduler", "--port", "many"], "--port cannot be 'many'"),
        (&["scheduler", "--prot", "0", "--port", "0"], "'--prot' is unknown here or given twice"),
    ] {
        let error = Process::start(arguments)?.output().err().ok_or("it was accepted")?;
        assert!(error.to_string().starts_with(&format!("error: {message}\n")), "{error}");
    }
    Ok(())
}

#[test]
fn a_process_ends_with_its_parent() -> Result<(), Box<dyn Error>> {
    let (mut scheduler, _) = Process::serve(&["scheduler", "--port", "0"])?;
    drop(scheduler.input.take());
    let started = Instant::now();
    while scheduler.child.try_wait()?.is_none() {
        assert!(started.elapsed() < Duration::from_secs(10), "an orphan stays");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
