//! What the fuzz targets try: the laws, which `tests/laws.rs` tries too.

pub mod laws;
