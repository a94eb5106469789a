//! Packs: folders of definition files, what they need of one another, and their order.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted, visible};
use crate::format::Format;
use crate::limits::LoadLimits;
use crate::node::{Entry, Node};
use crate::progress::{Listener, LoadProgress};
use crate::source::{File, Files, Place, Span};
use crate::words::Reading;

/// Where the files of a pack come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Folder(PathBuf),
    /// A name for the pack, and files by their paths in it.
    Texts(Arc<str>, Vec<(String, String)>),
}

/// A file of a pack that is to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackFile {
    /// The position among all files.
    pub(super) file: u32,
    pub(super) pack: usize,
    pub(super) format: Format,
}

/// Reads the files of all packs.
pub(super) struct FileReader<'d> {
    pub(super) limits: LoadLimits,
    pub(super) files: Files,
    pub(super) listed: Vec<PackFile>,
    bytes: u64,
    /// The current pack, and where the paths of its files go on after that of the pack.
    pack: usize,
    inner_path: usize,
    /// Whether there were more files than are read.
    is_over: bool,
    listener: &'d Listener,
    diagnostics: &'d mut Diagnostics,
}

impl<'d> FileReader<'d> {
    pub(super) fn new(
        limits: LoadLimits,
        listener: &'d Listener,
        diagnostics: &'d mut Diagnostics,
    ) -> Self {
        let (files, listed) = (Files::default(), Vec::new());
        Self {
            limits,
            files,
            listed,
            bytes: 0,
            pack: 0,
            inner_path: 0,
            is_over: false,
            listener,
            diagnostics,
        }
    }

    /// Reads a pack's files and tells the name that it has without a manifest.
    pub(super) fn read(&mut self, pack: usize, source: &Source) -> Arc<str> {
        self.pack = pack;
        match source {
            Source::Texts(name, texts) => {
                self.inner_path = name.len() + 1;
                for (path, text) in texts {
                    let shown = shown_path(name, Path::new(path));
                    match Format::of(path) {
                        Some(format) => self.add(pack, format, shown, text.as_bytes()),
                        None => self.unknown_format(shown),
                    }
                }
                Arc::clone(name)
            }
            Source::Folder(folder) => {
                // As it was given, so that who has given it finds the files.
                let shown = folder.to_string_lossy().replace('\\', "/");
                let shown = shown.trim_end_matches('/');
                self.inner_path = shown.len() + 1;
                self.folder(pack, shown, folder, Path::new(""), self.limits.folder_levels);
                let name = folder.canonicalize().ok();
                let name = name.as_deref().unwrap_or(folder).file_name();
                name.map_or_else(|| "pack".into(), |name| name.to_string_lossy()).into()
            }
        }
    }

