//! Queries over recordings on several machines, with [Ballista](ballista).
//!
//! A cluster is one scheduler and any number of executors. A client sends its queries to the scheduler, which divides them
//! among the executors. If an executor dies, the scheduler notices after [`EXECUTOR_TIMEOUT`]. Queries that are running then
//! fail, and the other executors do the work of the next ones: `slotted_cluster client` asks again by itself.
//!
//! All machines read the files of a recording at the same path, such as a shared drive. The traffic is neither encrypted nor
//! authenticated, so keep a cluster within a private network.
//!
//! The program `slotted_cluster` is any of the three by its arguments.

mod lost;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ballista::prelude::SessionContextExt;
use ballista_core::error::BallistaError;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service};
use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use lost::{Executors, Scheduler};

/// The time without a sign of life after which an executor counts as dead. Ballista's own default is 180 seconds.
pub const EXECUTOR_TIMEOUT: Duration = Duration::from_secs(10);

/// The time between two signs of life of an executor. Ballista's own default is 60 seconds.
pub const HEARTBEAT: Duration = Duration::from_secs(2);

/// The time between two searches for dead executors. Ballista's own default is 15 seconds.
const SEARCH_FOR_THE_DEAD: Duration = Duration::from_secs(1);

/// The reason why a scheduler or an executor ended.
#[derive(Debug)]
pub struct ClusterError(BallistaError);

impl std::fmt::Display for ClusterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ClusterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Runs a scheduler that listens on this address.
///
/// `host` is the name by which executors reach it.
///
/// # Errors
/// Returns an error if it cannot listen there, or if serving fails. Does not return otherwise.
pub async fn run_scheduler(
    address: SocketAddr,
    host: &str,
) -> std::result::Result<(), ClusterError> {
    let config = SchedulerConfig {
        external_host: host.to_owned(),
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        executor_timeout_seconds: EXECUTOR_TIMEOUT.as_secs(),
        expire_dead_executor_interval_seconds: SEARCH_FOR_THE_DEAD.as_secs(),
        // A result that cannot be fetched fails the query, for the reason that `lost` gives.
        stage_max_failures: 1,
        ..SchedulerConfig::default()
    };
    config.validate().map_err(ClusterError)?;
    let jobs = BallistaCluster::new_from_config(&config).await.map_err(ClusterError)?.job_state();
    let executors = Arc::new(Executors::default());
    let cluster = BallistaCluster::new(executors.clone(), jobs);
    let scheduler: Scheduler =
        create_scheduler(cluster, Arc::new(config)).await.map_err(ClusterError)?;
    // Set once, here.
    let _ = executors.scheduler.set(scheduler.clone());
    start_grpc_service(address, scheduler).await.map_err(ClusterError)
}

/// An executor, by its addresses.
///
/// # Example
/// ```no_run
/// # async fn run() -> Result<(), slotted_sql::cluster::ClusterError> {
/// use slotted_sql::cluster::Executor;
/// Executor { scheduler_host: "10.0.0.1".to_owned(), ..Executor::default() }.run().await
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executor {
    /// The name or address of the scheduler. The default is `127.0.0.1`.
    pub scheduler_host: String,
    /// The port of the scheduler. The default is 50050.
    pub scheduler_port: u16,
    /// The address to listen on. The default is `127.0.0.1`.
    pub listen: IpAddr,
    /// The name by which others reach this executor. The default is the address from which it calls the scheduler.
    pub host: Option<String>,
    /// The port from which others fetch results. The default is 50051.
    pub port: u16,
    /// The port for tasks. The default is 50052.
    pub task_port: u16,
    /// The folder for results in between, by default a temporary one.
    pub work_folder: Option<PathBuf>,
    /// The number of tasks at the same time. The default, 0, is the number of cores.
    pub tasks: usize,
}

impl Default for Executor {
    fn default() -> Self {
        Self {
            scheduler_host: Ipv4Addr::LOCALHOST.to_string(),
            scheduler_port: 50050,
            listen: Ipv4Addr::LOCALHOST.into(),
            host: None,
            port: 50051,
            task_port: 50052,
            work_folder: None,
            tasks: 0,
        }
    }
}

impl Executor {
    /// Runs the executor until it is told to stop.
    ///
    /// # Errors
    /// Returns an error if it cannot listen, does not reach the scheduler within [`EXECUTOR_TIMEOUT`], or if serving fails.
    ///
    /// # Example
    /// [`Executor`] has one.
    pub async fn run(self) -> std::result::Result<(), ClusterError> {
        let failed = |error| ClusterError(BallistaError::IoError(error));
        // Removed when the executor stops.
        let temporary = tempfile::tempdir().map_err(failed)?;
        let folder = self.work_folder.as_deref().unwrap_or(temporary.path());
        let Some(folder) = folder.to_str() else {
            let message = format!("the path {} is not Unicode", folder.display());
            return Err(ClusterError(BallistaError::Configuration(message)));
        };
        let config = ExecutorProcessConfig {
            bind_host: self.listen.to_string(),
            external_host: self.host,
            port: self.port,
            grpc_port: self.task_port,
            scheduler_host: self.scheduler_host,
            scheduler_port: self.scheduler_port,
            scheduler_connect_timeout_seconds: EXECUTOR_TIMEOUT.as_secs() as u16,
            vcores: self.tasks,
            work_dir: Some(folder.to_owned()),
            executor_heartbeat_interval_seconds: HEARTBEAT.as_secs(),
            ..ExecutorProcessConfig::default()
        };
        start_executor_process(Arc::new(config)).await.map_err(ClusterError)
    }
}

/// Returns a context whose queries run on the cluster of this scheduler. It connects when the first query runs.
///
/// [`register_export`](crate::register_export) adds the tables of a recording.
///
/// # Errors
/// Returns an error if the address is no address.
///
/// # Example
/// ```no_run
/// # async fn run() -> datafusion::common::Result<()> {
/// let context = slotted_sql::cluster::connect("10.0.0.1:50050").await?;
/// slotted_sql::register_export(&context, "/recordings/night").await?;
/// context.sql("SELECT frame, count(*) FROM unit GROUP BY frame").await?.show().await
/// # }
/// ```
pub async fn connect(scheduler: &str) -> Result<SessionContext> {
    SessionContext::remote(&format!("df://{scheduler}")).await
}

/// Returns a port of this address that is free now.
///
/// # Errors
/// Returns an error if there is none, or if the address is not one of this machine.
///
/// # Example
/// ```
/// let port = slotted_sql::cluster::free_port([127, 0, 0, 1].into())?;
/// assert!(port > 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn free_port(address: IpAddr) -> std::io::Result<u16> {
    Ok(TcpListener::bind((address, 0))?.local_addr()?.port())
}
