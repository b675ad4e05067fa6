//! What was unpacked already. Git keeps a version of a file as the difference to another version, and that to a third: to
//! read two versions of a file, or two files that are alike, is mostly to unpack the same.

use gix::objs::Kind;
use gix::odb::pack::cache::DecodeEntry;
use rustc_hash::FxHashMap;

/// How many bytes are kept for one thread.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Unpacked objects by their pack and their place in it.
#[derive(Default)]
pub(super) struct Bases {
    known: FxHashMap<(u32, u64), Base>,
    bytes: usize,
}

struct Base {
    data: Vec<u8>,
    kind: Kind,
    compressed_size: usize,
}

impl DecodeEntry for Bases {
    /// Where there is no more room, what was kept before is of files that were read long ago.
    fn put(&mut self, pack: u32, offset: u64, data: &[u8], kind: Kind, compressed_size: usize) {
        if data.len() > MOST_BYTES / 4 {
            return;
        }
        if self.bytes + data.len() > MOST_BYTES {
            *self = Bases::default();
        }
        self.bytes += data.len();
        let before = self.known.insert((pack, offset), Base { data: data.to_vec(), kind, compressed_size });
        self.bytes -= before.map_or(0, |base| base.data.len());
    }

    fn get(&mut self, pack: u32, offset: u64, out: &mut Vec<u8>) -> Option<(Kind, usize)> {
        let base = self.known.get(&(pack, offset))?;
        out.clear();
        out.extend_from_slice(&base.data);
        Some((base.kind, base.compressed_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(bases: &mut Bases, offset: u64) -> Option<Vec<u8>> {
        let mut out = b"of another".to_vec();
        bases.get(1, offset, &mut out).map(|_| out)
    }

    #[test]
    fn what_was_unpacked_is_known_by_pack_and_place() {
        let mut bases = Bases::default();
        bases.put(1, 7, b"text", Kind::Blob, 3);
        let mut out = Vec::new();
        assert_eq!(bases.get(1, 7, &mut out), Some((Kind::Blob, 3)));
        assert_eq!(out, b"text");
        assert_eq!(bases.get(2, 7, &mut out), None);
        assert_eq!(bases.get(1, 8, &mut out), None);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut bases = Bases::default();
        let part = vec![0; MOST_BYTES / 4];
        for offset in 0..4 {
            bases.put(1, offset, &part, Kind::Blob, 0);
        }
        assert_eq!(kept(&mut bases, 0), Some(part.clone()));
        bases.put(1, 4, b"more", Kind::Blob, 0);
        assert_eq!(kept(&mut bases, 0), None);
        assert_eq!(kept(&mut bases, 4), Some(b"more".to_vec()));
        bases.put(1, 5, &[&part[..], b"!"].concat(), Kind::Blob, 0);
        assert_eq!(kept(&mut bases, 5), None);
    }

    #[test]
    fn the_same_again_takes_no_more_room() {
        let mut bases = Bases::default();
        for _ in 0..1_000 {
            bases.put(1, 7, &[0; 8192], Kind::Blob, 0);
            assert!(bases.bytes <= 8192);
        }
    }
}
