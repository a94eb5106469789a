//! From packs of files to definitions.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted};
use crate::document::{Declarations, Document};
use crate::format;
use crate::limits::LoadLimits;
use crate::loaded::{Definitions, Loaded, Pack, same_schemas};
use crate::node::Node;
use crate::pack::{FileReader, Manifest, PackFile, Source, is_manifest, order};
use crate::progress::{Listener, LoadProgress};
use crate::records::{RecordReader, Records, Undeclared};
use crate::references::Resolver;
use crate::report::Report;
use crate::schemas::{self, Schemas};
use crate::source::{File, Files, Place};
use slotted::Store;

/// Reads packs of definition files.
///
/// The format and an example are in the [module's documentation](super).
#[derive(Clone, Debug, Default)]
#[must_use = "`load` reads the files"]
pub struct Loader {
    packs: Vec<Source>,
    undeclared: Undeclared,
    limits: LoadLimits,
    listener: Listener,
}

impl Loader {
    /// A loader of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder of definition files, inner folders included, after the packs named so far.
    ///
    /// Files whose names end in `.json`, `.toml` or `.ron` are read, in the order of their paths; names
    /// that start with a dot are passed over. Without a manifest the pack has the folder's name.
    pub fn pack(mut self, folder: impl Into<PathBuf>) -> Self {
        self.packs.push(Source::Folder(folder.into()));
        self
    }

    /// Adds a pack of files that are in memory: their paths, which tell the formats, and texts.
    pub fn pack_of_texts<P: Into<String>, T: Into<String>>(
        mut self,
        name: &str,
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.into(), text.into()));
        self.packs.push(Source::Texts(name.into(), files.collect()));
        self
    }

    /// Adds a file that is in memory to a pack called `texts`, which stands where its first file was added.
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

    /// What becomes of values and records that no schema declares.
    pub const fn undeclared(mut self, policy: Undeclared) -> Self {
        self.undeclared = policy;
        self
    }

    /// How much is read at most.
    pub const fn limits(mut self, limits: LoadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Calls this for every file that is read and every one that is parsed, and once more before
    /// records are checked: a load that takes long can show that it is alive.
    pub fn progress(mut self, listener: impl Fn(LoadProgress) + Send + Sync + 'static) -> Self {
        self.listener = Listener(Some(Arc::new(listener)));
        self
    }

    /// Reads and checks everything. The schemas of the store can be extended and used by the files;
    /// the store is not changed, [`Definitions::spawn`] does that.
    ///
    /// # Errors
    /// All that is wrong with all files. Warnings alone are no error: see
    /// [`Definitions::warnings`].
    pub fn load(self, store: &Store) -> Result<Definitions, Report> {
        let program = same_schemas(store);
        let limits = self.limits.possible();
        let mut diagnostics = Diagnostics::new(limits.problems);
        let mut reader = FileReader::new(limits, &self.listener, &mut diagnostics);
        let folders = self.packs.iter().enumerate();
        let folders: Vec<_> = folders.map(|(pack, source)| reader.read(pack, source)).collect();
        let FileReader { files, listed, .. } = reader;
        let parsed = Parsed::new(&files, &listed, limits, &self.listener, &mut diagnostics);
        let mut registry = same_schemas(&program);
        let (packs, schemas, records) = parsed.define(
            &folders,
            (self.undeclared, &self.listener),
            &mut registry,
            &mut diagnostics,
        );
        drop(parsed);
        let (files, is_usable) = (Arc::new(files), diagnostics.errors == 0);
        let warnings = Report::new(Arc::clone(&files), diagnostics);
        if !is_usable {
            return Err(warnings);
        }
        let loader = self;
        let loaded = Loaded { packs, schemas, records, registry, program, loader, files, warnings };
        Ok(Definitions { loaded: Arc::new(loaded) })
    }

    /// Reads and checks everything against the schemas of the program that earlier definitions were read
    /// against: what [`Objects::plan_reload`](super::Objects::plan_reload) takes.
    ///
    /// [`Definitions::reload`] does this with the same packs.
    ///
    /// # Errors
    /// All that is wrong with all files.
    pub fn load_again(self, earlier: &Definitions) -> Result<Definitions, Report> {
        self.load(&earlier.loaded.program)
    }
}

/// The files that could be read, with what they say.
struct Parsed<'s> {
    files: &'s Files,
    nodes: Vec<(PackFile, Node<'s>)>,
    limits: LoadLimits,
    values_left: usize,
}

