//! Writing files: one is there as a whole, or as it was before.

use std::io::{ErrorKind, Write};
use std::path::{Component, Path};

use crate::failure::Failure;

/// Writes a report through a temporary file beside it, so that nobody ever reads half of it. A device or a pipe is
/// written to as it is: nothing can take its place.
///
/// # Errors
///
/// When the path is a folder, a symbolic link or inside a `.git` folder, or when the disk refuses.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(path, bytes, "nothing was written; give --output another path")
}

/// Writes a file of the user anew, in the same way. It keeps its permissions.
///
/// # Errors
///
/// As [`write_file`].
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write(path, bytes, "the file is as it was")
}

fn write(path: &Path, bytes: &[u8], advice: &str) -> Result<(), Failure> {
    let refuse =
        |why: &str| Failure::undecided(format!("cannot write {}: {why}", path.display())).with_help(advice);
    if path
        .components()
        .any(|part| matches!(part, Component::Normal(name) if name.eq_ignore_ascii_case(".git")))
    {
        return Err(refuse("it is inside a .git folder"));
    }
    let known = path.symlink_metadata();
    match &known {
        Ok(metadata) if metadata.is_symlink() => return Err(refuse("it is a symbolic link")),
        Ok(metadata) if metadata.is_dir() => return Err(refuse("it is a folder")),
        _ => {}
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_special = known.is_ok_and(|metadata| !metadata.is_file());
    let written = if is_special { write_into(path, bytes) } else { write_through(folder, path, bytes) };
    written.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "the folder does not exist".to_owned(),
            ErrorKind::PermissionDenied => "permission denied".to_owned(),
            ErrorKind::StorageFull => "the disk is full".to_owned(),
            _ => error.to_string(),
        };
        refuse(&why)
    })
}

fn write_into(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes)
}

fn write_through(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mergegate-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any program creates a file: the umask takes its part.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Ok(existing) = path.metadata() {
        file.as_file().set_permissions(existing.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Adds to a file that others write to as well.
///
/// # Errors
///
/// When the disk refuses.
pub fn append_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| Failure::undecided(format!("cannot write to {}: {error}", path.display())))
}

/// Writes to standard output.
///
/// # Errors
///
/// When nobody reads it to the end.
pub fn write_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::undecided(format!("cannot write to standard output: {error}")))
}
