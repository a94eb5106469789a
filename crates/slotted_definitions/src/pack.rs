//! Packs: folders of definition files, their manifests, dependencies and order.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, did_you_mean, quoted, visible};
use crate::format::Format;
use crate::keys::Reading;
use crate::limits::LoadLimits;
use crate::loose::LooseFiles;
use crate::node::{Entry, Node};
use crate::progress::{Listener, LoadProgress};
use crate::source::{File, Files, Place, Span};

/// The source of the files of a pack.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Folder(PathBuf),
    /// The name of the pack, and files with their paths.
    Texts(Arc<str>, Vec<(String, String)>),
}

/// A readable file of a pack.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackFile {
    /// The position in all files.
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
    /// The current pack, and the length of its path.
    pack: usize,
    inner_path: usize,
    /// Set when the limit of files is reached.
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

    /// Reads the files of a pack and returns its name without a manifest.
    pub(super) fn read(&mut self, pack: usize, source: &Source) -> Arc<str> {
        self.pack = pack;
        match source {
            Source::Texts(name, texts) => {
                self.inner_path = name.len() + 1;
                for (path, text) in texts {
                    let shown = shown_path(name, Path::new(path));
                    match Format::of(path) {
                        Some(format) => self.add(pack, format, shown, text.as_bytes().to_vec()),
                        None => self.unknown_format(shown),
                    }
                }
                Arc::clone(name)
            }
            Source::Folder(folder) => {
                // The path as the caller gave it.
                let shown = folder.to_string_lossy().replace('\\', "/");
                let shown = shown.trim_end_matches('/');
                self.inner_path = shown.len() + 1;
                let before = (self.listed.len(), self.diagnostics.errors);
                self.folder(pack, shown, folder, Path::new(""), self.limits.folder_levels);
                if before == (self.listed.len(), self.diagnostics.errors) {
                    self.no_files(shown);
                }
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
                let message = format!("cannot read folder '{}': {why}", visible(&folder));
                return self.unreadable(shown, message);
            }
        };
        // Read in the same order on every machine.
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
                // Links could form a cycle.
                let message = "links to folders inside a pack are not followed";
                let place = self.empty(shown_path(name, &path));
                let warning = Diagnostic::warning(Code::Unreadable, message);
                self.diagnostics.push(warning.at(place, ""));
            } else if kind.is_dir() {
                if levels_left == 0 {
                    let limit = self.limits.folder_levels;
                    let shown = shown_path(name, &path);
                    self.limit(
                        shown,
                        format!("folders are nested deeper than the limit of {limit}"),
                    );
                    continue;
                }
                self.folder(pack, name, root, &path, levels_left - 1);
            } else if let Some(name_of_manifest) = miswritten_manifest(&path) {
                let message =
                    format!("the name of a manifest is '{name_of_manifest}', in lower case");
                self.unreadable(shown_path(name, &path), message);
            } else if let Some(format) = Format::of(&path) {
                if self.listed.len() >= self.limits.files {
                    let limit = self.limits.files;
                    if !std::mem::replace(&mut self.is_over, true) {
                        let shown = shown_path(name, &path);
                        self.limit(shown, format!("the packs exceed the limit of {limit} files"));
                    }
                    return;
                }
                self.file(pack, format, shown_path(name, &path), &root.join(&path));
            } else if looks_like_definitions(&path) {
                let message =
                    "the file is ignored: its name must end in .json, .toml, .ron or .yaml";
                let place = self.empty(shown_path(name, &path));
                let warning = Diagnostic::warning(Code::Unreadable, message);
                self.diagnostics.push(warning.at(place, ""));
            }
        }
    }

    fn file(&mut self, pack: usize, format: Format, shown: Arc<str>, path: &Path) {
        let limit = self.limits.file_bytes.min(self.limits.all_bytes.saturating_sub(self.bytes));
        let bytes = fs::metadata(path).and_then(|kind| {
            // Reading a pipe would block.
            if !kind.is_file() {
                return Err(std::io::Error::other("it is not a regular file"));
            }
            let file = fs::File::open(path)?;
            // The length in the metadata can be wrong.
            let mut bytes = Vec::with_capacity(kind.len().min(limit + 1) as usize);
            file.take(limit + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        match bytes {
            Ok(bytes) if bytes.len() as u64 > limit => {
                let most = self.limits.file_bytes;
                self.limit(
                    shown,
                    match limit == most {
                        true => format!("the file exceeds the limit of {most} bytes"),
                        false => {
                            let most = self.limits.all_bytes;
                            format!("all files together exceed the limit of {most} bytes")
                        }
                    },
                );
            }
            Ok(bytes) => self.add(pack, format, shown, bytes),
            Err(error) => {
                let why = why_unreadable(&error);
                self.unreadable(shown, format!("cannot read the file: {why}"));
            }
        }
    }

    fn add(&mut self, pack: usize, format: Format, shown: Arc<str>, mut bytes: Vec<u8>) {
        if bytes.len() as u64 > self.limits.file_bytes {
            let most = self.limits.file_bytes;
            return self.limit(shown, format!("the file exceeds the limit of {most} bytes"));
        }
        self.bytes += bytes.len() as u64;
        let file = self.files.0.len() as u32;
        let files = self.files.0.len() + 1;
        self.listener.tell(LoadProgress::Reading { files, bytes: self.bytes });
        // Skip a byte order mark.
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.push(shown, text.into());
                self.listed.push(PackFile { file, pack, format });
            }
            Err(error) => {
                let (at, bytes) = (error.utf8_error().valid_up_to(), error.into_bytes());
                let text = String::from_utf8_lossy(&bytes).into_owned();
                // A UTF-16 file contains its names with zeros between the letters.
                self.diagnostics.unread.add(&text.replace('\0', ""));
                self.push(shown, text.into());
                let place = Place { file, span: Span::new(at, at + 1) };
                let byte = bytes.get(at).copied().unwrap_or_default();
                let message = match &*bytes {
                    [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16, not UTF-8",
                    _ => "the file is not UTF-8",
                };
                self.diagnostics.push(
                    Diagnostic::error(Code::Syntax, message)
                        .at(place, format!("byte 0x{byte:02x} is not valid UTF-8"))
                        .help("save the file with the encoding UTF-8"),
                );
            }
        }
    }

    fn push(&mut self, shown: Arc<str>, text: Box<str>) {
        self.files.0.push(File::new(shown, text).of_pack(self.pack, self.inner_path));
    }

    /// Adds a file without text.
    fn empty(&mut self, shown: Arc<str>) -> Place {
        let file = self.files.0.len() as u32;
        self.push(shown, "".into());
        Place { file, span: Span::default() }
    }

    fn limit(&mut self, shown: Arc<str>, message: String) {
        self.diagnostics.unread.add("");
        let place = self.empty(shown);
        self.diagnostics.push(Diagnostic::error(Code::Limit, message).at(place, ""));
    }

    fn unreadable(&mut self, shown: Arc<str>, message: String) {
        self.diagnostics.unread.add("");
        let place = self.empty(shown);
        self.diagnostics.push(Diagnostic::error(Code::Unreadable, message).at(place, ""));
    }

    fn no_files(&mut self, folder: &str) {
        let message = format!("folder '{}' contains no definition files", visible(folder));
        let place = self.empty(folder.into());
        let diagnostic = Diagnostic::error(Code::Unreadable, message).at(place, "");
        self.diagnostics
            .push(diagnostic.help("their names must end in .json, .toml, .ron or .yaml"));
    }

    fn unknown_format(&mut self, shown: Arc<str>) {
        let message =
            "unknown file format: the name must end in .json, .toml, .ron or .yaml".to_owned();
        self.unreadable(shown, message);
    }
}

/// Describes common errors in the same words on every machine.
fn why_unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// Returns the path for messages, with the same separators on every machine.
fn shown_path(pack: &str, path: &Path) -> Arc<str> {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let parts: Vec<_> = std::iter::once(pack.into()).chain(parts).collect();
    parts.join("/").into()
}

/// Returns whether the name suggests definitions: `units.toml.txt`.
fn looks_like_definitions(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| Format::of(stem).is_some())
}

