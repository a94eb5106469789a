//! Code that the benches, the `compare` example and memory tests share.
//!
//! * [`naive_map`]: the attribute map of a first prototype, to compare with and to test against.
//! * [`attribute_map`]: the calls that workloads need to run on either attribute map.
//! * [`allocator`]: an allocator that counts heap bytes.
//! * [`cases()`]: how many cases a property test runs.
//! * [`forms`] and [`machine`]: the tables of small benches, and the machine that they ran on.

pub mod allocator;
pub mod attribute_map;
pub mod cases;
pub mod forms;
pub mod machine;
pub mod naive_map;

pub use attribute_map::AttributeMap;
pub use cases::cases;
pub use naive_map::NaiveMapStore;
