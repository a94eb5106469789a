//! Reads packs of files into definitions.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data::report_syntax;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::document::{Declaration, Declarations, Document, SchemaDeclaration};
use crate::format::{self, Levels};
use crate::keys::Reading;
use crate::limits::LoadLimits;
use crate::loaded::{Definitions, Loaded, Pack};
use crate::loose::{LooseFile, LooseObjects};
use crate::named::Named;
use crate::node::Node;
use crate::pack::{FileReader, Manifest, PackFile, Source, inner_pack, is_manifest, order};
use crate::packs::{Conflicts, Packs};
use crate::progress::{Listener, LoadProgress};
use crate::records::{RecordReader, Records, Undeclared};
use crate::references::Resolver;
use crate::report::Report;
use crate::schemas::{self, Schemas};
use crate::source::{File, Files, Place, Span};
use slotted::Store;

/// Reads packs of definition files.
///
/// The [crate's documentation](super) describes the file format.
///
/// # Example
#[cfg_attr(feature = "toml", doc = "```")]
#[cfg_attr(not(feature = "toml"), doc = "```ignore")]
/// use slotted::Store;
/// use slotted_definitions::Loader;
///
/// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt.health = 80\n";
/// let definitions = Loader::new().text("units.toml", file).load(&Store::new())?;
/// assert_eq!(definitions.records().len(), 1);
/// # Ok::<(), slotted_definitions::Report>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "`load` reads the files"]
pub struct Loader {
    packs: Vec<Source>,
    policies: Policies,
    limits: LoadLimits,
    listener: Listener,
}

#[derive(Clone, Copy, Debug, Default)]
struct Policies {
    undeclared: Undeclared,
    conflicts: Conflicts,
}

impl Loader {
    /// Creates a loader without packs.
    ///
    /// # Example
    /// ```
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let definitions = Loader::new().load(&Store::new())?;
    /// assert_eq!(definitions.packs().len(), 0);
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder of definition files as a pack, inner folders included.
    ///
    /// The loader reads files that end in `.json`, `.toml`, `.ron` or `.yaml`, in the order of their paths, and
    /// skips names that start with a dot. Without a manifest the pack has the name of the folder.
    ///
    /// # Example
    /// ```
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    /// use slotted_definitions::diagnostic::Code;
    ///
    /// let report = Loader::new().pack("no/such/folder").load(&Store::new()).unwrap_err();
    /// assert_eq!(report.diagnostics()[0].code(), Code::Unreadable);
    /// ```
    pub fn pack(mut self, folder: impl Into<PathBuf>) -> Self {
        self.packs.push(Source::Folder(folder.into()));
        self
    }

