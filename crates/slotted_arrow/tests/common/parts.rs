//! The files of a save apart, to change them and to put them together again with right checksums.
#![allow(dead_code, reason = "not every test needs everything")]

use std::fs;
use std::path::Path;

use arrow_ipc::{Message, RecordBatch};
use serde_json::{Value as Json, json};
use slotted::bytemuck;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The content of the manifest, and the name and bytes of each file in its order.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) content: Json,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

fn hexadecimal(checksum: u128) -> String {
    format!("{checksum:032x}")
}

impl Parts {
    /// Takes a stream apart.
    pub(crate) fn of(stream: &[u8]) -> Self {
        let (length, rest) = stream[8..].split_first_chunk().expect("a length");
        let (manifest, mut rest) = rest.split_at(u64::from_le_bytes(*length) as usize);
        let mut manifest: Json = serde_json::from_slice(manifest).expect("JSON");
        let content = manifest["content"].take();
        let entries = ["tables", "attachments"].map(|key| content[key].as_array());
        let files = entries.into_iter().flatten().flatten().map(|entry| {
            let bytes = entry["bytes"].as_u64().expect("a number") as usize;
            let (file, others) = rest.split_at(bytes);
            rest = others;
            (entry["file"].as_str().expect("a name").to_owned(), file.to_vec())
        });
        let files = files.collect();
        Self { content, files }
    }

    pub(crate) fn tables(&self) -> usize {
        self.content["tables"].as_array().map_or(0, Vec::len)
    }

    /// Gives each file the checksums of its bytes, and the manifest those of the files.
    pub(crate) fn seal(&mut self) {
        for (number, (_, bytes)) in self.files.iter_mut().enumerate() {
            let tables = self.content["tables"].as_array().map_or(0, Vec::len);
            let (key, number) = match number.checked_sub(tables) {
                None => ("tables", number),
                Some(number) => ("attachments", number),
            };
            let entry = &mut self.content[key][number];
            entry["bytes"] = json!(bytes.len());
            if key == "attachments" {
                entry["checksum"] = json!(hexadecimal(xxh3_128(bytes)));
            } else if let Some((checksum, head)) = seal_table(bytes) {
                entry["checksum"] = json!(hexadecimal(checksum));
                entry["head"] = json!(hexadecimal(head));
            }
        }
    }

    /// Returns the manifest with its checksum.
    pub(crate) fn manifest(&self) -> Vec<u8> {
        let content = self.content.to_string();
        let checksum = hexadecimal(xxh3_128(content.as_bytes()));
        let head = r#"{"format":"slotted save","version":1"#;
        format!(r#"{head},"checksum":"{checksum}","content":{content}}}"#).into_bytes()
    }

    pub(crate) fn to_stream(&self) -> Vec<u8> {
        let manifest = self.manifest();
        let length = (manifest.len() as u64).to_le_bytes();
        let files: Vec<u8> = self.files.iter().flat_map(|(_, bytes)| bytes).copied().collect();
        [&b"SLOTTED1"[..], &length, &manifest, &files, &manifest, &length, b"SLOTTED1"].concat()
    }

    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        for (name, bytes) in &self.files {
            fs::write(folder.join(name), bytes)?;
        }
        fs::write(folder.join("manifest.json"), self.manifest())
    }
}

/// Gives the messages of an Arrow file their checksums. Returns the checksums of the file and of its beginning.
///
/// Returns `None` if the file cannot be read so far.
fn seal_table(bytes: &mut [u8]) -> Option<(u128, u128)> {
    let (mut file, mut head, mut at) = (Xxh3::new(), None, 8);
    file.update(bytes.get(..at)?);
    loop {
        let length = u32::from_le_bytes(*bytes.get(at + 4..)?.first_chunk()?) as usize;
        if length == 0 {
            break;
        }
        let (start, end) = (at + 8, at + 8 + length);
        let mut header = vec![0_u64; length.div_ceil(8)];
        let header: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut header)[..length];
        header.copy_from_slice(bytes.get(start..end)?);
        let message = arrow_ipc::root_as_message(header).ok()?;
        let body = bytes.get(end..end.checked_add(usize::try_from(message.bodyLength()).ok()?)?)?;
        let next = end + body.len();
        if let Some((place, checksum)) = checksum_of(message, header, body) {
            bytes.get_mut(start + place..start + place + 32)?.copy_from_slice(checksum.as_bytes());
        }
        file.update(&bytes[at..end]);
        head = head.or_else(|| Some(file.digest128()));
        at = next;
    }
    file.update(&bytes[at..]);
    Some((file.digest128(), head?))
}

/// Returns the place and the text of a message's checksum.
fn checksum_of(message: Message<'_>, header: &[u8], body: &[u8]) -> Option<(usize, String)> {
    let pair =
        message.custom_metadata()?.iter().find(|pair| pair.key() == Some("slotted.checksum"));
    let place =
        pair?.value().filter(|value| value.len() == 32)?.as_ptr().addr() - header.as_ptr().addr();
    let dictionary = message.header_as_dictionary_batch();
    let batch: RecordBatch<'_> = match dictionary {
        Some(dictionary) => dictionary.data()?,
        None => message.header_as_record_batch()?,
    };
    let mut checksum = Xxh3::new();
    let mut add = |number: i64| checksum.update(&number.to_le_bytes());
    add(batch.length());
    batch.nodes()?.iter().for_each(|node| {
        add(node.length());
        add(node.null_count());
    });
    batch.buffers()?.iter().for_each(|buffer| {
        add(buffer.offset());
        add(buffer.length());
    });
    if let Some(dictionary) = dictionary {
        add(dictionary.id());
    }
    checksum.update(body);
    Some((place, hexadecimal(checksum.digest128())))
}
