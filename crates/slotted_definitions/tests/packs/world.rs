//! Packs that bytes choose: which statements each has, which packs depend on which, and which bytes of a text are others.

use std::collections::BTreeMap;

use slotted::Store;
use slotted_definitions::diagnostic::Severity;
use slotted_definitions::infer::{Inference, InferenceOptions};
use slotted_definitions::{Definitions, Format, LoadLimits, Loader, Objects, Undeclared};

/// Statements that declare or change schemas.
const SCHEMAS: [&str; 23] = [
    "[schemas.damage.slots]\nmin = 'u16'\nmax = { kind = 'u16', default = 9 }\nsound = { kind = 'text', optional = true }",
    "[schemas.loot.slots]\nitem = { kind = 'object', references = 'unit' }\nchance = { kind = 'f32', default = 0.5 }",
    "[schemas.unit.slots]\nhealth = { kind = 'f32', default = 10, range = [0, 500] }\nboss = { kind = 'object', optional = true }\njob = { variants = ['farmer', 'smith'], default = 'smith' }",
    "[schemas.orc]\nextends = 'unit'\nslots = { rage = 'u8', health = { default = 50 } }",
    "[schemas.weapon.slots]\ndamage = { kind = 'damage', optional = true }\nsize = { kind = '(text, u8)', optional = true }\ntags = { kind = 'list(text)', default = [], one_or_list = true }",
    "[schemas.chest.slots]\ndrops = { kind = 'list(loot)', default = [] }\nskills = { kind = 'map(u8)', default = {} }\ncost = { kind = 'f32 | text', optional = true }\nnote = { kind = 'any', optional = true }",
    "[schemas.spell.slots.effect]\ntag = 'type'\noptional = true\nvariants = { heal = { amount = 'u8', area = { kind = 'u8', optional = true } }, summon = { what = { kind = 'object', references = 'unit' } }, rest = {} }",
    "[schemas.grid.slots]\nrows = { kind = 'list(list(u8))', default = [] }\nkinds = { kind = 'map(object, damage)', default = {} }",
    "[schemas.goblin]\nextends = 'unit'",
    "[schemas.copy]\nextends = 'weapon'\nslots = { text = 'text' }",
    "[schemas.holder.slots]\nown = { kind = 'weapon', optional = true }\nall = { kind = 'list(weapon)', default = [] }",
    "[patches.schemas.unit.slots]\nmana = { kind = 'u8', default = 3 }",
    "[patches.schemas.unit.slots]\nmana = { kind = 'f32', default = 3 }",
    "[patches.schemas.unit.slots.job]\nvariants = { add = ['miner'] }",
    "[patches.schemas.unit.slots.job]\nvariants = { remove = ['farmer'] }",
    "[patches.schemas.unit.slots]\nhealth = { range = [0, 400] }",
    "[patches.schemas.damage.slots]\nburn = { kind = 'f32', default = 0 }",
    "[patches.schemas.damage.slots]\nmax = { default = 7 }",
    "[patches.schemas.spell.slots.effect]\nvariants = { add = { burn = { time = 'u8' } } }",
    "[patches.schemas.spell.slots.effect]\nvariants = { remove = ['rest'] }",
    "[patches.schemas.spell.slots.effect.variants.heal]\nrange = { kind = 'u8', default = 1 }",
    "[patches.schemas.lost.slots]\nage = 'u8'",
    "[schemas.thing.slots]\nwhat = 'lost'\nage = { kind = 'u8', default = 1 }",
];