    /// Adds a pack of files in memory, each with its path and text.
    ///
    /// The extension of the path selects the format.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let files = [
    ///     ("schemas.toml", "schemas.unit.slots.health = 'f32'"),
    ///     ("units.toml", "records.unit.grunt.health = 80"),
    /// ];
    /// let definitions = Loader::new().pack_of_texts("core", files).load(&Store::new())?;
    /// assert_eq!(&*definitions.packs()[0].name, "core");
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn pack_of_texts<P: Into<String>, T: Into<String>>(
        mut self,
        name: &str,
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.into(), text.into()));
        self.packs.push(Source::Texts(name.into(), files.collect()));
        self
    }

    /// Adds a file in memory to the pack `texts`.
    ///
    /// The first call decides the position of that pack in the load order.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let loader = Loader::new()
    ///     .text("schemas.toml", "schemas.unit.slots.health = 'f32'")
    ///     .text("units.toml", "records.unit.grunt.health = 80");
    /// assert_eq!(loader.load(&Store::new())?.records().len(), 1);
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn text(mut self, path: &str, text: impl Into<String>) -> Self {
        let texts = self.packs.iter_mut().find_map(|pack| match pack {
            Source::Texts(name, files) if **name == *"texts" => Some(files),
            _ => None,
        });
        match texts {
            Some(files) => {
                files.push((path.into(), text.into()));
                self
            }
            None => self.pack_of_texts("texts", [(path, text)]),
        }
    }

    /// Sets what happens to values and records that no schema declares.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::{Loader, Undeclared};
    ///
    /// let file = "schemas.unit.slots.health = 'f32'\nrecords.unit.grunt = { health = 80, mood = 1 }";
    /// let loader = Loader::new().text("units.toml", file).undeclared(Undeclared::Ignore);
    /// assert_eq!(loader.load(&Store::new())?.warnings().warnings(), 1);
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub const fn undeclared(mut self, policy: Undeclared) -> Self {
        self.policies.undeclared = policy;
        self
    }

    /// Sets what happens if packs overwrite each other's changes without knowing of each other.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::{Conflicts, Loader};
    ///
    /// let core = "schemas.unit.slots.hp = 'u8'\nrecords.unit.wolf.hp = 9";
    /// let elves = "name = 'elves'\nafter = ['orcs']";
    /// let loader = Loader::new()
    ///     .pack_of_texts("core", [("a.toml", core)])
    ///     .pack_of_texts("orcs", [("a.toml", "patches.records.unit.wolf.hp = 12")])
    ///     .pack_of_texts("e", [("pack.toml", elves), ("a.toml", "patches.records.unit.wolf.hp = 5")]);
    /// // The elves know the orcs.
    /// let definitions = loader.conflicts(Conflicts::Refuse).load(&Store::new())?;
    /// assert_eq!(definitions.record("unit", "wolf").unwrap().get("hp"), Ok(5.into()));
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub const fn conflicts(mut self, policy: Conflicts) -> Self {
        self.policies.conflicts = policy;
        self
    }

    /// Sets the limits of the load.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::diagnostic::Code;
    /// use slotted_definitions::{LoadLimits, Loader};
    ///
    /// let mut limits = LoadLimits::default();
    /// limits.file_bytes = 10;
    /// let loader = Loader::new().text("units.toml", "schemas.unit.slots = {}").limits(limits);
    /// let report = loader.load(&Store::new()).unwrap_err();
    /// assert_eq!(report.diagnostics()[0].code(), Code::Limit);
    /// ```
    pub const fn limits(mut self, limits: LoadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets a callback for the progress of the load.
    ///
    /// The loader calls it for each file that it reads, for each file that it parses, and once before it
    /// checks the records.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::{LoadProgress, Loader};
    ///
    /// let loader = Loader::new().text("units.toml", "schemas.unit.slots = {}").progress(|step| {
    ///     if let LoadProgress::Parsing { files, of } = step {
    ///         println!("parsed {files} of {of} files");
    ///     }
    /// });
    /// loader.load(&Store::new())?;
    /// # Ok::<(), slotted_definitions::Report>(())
    /// ```
    pub fn progress(mut self, listener: impl Fn(LoadProgress) + Send + Sync + 'static) -> Self {
        self.listener = Listener(Some(Arc::new(listener)));
        self
    }

    /// Reads and checks all packs.
    ///
    /// Files can use and extend the schemas of the store. The store does not change;
    /// [`Definitions::spawn`] adds the objects.
    ///
    /// # Errors
    /// Returns a report of every problem in all files. Warnings alone are not an error, see
    /// [`Definitions::warnings`].
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::{Kind, Schema, Store};
    /// use slotted_definitions::Loader;
    ///
    /// let mut store = Store::new();
    /// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    /// let file = "records.unit.grunt.health = 80";
    /// let definitions = Loader::new().text("units.toml", file).load(&store)?;
    /// definitions.spawn(&mut store)?;
    /// assert_eq!(store.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(self, store: &Store) -> Result<Definitions, Report> {
        let program = store.without_objects();
        let limits = self.limits.possible();
        let mut diagnostics = Diagnostics::new(limits.problems);
        let mut reader = FileReader::new(limits, &self.listener, &mut diagnostics);
        let folders = self.packs.iter().enumerate();
        let folders: Vec<_> = folders.map(|(pack, source)| reader.read(pack, source)).collect();
        let FileReader { files, listed, .. } = reader;
        let loose = loose(&files, &listed, &folders, limits);
        let parsed =
            Parsed::new(&files, (&listed, &loose), limits, &self.listener, &mut diagnostics);
        let mut registry = program.without_objects();
        let Defined { packs, schemas, records, objects } = parsed.define(
            &folders,
            (self.policies, &self.listener),
            &mut registry,
            &mut diagnostics,
        );
        let (files, is_usable) = (Arc::new(files), diagnostics.errors == 0);
        let warnings = Report::new(Arc::clone(&files), diagnostics);
        if !is_usable {
            return Err(warnings);
        }
        let loader = self;
        let loaded =
            Loaded { packs, schemas, records, objects, registry, program, loader, files, warnings };
        Ok(Definitions { loaded: Arc::new(loaded) })
    }

    /// Reads and checks all packs against the same schemas of the program as earlier definitions.
    ///
    /// [`Objects::plan_reload`](super::Objects::plan_reload) takes the result. [`Definitions::reload`]
    /// reads the same packs again.
    ///
    /// # Errors
    /// Returns a report of every problem in all files.
    ///
    /// # Example
    #[cfg_attr(feature = "toml", doc = "```")]
    #[cfg_attr(not(feature = "toml"), doc = "```ignore")]
    /// use slotted::Store;
    /// use slotted_definitions::Loader;
    ///
    /// let schema = "schemas.unit.slots.health = 'f32'\n";
    /// let mut store = Store::new();
    /// let before = Loader::new().text("units.toml", schema).load(&store)?;
    /// before.spawn(&mut store)?;
    /// let changed = format!("{schema}records.unit.grunt.health = 80");
    /// let after = Loader::new().text("units.toml", changed).load_again(&before)?;
    /// assert_eq!(after.records().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load_again(self, earlier: &Definitions) -> Result<Definitions, Report> {
        self.load(&earlier.loaded.program)
    }
}