    fn folder(&mut self, pack: usize, name: &str, root: &Path, inner: &Path, levels_left: usize) {
        let folder = root.join(inner);
        let entries = fs::read_dir(&folder).and_then(|entries| {
            let entry = |entry: fs::DirEntry| Ok((entry.file_name(), entry.file_type()?));
            entries.map(|found| entry(found?)).collect::<Result<Vec<_>, std::io::Error>>()
        });
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                let shown = shown_path(name, inner);
                let folder = if inner.as_os_str().is_empty() { root } else { &folder };
                let (folder, why) = (folder.to_string_lossy(), why_unreadable(&error));
                let message = format!("folder '{}' cannot be read: {why}", visible(&folder));
                return self.unreadable(shown, message);
            }
        };
        // The same order on every machine.
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (entry, kind) in entries {
            if self.is_over {
                return;
            }
            let path = inner.join(&entry);
            if entry.to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_symlink() && root.join(&path).is_dir() {
                // It may lead back to where it stands.
                let message = "links to folders are not followed inside of a pack";
                let place = self.empty(shown_path(name, &path));
                let warning = Diagnostic::warning(Code::Unreadable, message);
                self.diagnostics.push(warning.at(place, ""));
            } else if kind.is_dir() {
                if levels_left == 0 {
                    let limit = self.limits.folder_levels;
                    let shown = shown_path(name, &path);
                    self.limit(shown, format!("folders are nested more than {limit} deep"));
                    continue;
                }
                self.folder(pack, name, root, &path, levels_left - 1);
            } else if let Some(format) = Format::of(&path) {
                if self.listed.len() >= self.limits.files {
                    let limit = self.limits.files;
                    if !std::mem::replace(&mut self.is_over, true) {
                        let shown = shown_path(name, &path);
                        self.limit(shown, format!("there are more than {limit} files"));
                    }
                    return;
                }
                self.file(pack, format, shown_path(name, &path), &root.join(&path));
            } else if looks_like_definitions(&path) {
                let message = "the file is not read: its name must end in .json, .toml or .ron";
                let place = self.empty(shown_path(name, &path));
                let warning = Diagnostic::warning(Code::Unreadable, message);
                self.diagnostics.push(warning.at(place, ""));
            }
        }
    }

    fn file(&mut self, pack: usize, format: Format, shown: Arc<str>, path: &Path) {
        let limit = self.limits.file_bytes.min(self.limits.all_bytes.saturating_sub(self.bytes));
        let bytes = fs::metadata(path).and_then(|kind| {
            // A pipe would be waited for.
            if !kind.is_file() {
                return Err(std::io::Error::other("it is no file"));
            }
            let file = fs::File::open(path)?;
            // What the system says of the length may be a claim only.
            let mut bytes = Vec::new();
            file.take(limit + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        match bytes {
            Ok(bytes) if bytes.len() as u64 > limit => {
                let most = self.limits.file_bytes;
                self.limit(
                    shown,
                    match limit == most {
                        true => format!("the file is larger than {most} bytes, which is the limit"),
                        false => {
                            let most = self.limits.all_bytes;
                            format!("all files are larger than {most} bytes, which is the limit")
                        }
                    },
                );
            }
            Ok(bytes) => self.add(pack, format, shown, &bytes),
            Err(error) => {
                let why = why_unreadable(&error);
                self.unreadable(shown, format!("the file cannot be read: {why}"));
            }
        }
    }

    fn add(&mut self, pack: usize, format: Format, shown: Arc<str>, bytes: &[u8]) {
        if bytes.len() as u64 > self.limits.file_bytes {
            let most = self.limits.file_bytes;
            return self
                .limit(shown, format!("the file is larger than {most} bytes, which is the limit"));
        }
        self.bytes += bytes.len() as u64;
        let file = self.files.0.len() as u32;
        let files = self.files.0.len() + 1;
        self.listener.tell(LoadProgress::Reading { files, bytes: self.bytes });
        // A byte order mark is no part of any format.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                self.push(shown, text.into());
                self.listed.push(PackFile { file, pack, format });
            }
            Err(error) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                self.push(shown, text.into());
                let at = error.valid_up_to();
                let place = Place { file, span: Span::new(at, at + 1) };
                let byte = bytes.get(at).copied().unwrap_or_default();
                let message = match bytes {
                    [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16, not UTF-8",
                    _ => "the file is not UTF-8",
                };
                self.diagnostics.push(
                    Diagnostic::error(Code::Syntax, message)
                        .at(place, format!("the byte 0x{byte:02x} begins no character"))
                        .help("save it as UTF-8; many editors call this the encoding"),
                );
            }
        }
    }

    fn push(&mut self, shown: Arc<str>, text: Box<str>) {
        self.files.0.push(File::new(shown, text).of_pack(self.pack, self.inner_path));
    }

    /// A file of which there is nothing to show.
    fn empty(&mut self, shown: Arc<str>) -> Place {
        let file = self.files.0.len() as u32;
        self.push(shown, "".into());
        Place { file, span: Span::default() }
    }

    fn limit(&mut self, shown: Arc<str>, message: String) {
        let place = self.empty(shown);
        self.diagnostics.push(Diagnostic::error(Code::Limit, message).at(place, ""));
    }

    fn unreadable(&mut self, shown: Arc<str>, message: String) {
        let place = self.empty(shown);
        self.diagnostics.push(Diagnostic::error(Code::Unreadable, message).at(place, ""));
    }

    fn unknown_format(&mut self, shown: Arc<str>) {
        let message = "the file's name ends neither in .json nor in .toml nor in .ron".to_owned();
        self.unreadable(shown, message);
    }
}

/// The common reasons in the same words on every machine.
fn why_unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read by this user".to_owned(),
        std::io::ErrorKind::NotADirectory => "it is no folder".to_owned(),
        _ => error.to_string(),
    }
}

/// The path as messages show it, with the same separators on every machine.
fn shown_path(pack: &str, path: &Path) -> Arc<str> {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let parts: Vec<_> = std::iter::once(pack.into()).chain(parts).collect();
    parts.join("/").into()
}