/// Statements that declare or change records.
const RECORDS: [&str; 36] = [
    "[records.unit.king]\nhealth = 200",
    "[records.unit.grunt]\nboss = 'king'\njob = 'farmer'",
    "[records.unit.heir]\ninherits = 'grunt'\nunset = ['boss']",
    "[records.unit.base]\nabstract = true\nhealth = 20",
    "[records.unit.based]\ninherits = 'base'\njob = 'miner'",
    "[records.orc.zog]\nrage = 3\nboss = 'zog'",
    "[records.weapon.axe]\ndamage = { min = 1 }\nsize = ['big', 3]\ntags = 'iron'",
    "[records.weapon.half]\ndamage = { min = 4, sound = 'crack' }",
    "[records.weapon.great_axe]\ninherits = 'axe'\ndamage = { min = 3, sound = 'crack' }\ntags = ['iron', 'gold']",
    "[records.chest.box]\ndrops = [{ item = 'king' }, { item = 'grunt', chance = 1 }]\nskills = { archery = 3 }\ncost = 5",
    "[records.chest.crate]\ncost = 'free'\nnote = { a = [1, 'two', { b = true }] }\nskills = { '' = 1, 'é' = 2 }",
    "[records.chest.old]\ndrops = [{ item = 'lost' }]",
    "[records.spell.heal]\neffect = { type = 'heal', amount = 5 }",
    "[records.spell.call]\neffect = { type = 'summon', what = 'king' }",
    "[records.spell.rest]\neffect = { type = 'rest' }",
    "[records.spell.burn]\neffect = { type = 'burn', time = 3 }",
    "[records.spell.heir]\ninherits = 'heal'\neffect = { amount = { plus = 2 } }",
    "[records.grid.one]\nrows = [[1, 2], [], [3]]\nkinds = { king = { min = 2 } }",
    "[records.holder.rack]\nown = { damage = { min = 1 } }\nall = [{ tags = ['a'] }, { damage = { min = 2, max = 3 } }]",
    "[records.copy.one]\ntext = 'x'\ndamage = { min = 8 }",
    "[records.thing.one]\nwhat = { a = 1 }",
    "[records.lost.one]\nage = 3\nnote = [1, { a = 2 }]",
    "[records.unit.young]\nheight = 3",
    "[[records.goblin]]\nhealth = 7\nboss = 'king'",
    "[patches.records.unit.king]\nhealth = { times = 0.5, plus = 3 }",
    "[patches.records.unit.grunt]\nunset = ['boss']",
    "[patches.records.weapon.axe]\ntags = { add = ['gold'], remove = ['iron'] }\ndamage = { min = { plus = 4 } }",
    "[patches.records.weapon.axe]\ndamage = { max = 40 }",
    "[patches.records.chest.box]\ndrops = { add = [{ item = 'heir' }] }\nskills = { add = { swords = 2 }, remove = ['archery'] }",
    "[patches.records.spell.heal]\neffect = { amount = { plus = 20 } }",
    "[patches.records.spell.call]\neffect = { what = 'grunt' }",
    "[patches.records.lost.one]\nage = 4",
    "[patches.delete]\nunit = ['king']",
    "if_pack = 'b'\n[records.unit.guest]\nboss = 'king'",
    "words = { inherits = 'copy-from', abstract = false }\n[records.unit.copied]\ncopy-from = 'king'\nhealth = 1",
    "[patches.records.unit.missing]\nhealth = 4",
];

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A file of a pack: its path, its text, and whether it has records.
type File = (String, String, bool);

/// The outcomes of the inputs so far.
pub(super) type Tally = BTreeMap<&'static str, usize>;

struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first)
    }

    /// Returns `true` once in `of` times.
    fn once_in(&mut self, of: usize) -> bool {
        self.next() % of == of - 1
    }
}

/// Returns the files of each pack, and whether all are as written here.
fn packs(bytes: &mut Bytes<'_>) -> (Vec<Vec<File>>, bool) {
    let (mut is_whole, mut taken) = (true, [false; RECORDS.len()]);
    let packs = NAMES.iter().enumerate().map(|(number, name)| {
        let mut manifest = format!("name = '{name}'\n");
        if number > 0 {
            let key = ["requires", "after", "version = '1'\nafter"][bytes.next() % 3];
            manifest += &format!("{key} = ['{}']\n", NAMES[bytes.next() % number]);
        }
        let mut files = vec![("pack.toml".to_owned(), manifest, false)];
        // The first pack has most schemas.
        let least = [1, 4, 4][number];
        for (at, statement) in SCHEMAS.iter().enumerate() {
            let is_chosen = if at < 11 { number == 0 } else { bytes.once_in(2 * least) };
            if is_chosen && !bytes.once_in(128) {
                files.push((format!("s{at}.toml"), (*statement).to_owned(), false));
            }
        }
        for (at, statement) in RECORDS.iter().enumerate() {
            // Two packs that define one record are refused, and patches of what a later pack defines.
            let is_early = statement.starts_with("[patches") && number < 2;
            if !taken[at] && bytes.once_in(if is_early { 128 } else { 3 }) {
                taken[at] = !bytes.once_in(64);
                files.push((format!("r{at}.toml"), (*statement).to_owned(), true));
            }
        }
        if bytes.once_in(8) {
            let at = bytes.next() % files.len();
            let mut text = std::mem::take(&mut files[at].1).into_bytes();
            let place = bytes.next() * 256 + bytes.next();
            let place = place % text.len();
            text[place] ^= 1 << (bytes.next() % 7);
            files[at].1 = String::from_utf8_lossy(&text).into_owned();
            is_whole = false;
        }
        files
    });
    let packs = packs.collect();
    (packs, is_whole)
}

fn loader(packs: &[Vec<File>], policy: Undeclared, has_records: bool) -> Loader {
    let mut limits = LoadLimits::default();
    (limits.values, limits.slots) = (100_000, 10_000);
    let loader = Loader::new().limits(limits).undeclared(policy);
    packs.iter().zip(NAMES).fold(loader, |loader, (files, name)| {
        let files = files.iter().filter(|(_, _, is_record)| has_records || !is_record);
        loader.pack_of_texts(name, files.map(|(path, text, _)| (path.clone(), text.clone())))
    })
}