/// The content of all files.
struct Defined {
    packs: Vec<Pack>,
    schemas: Schemas,
    records: Records,
    objects: Vec<(Arc<str>, LooseObjects)>,
}

/// The readable files with their parsed trees.
struct Parsed<'s> {
    files: &'s Files,
    nodes: Vec<ParsedFile<'s>>,
    limits: LoadLimits,
    values_left: usize,
}

struct ParsedFile<'s> {
    file: PackFile,
    /// The packed maps are objects of the file, not records of a definition file.
    is_loose: bool,
    /// `None` once its declarations are read.
    root: Option<Node<'s>>,
}

/// The levels of maps that are packed: records of definition files, and loose objects.
const LEVEL_OF_RECORDS: usize = 3;
const LEVEL_OF_OBJECTS: usize = 1;

/// Returns for each file whether its manifest lists it under `objects`. Problems are reported later, in the order of the files.
fn loose(
    files: &Files,
    listed: &[PackFile],
    folders: &[Arc<str>],
    limits: LoadLimits,
) -> Vec<bool> {
    let mut diagnostics = Diagnostics::new(limits.problems);
    let manifest = |folder: &Arc<str>| Manifest::nameless(Arc::clone(folder));
    let mut manifests: Vec<_> = folders.iter().map(manifest).collect();
    for file in listed.iter().filter(|file| is_manifest(files, **file)) {
        let text = &*files.0[file.file as usize].text;
        let levels = Levels { most: limits.levels, packed: None, named: None };
        let (node, _) = format::parse(text, file.format, levels, &mut limits.values.clone());
        if let Some(node) = node {
            manifests[file.pack].read(file.file, &node, &mut diagnostics);
        }
    }
    let path = |file: &PackFile| files.0[file.file as usize].inner_path();
    listed.iter().map(|file| manifests[file.pack].objects.of(path(file)).is_some()).collect()
}

impl<'s> Parsed<'s> {
    fn new(
        files: &'s Files,
        (listed, loose): (&[PackFile], &[bool]),
        limits: LoadLimits,
        listener: &Listener,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let (mut values_left, of) = (limits.values, listed.len());
        let mut nodes = Vec::with_capacity(of);
        for (position, (listed, is_loose)) in listed.iter().zip(loose).enumerate() {
            listener.tell(LoadProgress::Parsing { files: position, of });
            let text = &*files.0[listed.file as usize].text;
            let packed = match is_loose {
                _ if is_manifest(files, *listed) => None,
                true => Some(LEVEL_OF_OBJECTS),
                false => Some(LEVEL_OF_RECORDS),
            };
            // The names before objects and records are dropped when these are read. One before all of a file says that it is one
            // object.
            let named = if *is_loose { packed.map(|_| 0) } else { packed };
            let levels = Levels { most: limits.levels, packed, named };
            let (root, problems) = format::parse(text, listed.format, levels, &mut values_left);
            if !problems.is_empty() {
                diagnostics.unread.add(text);
            }
            report_syntax(listed.file, listed.format, root.is_some(), problems, diagnostics);
            if root.is_some() {
                nodes.push(ParsedFile { file: *listed, is_loose: *is_loose, root });
            }
        }
        Self { files, nodes, limits, values_left }
    }

