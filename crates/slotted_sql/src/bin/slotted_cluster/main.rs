//! A scheduler, an executor or a client of a cluster, by its arguments.

mod arguments;

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use arguments::{Arguments, Problem};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::error::{DataFusionError, Result};
use slotted_sql::cluster::{Executor, HEARTBEAT, connect, free_port, run_scheduler};
use slotted_sql::register_export;

const HELP: &str = "\
Asks recordings in SQL, on several machines.

slotted_cluster scheduler [--listen ADDRESS] [--port PORT] [--host NAME]
slotted_cluster executor --scheduler HOST:PORT [--listen ADDRESS] [--port PORT]
                [--task-port PORT] [--host NAME] [--work-folder FOLDER] [--tasks N]
slotted_cluster client --scheduler HOST:PORT --folder FOLDER --query SQL
                [--timeout SECONDS] [--attempts N]

--listen ADDRESS      the address to listen on (127.0.0.1)
--port PORT           the port to listen on; 0 is any free one (50050 for a scheduler, 0 for an executor)
--host NAME           the name by which others reach this machine
--work-folder FOLDER  for results in between (a temporary folder)
--tasks N             tasks at the same time (the number of cores)
--folder FOLDER       an export to Parquet, at the same path on all machines
--timeout SECONDS     the time for one attempt (300)
--attempts N          attempts for a query that fails, for example because an executor died (5)
--until-input-ends    a scheduler or an executor ends when its standard input does";

/// Plans of deep queries need a deep stack.
const STACK: usize = 32 << 20;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if error.is::<Problem>() {
                eprintln!("\n{HELP}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut given = std::env::args().skip(1);
    let role = given.next().unwrap_or_default();
    let mut arguments = Arguments::parse(given)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()?;
    if arguments.flag("until-input-ends") {
        std::thread::spawn(|| {
            let mut input = Vec::new();
            // An error of the input is its end too.
            let _ = std::io::stdin().read_to_end(&mut input);
            std::process::exit(0);
        });
    }
    match &*role {
        "scheduler" => scheduler(&mut arguments, &runtime),
        "executor" => executor(&mut arguments, &runtime),
        "client" => client(&mut arguments, &runtime),
        "--help" | "-h" | "help" => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(Problem::Role(role).into()),
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn address(arguments: &mut Arguments, port: u16) -> Result<SocketAddr, Box<dyn std::error::Error>> {
    let listen: IpAddr = arguments.parsed("listen")?.unwrap_or([127, 0, 0, 1].into());
    let port = match arguments.parsed("port")?.unwrap_or(port) {
        0 => free_port(listen)?,
        port => port,
    };
    Ok(SocketAddr::new(listen, port))
}

fn scheduler(arguments: &mut Arguments, runtime: &tokio::runtime::Runtime) -> Outcome {
    let address = address(arguments, 50050)?;
    let host = arguments.text("host").unwrap_or_else(|| address.ip().to_string());
    arguments.finish()?;
    println!("scheduler on {address}");
    Ok(runtime.block_on(run_scheduler(address, &host))?)
}

fn executor(arguments: &mut Arguments, runtime: &tokio::runtime::Runtime) -> Outcome {
    let scheduler = arguments.required("scheduler")?;
    let address = address(arguments, 0)?;
    let task_port = match arguments.parsed("task-port")?.unwrap_or(0) {
        0 => free_port(address.ip())?,
        port => port,
    };
    let split =
        scheduler.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = split.ok_or_else(|| Problem::Value("scheduler", scheduler.clone()))?;
    let executor = Executor {
        scheduler_host: host.to_owned(),
        scheduler_port: port,
        listen: address.ip(),
        host: arguments.text("host"),
        port: address.port(),
        task_port,
        work_folder: arguments.text("work-folder").map(Into::into),
        tasks: arguments.parsed("tasks")?.unwrap_or(0),
    };
    arguments.finish()?;
    println!("executor on {address}, tasks on port {task_port}");
    Ok(runtime.block_on(executor.run())?)
}

fn client(arguments: &mut Arguments, runtime: &tokio::runtime::Runtime) -> Outcome {
    let scheduler = arguments.required("scheduler")?;
    let folder = arguments.required("folder")?;
    let query = arguments.required("query")?;
    let timeout = Duration::from_secs(arguments.parsed("timeout")?.unwrap_or(300));
    let attempts: u32 = arguments.parsed("attempts")?.unwrap_or(5);
    arguments.finish()?;
    runtime.block_on(async {
        for attempt in 1.. {
            match tokio::time::timeout(timeout, ask(&scheduler, &folder, &query)).await {
                Ok(Ok(answer)) => {
                    println!("{answer}");
                    break;
                }
                Ok(Err(Failure::Query(error))) => return Err(error.into()),
                Ok(Err(Failure::Run(error))) if attempt >= attempts => return Err(error.into()),
                Ok(Err(Failure::Run(error))) => eprintln!("attempt {attempt} failed: {error}"),
                Err(_) if attempt >= attempts => return Err(Problem::Timeout(timeout).into()),
                Err(_) => eprintln!("attempt {attempt} took too long"),
            }
            // Meanwhile the scheduler may notice that an executor died.
            tokio::time::sleep(HEARTBEAT).await;
        }
        Ok(())
    })
}

/// The reason why a query has no answer.
enum Failure {
    /// The query or the folder is wrong: another attempt fails too.
    Query(DataFusionError),
    /// Connecting or running failed.
    Run(DataFusionError),
}

async fn ask(scheduler: &str, folder: &str, query: &str) -> Result<String, Failure> {
    let context = connect(scheduler).await.map_err(Failure::Run)?;
    register_export(&context, folder).await.map_err(Failure::Query)?;
    let query = context.sql(query).await.map_err(Failure::Query)?;
    let rows = query.collect().await.map_err(Failure::Run)?;
    let answer = pretty_format_batches(&rows).map_err(|error| Failure::Run(error.into()))?;
    Ok(answer.to_string())
}