/// Whether somebody may think that the file is read: `units.toml.txt`, `units.yaml`.
fn looks_like_definitions(path: &Path) -> bool {
    const ALIKE: [&str; 4] = ["yaml", "yml", "json5", "jsonc"];
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ALIKE.iter().any(|alike| extension.eq_ignore_ascii_case(alike))
        || path.file_stem().is_some_and(|stem| Format::of(stem).is_some())
}

/// What a pack says of itself, in a file `pack.json`, `pack.toml` or `pack.ron`.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub(super) name: Arc<str>,
    pub(super) version: Option<Arc<str>>,
    /// Where the manifest stands, or the pack's first file.
    place: Option<Place>,
    requires: Vec<(Arc<str>, Place)>,
    /// Packs that come first if they are there.
    after: Vec<(Arc<str>, Place)>,
    /// Files that are lists of loose objects, and the schema of these.
    pub(super) objects: Vec<LooseObjects>,
}

/// A file that is a list of loose objects.
#[derive(Debug)]
pub(super) struct LooseObjects {
    pub(super) file: Arc<str>,
    pub(super) place: Place,
    pub(super) schema: Arc<str>,
    pub(super) schema_place: Place,
}

/// Whether the file of a pack is its manifest.
pub(super) fn is_manifest(files: &Files, file: PackFile) -> bool {
    let file_name = files.0[file.file as usize].inner_path();
    file_name.strip_suffix(file.format.extension()) == Some("pack.")
}

const WORDS: [&str; 6] = ["name", "version", "doc", "requires", "after", "objects"];

impl Manifest {
    pub(super) fn nameless(folder: Arc<str>) -> Self {
        Self { name: folder, ..Self::default() }
    }

    /// Reads a manifest. A pack has one.
    pub(super) fn read(&mut self, file: u32, root: &Node<'_>, diagnostics: &mut Diagnostics) {
        let place = Place { file, span: Span::default() };
        if let Some(other) = self.place {
            let message = format!("pack {} has two manifests", quoted(&self.name));
            let diagnostic = Diagnostic::error(Code::Conflict, message);
            diagnostics.push(diagnostic.at(place, "this one").at(other, "and this one"));
            return;
        }
        self.place = Some(place);
        let mut reading = Reading { file, diagnostics };
        let Some(map) = reading.map(root, "a pack's manifest", "a map") else { return };
        for entry in reading.once(map, "the manifest") {
            match &*entry.name {
                "name" => {
                    if let Some(name) = reading.text(&entry.value, "a pack's name") {
                        self.name = name.into();
                        self.place = Some(reading.place(entry.value.span));
                    }
                }
                "version" => {
                    self.version = reading.text(&entry.value, "a version").map(Into::into);
                }
                "doc" => _ = reading.text(&entry.value, "a description"),
                "requires" => self.requires = packs(&mut reading, entry),
                "after" => self.after = packs(&mut reading, entry),
                "objects" => self.objects = objects(&mut reading, entry),
                _ => {
                    let help = match &*entry.name {
                        "title" | "id" => Some("the word for it is name"),
                        "depends" | "dependencies" => Some("the word for it is requires"),
                        "author" | "authors" | "description" => Some("doc has room for it"),
                        "schemas" | "records" | "patches" => {
                            Some("definitions stand in the other files of a pack")
                        }
                        _ => None,
                    };
                    reading.unknown(entry, "a pack's manifest", &WORDS, help);
                }
            }
        }
    }
}