impl<'s> Parsed<'s> {
    fn new(
        files: &'s Files,
        listed: &[PackFile],
        limits: LoadLimits,
        listener: &Listener,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let (mut values_left, of) = (limits.values, listed.len());
        let mut nodes = Vec::with_capacity(of);
        for (position, listed) in listed.iter().enumerate() {
            listener.tell(LoadProgress::Parsing { files: position, of });
            let text = &*files.0[listed.file as usize].text;
            let (node, problems) =
                format::parse(text, listed.format, limits.levels, &mut values_left);
            for problem in problems {
                let place = Place { file: listed.file, span: problem.span };
                let message = match node {
                    None => format!("the file is not valid {}: {}", listed.format, problem.message),
                    Some(_) => problem.message,
                };
                let diagnostic = Diagnostic::error(Code::Syntax, message).at(place, problem.label);
                diagnostics.push(match problem.help {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                });
            }
            nodes.extend(node.map(|node| (*listed, node)));
        }
        Self { files, nodes, limits, values_left }
    }

    fn define(
        &self,
        folders: &[Arc<str>],
        (undeclared, listener): (Undeclared, &Listener),
        registry: &mut Store,
        diagnostics: &mut Diagnostics,
    ) -> (Vec<Pack>, Schemas, Records) {
        let manifests = self.manifests(folders, diagnostics);
        let order = order(&manifests, diagnostics);
        let mut declared = Declarations::default();
        for (position, pack) in order.iter().enumerate() {
            self.declare(*pack, position, &manifests[*pack], &mut declared, diagnostics);
        }
        let schemas = schemas::build(
            &declared.schemas,
            &declared.schema_patches,
            (self.limits.slots, undeclared),
            registry,
            diagnostics,
        );
        listener.tell(LoadProgress::Checking { records: declared.records.len() });
        let reader = RecordReader::new(registry, &schemas, undeclared, diagnostics);
        let mut records = reader.read(&declared.records, &declared.record_patches);
        let files = self.files;
        let values_left = self.values_left;
        Resolver { registry, files, undeclared, values_left, records: &mut records, diagnostics }
            .resolve();
        let pack = |pack: &usize| {
            let Manifest { name, version, .. } = &manifests[*pack];
            Pack { name: Arc::clone(name), version: version.clone() }
        };
        (order.iter().map(pack).collect(), schemas, records)
    }

    fn manifests(&self, folders: &[Arc<str>], diagnostics: &mut Diagnostics) -> Vec<Manifest> {
        let mut manifests: Vec<_> =
            folders.iter().map(|folder| Manifest::nameless(Arc::clone(folder))).collect();
        for (file, node) in &self.nodes {
            if is_manifest(self.files, *file) {
                manifests[file.pack].read(file.file, node, diagnostics);
            }
        }
        manifests
    }

    /// Adds what a pack's files declare.
    fn declare<'n>(
        &'n self,
        pack: usize,
        position: usize,
        manifest: &'n Manifest,
        declared: &mut Declarations<'n, 's>,
        diagnostics: &mut Diagnostics,
    ) {
        let objects: HashMap<&str, usize> =
            manifest.objects.iter().enumerate().map(|(at, objects)| (&*objects.file, at)).collect();
        for (file, root) in self.nodes.iter().filter(|(file, _)| file.pack == pack) {
            if is_manifest(self.files, *file) {
                continue;
            }
            let document = Document { file: file.file, pack: position, root };
            match objects.get(self.files.0[file.file as usize].inner_path()) {
                Some(at) => {
                    let objects = &manifest.objects[*at];
                    let schema = (&*objects.schema, objects.schema_place);
                    declared.read_loose(document, schema, diagnostics);
                }
                None => declared.read(document, diagnostics),
            }
        }
        // Files that could not be read are there too.
        let files = self.files.0.iter().filter(|file| file.pack == pack);
        let files: Vec<_> = files.map(File::inner_path).collect();
        let there: HashSet<&str> = files.iter().copied().collect();
        let names: Vec<Arc<str>> = match objects.is_empty() {
            true => Vec::new(),
            false => files.iter().map(|file| Arc::from(*file)).collect(),
        };
        for objects in manifest.objects.iter().filter(|one| !there.contains(&*one.file)) {
            diagnostics.push_with(|diagnostics| {
                let suggestion = diagnostics.nearest(&objects.file, &names);
                let (file, end) = (quoted(&objects.file), did_you_mean(suggestion.as_deref()));
                let message = format!("the pack has no file {file}{end}");
                let diagnostic = Diagnostic::error(Code::Unreadable, message);
                diagnostic.at(objects.place, "no such file").suggest(suggestion)
            });
        }
    }
}
