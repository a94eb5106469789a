//! What compiles: each a twin of a case in `tests/compile_fail` without its mistake.

mod base_that_is_no_schema;
mod base_that_is_not_first;
mod duplicate_slot_names;
mod enum_with_fields;
mod enum_with_gaps;
mod enum_without_repr;
mod fault_22_zero_size_pod;
mod fault_23_over_aligned_pod;
mod fault_26_growing_during_iteration;
mod fault_30_one_slot_twice_in_a_view;
mod fault_31_value_that_is_not_plain_memory;
mod fault_31_value_that_is_not_send;
#[cfg(feature = "rayon")]
mod fault_33_structural_change_in_parallel;
mod generics_on_a_schema;
mod item_kept_over_the_next_change;
mod key_of_another_type_in_set;
mod list_of_lists;
mod list_of_what_no_slot_holds;
mod run_kept_over_the_next_change;
mod schema_that_is_an_enum;
mod shared_view_with_a_mutable_field;
mod spawning_a_type_that_is_no_schema;
mod tuple_struct_as_schema;
mod unknown_word_of_a_schema;
mod unknown_word_of_a_slot;
mod unknown_word_of_a_view;
mod view_attribute_on_a_field;
mod view_field_by_value;
mod view_field_of_no_slot_value;
mod view_with_two_lifetimes;