fn packs(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Vec<(Arc<str>, Place)> {
    let list = reading.list(&entry.value, "packs", "a list of names").unwrap_or_default();
    let name = |node| {
        let name = reading.text(node, "a pack's name")?;
        Some((name.into(), reading.place(node.span)))
    };
    list.iter().filter_map(name).collect()
}

fn objects(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Vec<LooseObjects> {
    let expected = "a map of files, each with the schema of its objects";
    let map = reading.map(&entry.value, "objects", expected).unwrap_or_default();
    let files = reading.once(map, "objects").into_iter();
    let file = files.filter_map(|file| {
        let schema = reading.text(&file.value, "a schema's name")?.into();
        let (place, schema_place) = (reading.place(file.span), reading.place(file.value.span));
        Some(LooseObjects { file: (&*file.name).into(), place, schema, schema_place })
    });
    file.collect()
}

/// The order in which packs are read: the stated one, but each after those that it needs.
pub(super) fn order(manifests: &[Manifest], diagnostics: &mut Diagnostics) -> Vec<usize> {
    let names = by_name(manifests, diagnostics);
    let needs: Vec<Vec<(usize, Option<Place>)>> = manifests
        .iter()
        .map(|manifest| {
            let mut needs = Vec::new();
            for (name, place) in &manifest.requires {
                match names.get(name) {
                    Some(pack) => needs.push((*pack, Some(*place))),
                    None => missing(manifest, name, *place, &names, diagnostics),
                }
            }
            let after = manifest.after.iter();
            needs.extend(after.filter_map(|(name, at)| Some((*names.get(name)?, Some(*at)))));
            needs
        })
        .collect();
    let (mut order, mut is_placed) = (Vec::new(), vec![false; manifests.len()]);
    while order.len() < manifests.len() {
        let is_ready = |pack: &usize| {
            !is_placed[*pack] && needs[*pack].iter().all(|(need, _)| is_placed[*need])
        };
        let next = (0..manifests.len()).find(is_ready);
        let Some(next) = next else {
            report_cycle(manifests, &needs, &is_placed, diagnostics);
            order.extend((0..manifests.len()).filter(|pack| !is_placed[*pack]));
            break;
        };
        is_placed[next] = true;
        order.push(next);
    }
    order
}

fn by_name(manifests: &[Manifest], diagnostics: &mut Diagnostics) -> HashMap<Arc<str>, usize> {
    let mut names = HashMap::new();
    for (number, manifest) in manifests.iter().enumerate() {
        let Some(other) = names.insert(Arc::clone(&manifest.name), number) else { continue };
        let message = format!("two packs are called {}", quoted(&manifest.name));
        let mut diagnostic = Diagnostic::error(Code::Conflict, message)
            .help("give one of them another name in its manifest, or load only one");
        for (pack, text) in [(number, "this one"), (other, "and this one")] {
            if let Some(place) = manifests[pack].place {
                diagnostic = diagnostic.at(place, text);
            }
        }
        diagnostics.push(diagnostic);
    }
    names
}

fn missing(
    manifest: &Manifest,
    name: &Arc<str>,
    place: Place,
    names: &HashMap<Arc<str>, usize>,
    diagnostics: &mut Diagnostics,
) {
    let suggestion = diagnostics.nearest(name, names.keys());
    let (own, end) = (quoted(&manifest.name), did_you_mean(suggestion.as_deref()));
    let message = format!("pack {own} requires pack {}, which is not there{end}", quoted(name));
    let diagnostic = Diagnostic::error(Code::MissingPack, message)
        .at(place, "no such pack is loaded")
        .suggest(suggestion)
        .help("load that pack too, or name packs that may be absent under after");
    diagnostics.push(diagnostic);
}

/// Reports packs that need one another.
fn report_cycle(
    manifests: &[Manifest],
    needs: &[Vec<(usize, Option<Place>)>],
    is_placed: &[bool],
    diagnostics: &mut Diagnostics,
) {
    // Whoever is left needs one that is left: going on long enough leads into the cycle.
    let left = |pack: usize| needs[pack].iter().find(|(need, _)| !is_placed[*need]);
    let Some(mut pack) = is_placed.iter().position(|is_placed| !is_placed) else { return };
    for _ in 0..needs.len() {
        pack = left(pack).map_or(pack, |(need, _)| *need);
    }
    let first = pack;
    if let Some((_, Some(place))) = left(first).filter(|(need, _)| *need == first) {
        let message = format!("pack {} needs itself", quoted(&manifests[first].name));
        return diagnostics.push(Diagnostic::error(Code::Cycle, message).at(*place, "itself"));
    }
    let mut message = format!("packs need one another: {}", quoted(&manifests[first].name));
    let mut places = Vec::new();
    while let Some((need, place)) = left(pack) {
        let (own, other) = (quoted(&manifests[pack].name), quoted(&manifests[*need].name));
        message.push_str(&format!(" needs {other}"));
        places.extend(place.map(|place| (place, format!("{own} needs {other}"))));
        pack = *need;
        if pack == first {
            break;
        }
        message.push_str(", which");
    }
    let diagnostic = Diagnostic::error(Code::Cycle, message);
    let at = |diagnostic: Diagnostic, (place, text)| diagnostic.at(place, text);
    diagnostics.push(places.into_iter().fold(diagnostic, at));
}