/// The manifest of a pack: `pack.json`, `pack.toml`, `pack.ron` or `pack.yaml`.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    pub(super) name: Arc<str>,
    pub(super) version: Option<Arc<str>>,
    /// The place of the name, or of the manifest.
    place: Option<Place>,
    requires: Vec<(Arc<str>, Place)>,
    /// Packs that come first if they are there.
    after: Vec<(Arc<str>, Place)>,
    /// Files of objects that are no definition files.
    pub(super) objects: LooseFiles,
}

/// Returns whether the file is the manifest of its pack.
pub(super) fn is_manifest(files: &Files, file: PackFile) -> bool {
    is_manifest_name(files.0[file.file as usize].inner_path())
}

/// Returns the inner folder of which the file is the manifest.
pub(super) fn inner_pack(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    is_manifest_name(name).then_some(folder)
}

fn is_manifest_name(name: &str) -> bool {
    name.strip_prefix("pack.").is_some_and(|ending| !ending.contains(['.', '/']))
}

/// Returns the name of a manifest that a file would have in lower case.
fn miswritten_manifest(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    let lower = name.to_lowercase();
    (lower != *name && is_manifest_name(&lower) && Format::of(path).is_some()).then_some(lower)
}

const KEYS: [&str; 6] = ["name", "version", "doc", "requires", "after", "objects"];