    fn define(
        mut self,
        folders: &[Arc<str>],
        (policies, listener): (Policies, &Listener),
        registry: &mut Store,
        diagnostics: &mut Diagnostics,
    ) -> Defined {
        let mut manifests = self.manifests(folders, diagnostics);
        let (order, listed) = order(&manifests, diagnostics);
        let names = order.iter().map(|pack| Arc::clone(&manifests[*pack].name)).collect();
        let packs = Packs::new(names, &listed, policies.conflicts);
        let mut declared = Declarations::default();
        for (position, pack) in order.iter().enumerate() {
            let manifest = &manifests[*pack];
            self.declare((*pack, position), (manifest, &packs), &mut declared, diagnostics);
        }
        let schemas = schemas::build(
            (&views(&declared.schemas), &views(&declared.schema_patches)),
            (&self.limits, policies.undeclared, &packs),
            registry,
            diagnostics,
        );
        listener.tell(LoadProgress::Checking { records: declared.records.len() });
        let undeclared = policies.undeclared;
        let reader = RecordReader::new((registry, &schemas), undeclared, &packs, diagnostics);
        let mut records = reader.read(declared);
        let resolver = Resolver {
            registry,
            schemas: &schemas,
            files: self.files,
            packs: &packs,
            undeclared,
            values_left: self.values_left,
            named: Named::new(&records, registry),
            incomplete: std::mem::take(&mut records.incomplete),
            lacks_any: records.lacks_any,
            records: &mut records,
            diagnostics,
        };
        resolver.resolve();
        let (mut packs, mut objects) = (Vec::new(), Vec::new());
        for pack in order {
            let Manifest { name, version, objects: own, .. } = std::mem::take(&mut manifests[pack]);
            objects.extend(own.entries.into_iter().map(|entry| (Arc::clone(&name), entry)));
            packs.push(Pack { name, version });
        }
        Defined { packs, schemas, records, objects }
    }

    fn manifests(&self, folders: &[Arc<str>], diagnostics: &mut Diagnostics) -> Vec<Manifest> {
        let mut manifests: Vec<_> =
            folders.iter().map(|folder| Manifest::nameless(Arc::clone(folder))).collect();
        for ParsedFile { file, root, .. } in &self.nodes {
            if let Some(root) = root.as_ref().filter(|_| is_manifest(self.files, *file)) {
                manifests[file.pack].read(file.file, root, diagnostics);
            }
        }
        manifests
    }

    /// Adds the declarations of a pack's files.
    fn declare<'n>(
        &mut self,
        (pack, position): (usize, usize),
        (manifest, packs): (&'n Manifest, &'n Packs),
        declared: &mut Declarations<'n>,
        diagnostics: &mut Diagnostics,
    ) where
        's: 'n,
    {
        let (files, objects): (&'s Files, _) = (self.files, &manifest.objects);
        for ParsedFile { file, is_loose, root } in &mut self.nodes {
            if file.pack != pack || is_manifest(files, *file) {
                continue;
            }
            let Some(mut root) = root.take() else { continue };
            let text = &*files.0[file.file as usize].text;
            let path = files.0[file.file as usize].inner_path();
            let of = objects.of(path);
            if of.is_some() != *is_loose {
                // The limit of values was reached within the manifest.
                root.unpack_all(text);
            }
            root.unpack(text);
            let document = Document { file: file.file, pack: position, text, root };
            if let Some(of) = of {
                let mut reading = Reading { file: file.file, diagnostics };
                let stem = Path::new(path).file_stem().and_then(OsStr::to_str);
                let stem = stem.unwrap_or(path);
                let file = LooseFile::new((of, stem), (*file, position, text), packs);
                file.read(document.root, &mut reading, declared);
            } else if let Some(folder) = inner_pack(path).filter(|_| !document.declares()) {
                let message = format!("folder {} is a pack of its own", quoted(folder));
                let place = Place { file: file.file, span: Span::default() };
                let help = "load that folder as a pack, not the one around it";
                let diagnostic = Diagnostic::error(Code::Unexpected, message);
                diagnostics.push(diagnostic.at(place, "its manifest").help(help));
            } else {
                declared.read(document, packs, diagnostics);
            }
        }
        // This includes files that are unreadable.
        let files = self.files.0.iter().filter(|file| file.pack == pack);
        let files: Vec<_> = files.map(File::inner_path).collect();
        let names: Vec<Arc<str>> = match objects.is_empty() {
            true => Vec::new(),
            false => files.iter().map(|file| Arc::from(*file)).collect(),
        };
        for objects in objects.unused(files.iter().copied()) {
            diagnostics.push_with(|diagnostics| {
                let suggestion = diagnostics.nearest(&objects.path, &names);
                let (file, end) = (quoted(&objects.path), did_you_mean(suggestion.as_deref()));
                let message = format!("the pack has no file {file}{end}");
                let diagnostic = Diagnostic::error(Code::Unreadable, message);
                diagnostic.at(objects.place, "no such file").suggest(suggestion)
            });
        }
    }
}

fn views<'n, 's>(declared: &'n [SchemaDeclaration<'s>]) -> Vec<Declaration<'n, 's>> {
    declared.iter().map(SchemaDeclaration::view).collect()
}
