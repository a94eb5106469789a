//! Running jobs end when an executor is lost.
//!
//! Ballista 55.0 runs the lost parts of a job again on other executors, wrongly: with its adaptive planner the job never ends,
//! and without it some rows are counted twice. So all running jobs are cancelled.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::error::Result;
use ballista_core::serde::protobuf::ExecutorHeartbeat;
use ballista_core::serde::scheduler::{ExecutorData, ExecutorMetadata};
use ballista_scheduler::cluster::memory::InMemoryClusterState;
use ballista_scheduler::cluster::{BoundTask, ClusterState, ClusterStateEventStream, ExecutorSlot};
use ballista_scheduler::config::TaskDistributionPolicy;
use ballista_scheduler::scheduler_server::SchedulerServer;
use ballista_scheduler::state::task_manager::JobInfoCache;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};

pub(super) type Scheduler = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// Ballista's own executors in memory. Jobs are cancelled when one of them is removed.
#[derive(Default)]
pub(super) struct Executors {
    inner: InMemoryClusterState,
    /// Set as soon as the scheduler exists.
    pub(super) scheduler: OnceLock<Scheduler>,
}

#[async_trait]
impl ClusterState for Executors {
    /// Ballista tells its jobs of the loss only after this returns, so no job runs a part again.
    async fn remove_executor(&self, executor: &str) -> Result<()> {
        // One loss is told several times. Jobs that began after the first time are healthy.
        let was_known = self.inner.get_executor_metadata(executor).await.is_ok();
        // Before the jobs, so that none that comes now is given to it.
        self.inner.remove_executor(executor).await?;
        let Some(scheduler) = self.scheduler.get().filter(|_| was_known) else {
            return Ok(());
        };
        for job in scheduler.state.task_manager.get_running_job_cache().keys() {
            scheduler.cancel_job(job.clone()).await?;
        }
        Ok(())
    }

    async fn init(&self) -> Result<()> {
        self.inner.init().await
    }

    async fn bind_schedulable_tasks(
        &self,
        distribution: TaskDistributionPolicy,
        jobs: Arc<HashMap<JobId, JobInfoCache>>,
        executors: Option<HashSet<String>>,
    ) -> Result<Vec<BoundTask>> {
        self.inner.bind_schedulable_tasks(distribution, jobs, executors).await
    }

    async fn unbind_tasks(&self, slots: Vec<ExecutorSlot>) -> Result<()> {
        self.inner.unbind_tasks(slots).await
    }

    async fn register_executor(
        &self,
        metadata: ExecutorMetadata,
        data: ExecutorData,
    ) -> Result<()> {
        self.inner.register_executor(metadata, data).await
    }

    async fn save_executor_metadata(&self, metadata: ExecutorMetadata) -> Result<()> {
        self.inner.save_executor_metadata(metadata).await
    }

    async fn get_executor_metadata(&self, executor: &str) -> Result<ExecutorMetadata> {
        self.inner.get_executor_metadata(executor).await
    }

    async fn registered_executor_metadata(&self) -> Vec<ExecutorMetadata> {
        self.inner.registered_executor_metadata().await
    }

    async fn save_executor_heartbeat(&self, heartbeat: ExecutorHeartbeat) -> Result<()> {
        self.inner.save_executor_heartbeat(heartbeat).await
    }

    fn executor_heartbeats(&self) -> HashMap<String, ExecutorHeartbeat> {
        self.inner.executor_heartbeats()
    }

    fn get_executor_heartbeat(&self, executor: &str) -> Option<ExecutorHeartbeat> {
        self.inner.get_executor_heartbeat(executor)
    }

    async fn cluster_state_events(&self) -> Result<ClusterStateEventStream> {
        self.inner.cluster_state_events().await
    }
}