impl Manifest {
    pub(super) fn nameless(folder: Arc<str>) -> Self {
        Self { name: folder, ..Self::default() }
    }

    /// Reads the manifest; a second one is an error.
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
        let Some(map) = reading.map(root, "a pack manifest", "a map") else { return };
        for entry in reading.once(map, "the manifest") {
            match &*entry.name {
                "name" => {
                    if let Some(name) = reading.text(&entry.value, "a pack name") {
                        self.name = name.into();
                        self.place = Some(reading.place(entry.value.span));
                    }
                }
                "version" => {
                    self.version = reading.text(&entry.value, "'version'").map(Into::into);
                }
                "doc" => _ = reading.text(&entry.value, "'doc'"),
                "requires" => self.requires = packs(&mut reading, entry),
                "after" => self.after = packs(&mut reading, entry),
                "objects" => self.objects = LooseFiles::read(&mut reading, entry),
                _ => {
                    let help = match &*entry.name {
                        "title" | "id" => Some("use 'name' instead"),
                        "depends" | "dependencies" => Some("use 'requires' instead"),
                        "author" | "authors" | "description" => Some("put it in 'doc'"),
                        "schemas" | "records" | "patches" => {
                            Some("definitions go in the other files of the pack")
                        }
                        _ => None,
                    };
                    reading.unknown(entry, "a pack manifest", &KEYS, help);
                }
            }
        }
    }
}

fn packs(reading: &mut Reading<'_>, entry: &Entry<'_>) -> Vec<(Arc<str>, Place)> {
    let list =
        reading.list(&entry.value, &quoted(&entry.name), "a list of names").unwrap_or_default();
    let name = |node| {
        let name = reading.text(node, "a pack name")?;
        Some((name.into(), reading.place(node.span)))
    };
    list.iter().filter_map(name).collect()
}

/// Returns the load order: the order of the loader, but each pack after its dependencies.
///
/// The second list has the dependencies of each pack, all as positions in the load order.
pub(super) fn order(
    manifests: &[Manifest],
    diagnostics: &mut Diagnostics,
) -> (Vec<usize>, Vec<Vec<usize>>) {
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
    let mut positions = vec![0; manifests.len()];
    order.iter().enumerate().for_each(|(position, pack)| positions[*pack] = position);
    let listed = |pack: &usize| needs[*pack].iter().map(|(need, _)| positions[*need]).collect();
    let listed = order.iter().map(listed).collect();
    (order, listed)
}

fn by_name(manifests: &[Manifest], diagnostics: &mut Diagnostics) -> HashMap<Arc<str>, usize> {
    let mut names = HashMap::new();
    for (number, manifest) in manifests.iter().enumerate() {
        let Some(other) = names.insert(Arc::clone(&manifest.name), number) else { continue };
        let message = format!("two packs are named {}", quoted(&manifest.name));
        let mut diagnostic = Diagnostic::error(Code::Conflict, message)
            .help("rename one of them in its manifest, or load only one");
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
    if diagnostics.holds_back(name) {
        return;
    }
    let suggestion = diagnostics.nearest(name, names.keys());
    let (own, end) = (quoted(&manifest.name), did_you_mean(suggestion.as_deref()));
    let message = format!("pack {own} requires pack {}, which is not loaded{end}", quoted(name));
    let diagnostic = Diagnostic::error(Code::MissingPack, message)
        .at(place, "not loaded")
        .suggest(suggestion)
        .help("load that pack too; if it is optional, list it under 'after' instead");
    diagnostics.push(diagnostic);
}

/// Reports packs that depend on one another.
fn report_cycle(
    manifests: &[Manifest],
    needs: &[Vec<(usize, Option<Place>)>],
    is_placed: &[bool],
    diagnostics: &mut Diagnostics,
) {
    // Each remaining pack depends on another one: enough steps lead into the cycle.
    let left = |pack: usize| needs[pack].iter().find(|(need, _)| !is_placed[*need]);
    let Some(mut pack) = is_placed.iter().position(|is_placed| !is_placed) else { return };
    for _ in 0..needs.len() {
        pack = left(pack).map_or(pack, |(need, _)| *need);
    }
    let first = pack;
    if let Some((_, Some(place))) = left(first).filter(|(need, _)| *need == first) {
        let message = format!("pack {} depends on itself", quoted(&manifests[first].name));
        return diagnostics
            .push(Diagnostic::error(Code::Cycle, message).at(*place, "depends on itself"));
    }
    let mut message = format!("packs depend on one another: {}", quoted(&manifests[first].name));
    let mut places = Vec::new();
    while let Some((need, place)) = left(pack) {
        let (own, other) = (quoted(&manifests[pack].name), quoted(&manifests[*need].name));
        message.push_str(&format!(" depends on {other}"));
        places.extend(place.map(|place| (place, format!("{own} depends on {other}"))));
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
