//! Fields of common Rust types that no slot holds.

use slotted::Slotted;
use std::collections::HashMap;

#[derive(Slotted, Clone)]
struct Person {
    name: String,
    title: &'static str,
    nickname: Option<Box<str>>,
    scores: Vec<u16>,
    drops: Box<[u32]>,
    levels: &'static [u8],
    skills: HashMap<u16, u32>,
    age: usize,
    debt: isize,
    spouse: Option<Option<u8>>,
    initial: char,
    position: (f32, f32),
    flags: [bool; 4],
}

fn main() {}