/// Loads the packs under each policy, and checks what follows: spawning, writing in each format and loading what was written,
/// proposals for the objects, and a reload to the packs of the second half of the input.
pub(super) fn run(input: &[u8]) -> Tally {
    let mut tally = Tally::new();
    let mut bytes = Bytes(input);
    let (first, is_whole) = packs(&mut bytes);
    let (second, _) = packs(&mut bytes);
    for policy in [Undeclared::Refuse, Undeclared::Quarantine, Undeclared::Ignore] {
        let loaded = loader(&first, policy, true).load(&Store::new());
        let definitions = match loaded {
            Ok(definitions) => definitions,
            Err(report) => {
                assert!(report.errors() > 0);
                let shown = report.to_string();
                assert!(!shown.contains(|c: char| c != '\n' && c.is_control()), "{shown}");
                *tally.entry("refused").or_default() += 1;
                continue;
            }
        };
        *tally.entry("loaded").or_default() += 1;
        _ = definitions.warnings().to_string();
        let mut store = Store::new();
        let mut objects = definitions.spawn(&mut store).expect("what loads can be spawned");
        assert_eq!(objects.len(), store.len());
        if is_whole && policy == Undeclared::Quarantine {
            let schemas = loader(&first, policy, false);
            written_is_read(&schemas, (&store, &objects), &mut tally);
        }
        propose(&store, &mut tally);
        if let Ok(next) = loader(&second, policy, true).load(&Store::new()) {
            reload(&mut store, &mut objects, &next, &mut tally);
        }
    }
    tally
}

/// Checks that written files load, and are written the same.
fn written_is_read(schemas: &Loader, (store, objects): (&Store, &Objects), tally: &mut Tally) {
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let Ok(files) = objects.to_files(store, format) else {
            *tally.entry("not writable").or_default() += 1;
            continue;
        };
        let own = files.iter().map(|(path, text)| (path.clone(), text.clone()));
        let loader = schemas.clone().pack_of_texts("saved", own);
        let mut again = Store::new();
        let loaded = match loader.load(&again) {
            Ok(definitions) => definitions.spawn(&mut again).expect("what loads can be spawned"),
            Err(report) => {
                let errors =
                    report.diagnostics().iter().filter(|one| one.severity() == Severity::Error);
                let errors: Vec<_> = errors.map(|one| one.message()).collect();
                panic!("{errors:?}\n{}", files[0].1)
            }
        };
        assert_eq!(again.len(), store.len(), "{files:?}");
        let twice = loaded.to_files(&again, format).expect("it was written");
        assert_eq!(lines(&twice), lines(&files));
        *tally.entry("written").or_default() += 1;
    }
}

/// Returns the lines in another order: that of what is kept aside may change.
fn lines(files: &[(String, String)]) -> Vec<&str> {
    let lines = files.iter().flat_map(|(_, text)| text.lines());
    let mut lines: Vec<&str> = lines.map(|line| line.trim_end_matches(',')).collect();
    lines.sort_unstable();
    lines
}

/// A schema that is proposed for the objects takes them.
fn propose(store: &Store, tally: &mut Tally) {
    for schema in store.schemas() {
        let mut inference = Inference::new(InferenceOptions::default());
        let ids: Vec<_> = store.ids_of(schema.name()).expect("it is registered").collect();
        let records: Vec<_> = ids
            .iter()
            .map(|id| schema.gather(&store.get_record(*id).expect("it lives")))
            .filter(|record| !record.iter().any(|(_, value)| value.to_string().contains("object")))
            .collect();
        records.iter().for_each(|record| inference.observe(record));
        let Ok(proposal) = inference.finish("proposed") else { continue };
        let mut other = Store::new();
        other.register_schema(proposal.schema().clone()).expect("a proposal is right");
        for record in records {
            let (fits, _) = proposal.split(record.clone());
            other
                .spawn_record("proposed", fits)
                .unwrap_or_else(|error| panic!("{error}: {record:?}"));
        }
        *tally.entry("proposed").or_default() += 1;
    }
}

/// A plan that is possible is applied, and leaves a valid store; another one leaves the store as it was.
fn reload(store: &mut Store, objects: &mut Objects, next: &Definitions, tally: &mut Tally) {
    let Ok(plan) = objects.plan_reload(store, next) else {
        *tally.entry("no plan").or_default() += 1;
        return;
    };
    _ = plan.to_string();
    let before = store.state_hash();
    match objects.apply_reload(store, &plan) {
        Ok(()) => {
            *tally.entry("reloaded").or_default() += 1;
            assert_eq!(store.validate(), Ok(()));
        }
        Err(_) => {
            assert!(!plan.is_possible(), "{plan}");
            assert_eq!(store.state_hash(), before);
            *tally.entry("not reloaded").or_default() += 1;
        }
    }
}
