//! Packs that do not know each other: what they add does not depend on the load order.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use slotted::Store;
use slotted_definitions::{Definitions, Loader, Report};

const CORE: &str = "
[schemas.unit.slots]
hp = { kind = 'f32', default = 100.0 }
level = { kind = 'u8', default = 1 }
job = { variants = ['none', 'j0', 'j1', 'j2'], default = 'none' }
drops = { kind = 'list(text)', default = ['bone'] }
pals = { kind = 'list(object)', references = 'unit', default = [] }
armor = { kind = 'map(u8)', default = {} }
plain = { kind = 'u8', optional = true }
[schemas.unit.slots.loot]
kind = 'list'
default = []
slots = { item = 'text', chance = { kind = 'f32', optional = true } }
[schemas.unit.slots.damage.slots]
min = { kind = 'u8', default = 1 }
max = { kind = 'u8', default = 9 }
[schemas.unit.slots.effect]
tag = 'type'
optional = true
variants = { heal = { amount = 'f32' }, r0 = {}, r1 = { x = 'u8' }, r2 = {} }
[records.unit.wolf]
armor = { k0 = 0, k9 = 9 }
loot = [{ item = 'i0' }, { item = 'i9', chance = 0.5 }]
effect = { type = 'heal', amount = 2.0 }
[records.unit.fox]
inherits = 'wolf'
armor = { add = { f = 1 } }
[records.unit.x0]
[records.unit.x1]
inherits = 'x0'
[records.unit.x2]
";

/// Returns a file that adds something to the core, and no overwriting of what other packs may add.
fn addition(pack: usize, (what, n): (u8, u8)) -> String {
    let slots = "patches.schemas.unit.slots";
    let wolf = "patches.records.unit.wolf";
    match what {
        0 => format!("{slots}.s{n} = {{ kind = 'u8', default = {n} }}"),
        1 => format!("{slots}.own_{pack}_{n} = {{ kind = 'list(text)', default = [] }}"),
        2 => format!("{slots}.effect.variants.v{n} = {{ x = 'u8' }}"),
        3 => format!("{slots}.effect.variants = {{ add = {{ v{n} = {{ x = 'u8' }} }} }}"),
        4 => format!("{slots}.effect.variants = {{ remove = ['r{n}'] }}"),
        5 => format!("{slots}.effect.variants.heal.p{n} = {{ kind = 'u8', optional = true }}"),
        6 => format!("{slots}.job.variants = {{ add = ['j{n}', 'n{n}'], remove = ['j2'] }}"),
        7 => format!("{slots}.damage.slots.d{n} = {{ kind = 'u8', default = {n} }}"),
        8 => format!("{slots}.damage.slots.min.range = [0, 100]\n{slots}.plain.step = 1"),
        9 => format!("{wolf}.armor = {{ add = {{ k{n} = {n} }} }}"),
        10 => format!("{wolf}.armor = {{ remove = {{ k9 = 9, k{n} = {n} }} }}"),
        11 => format!("{wolf}.loot = {{ add = [{{ item = 'i{n}', chance = 0.5 }}] }}"),
        12 => format!("{wolf}.loot = {{ remove = [{{ item = 'i{n}' }}] }}"),
        13 => format!("{wolf}.damage = {{ min = {{ plus = {n} }}, max = {{ times = 2 }} }}"),
        14 => format!("{wolf}.hp = {{ times = {n}, plus = {n} }}"),
        15 => format!("{wolf}.level.times = 1.5\n{wolf}.pals = {{ add = ['wolf', 'fox'] }}"),
        16 => format!("patches.delete.unit = ['x{n}']"),
        17 => format!("patches.records.unit.x{n}.level.plus = 3"),
        18 => format!("records.unit.r_{pack}_{n} = {{ inherits = 'wolf', pals = ['fox'] }}"),
        19 => format!("schemas.s_{pack}_{n} = {{ extends = 'unit', slots = {{ y = 'u8' }} }}"),
        20 => format!("{wolf}.drops = {{ add = ['d{n}', 'own_{pack}'], remove = ['bone'] }}"),
        21 if pack == 0 => format!("{wolf}.drops = ['all']\n{slots}.hp.default = 50.0"),
        22 => format!("{wolf}.armor = {{ remove = ['k9', 'k{n}'] }}"),
        23 => format!("{wolf}.effect = {{ amount = {{ plus = {n}, times = 1.5 }} }}"),
        _ => format!("patches.records.unit.fox.armor = {{ add = {{ g{n} = 1 }} }}"),
    }
}

/// Loads the packs in this order, after the core.
fn load(packs: &[Vec<(u8, u8)>], order: &[usize]) -> Result<Definitions, Report> {
    let loader = Loader::new().pack_of_texts("core", [("a.toml", CORE)]);
    let add = |loader: Loader, pack: &usize| {
        let Some(additions) = packs.get(*pack) else { return loader };
        let files = additions.iter().enumerate();
        let files = files.map(|(at, what)| (format!("{at}.toml"), addition(*pack, *what)));
        loader.pack_of_texts(&format!("pack{pack}"), files)
    };
    order.iter().fold(loader, add).load(&Store::new())
}

/// The schemas with their slots in order, the objects by name, and all messages.
type Whole = (BTreeMap<String, String>, BTreeMap<String, String>, Vec<String>);

fn messages(report: &Report) -> Vec<String> {
    let messages = report.diagnostics().iter();
    let mut messages: Vec<_> = messages.map(|one| one.message().to_owned()).collect();
    messages.sort();
    messages
}

fn whole(loaded: Result<Definitions, Report>) -> Whole {
    let definitions = match loaded {
        Ok(definitions) => definitions,
        Err(report) => return (BTreeMap::new(), BTreeMap::new(), messages(&report)),
    };
    let schemas = definitions.schemas().filter_map(|schema| {
        let schema = definitions.schema(schema.name())?;
        Some((schema.name().to_owned(), format!("{:?}", schema.slots())))
    });
    let mut store = Store::new();
    let objects = definitions.spawn(&mut store).expect("the store has room");
    let records = objects.ids().map(|id| {
        let name = objects.record(id).and_then(|record| record.name()).expect("it has a name");
        let record = objects.to_record(&store, id).expect("it is alive");
        (name.to_owned(), format!("{record:?}"))
    });
    (schemas.collect(), records.collect(), messages(definitions.warnings()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn additions_do_not_depend_on_the_load_order(
        packs in vec(vec((0..25_u8, 0..3_u8), 0..6), 2..5),
        order in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let (found, again) = (load(&packs, &[0, 1, 2, 3]), load(&packs, &order));
        prop_assert_eq!(whole(found), whole(again));
    }
}

/// The generator makes valid packs: otherwise the property would compare errors.
#[test]
fn each_addition_is_valid_alone_and_beside_the_same_of_another_pack() {
    for what in 0..25 {
        for n in 0..3 {
            for packs in [vec![vec![(what, n)]], vec![vec![(what, n)]; 3]] {
                let loaded = load(&packs, &[2, 0, 1]);
                let found = loaded.map_err(|report| report.to_string());
                assert!(found.is_ok(), "{what} {n}: {}", found.unwrap_err());
            }
        }
    }
}
