//! The disk as the journal sees it, one folder of files that only grow; and the real one.
//!
//! An operation that fails may have happened in part. What was appended is durable only when a sync
//! after it returned without an error; after a sync that failed, another that succeeds proves nothing.

use crate::private_file::{create_folder, sync_folder};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One folder of files that only grow.
pub trait Disk: Send {
    /// The names of the files that are there, in any order; that they are there is durable.
    ///
    /// # Errors
    /// What the system says.
    fn list(&mut self) -> io::Result<Vec<String>>;

    /// Reads a file from its beginning.
    ///
    /// # Errors
    /// What the system says.
    fn read(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>>;

    /// Makes an empty file; that it is there is durable.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::AlreadyExists`] where the name is taken.
    fn create(&mut self, name: &str) -> io::Result<()>;

    /// Adds to the end of a file.
    ///
    /// # Errors
    /// What the system says; a part may have been added.
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes what a file holds durable.
    ///
    /// # Errors
    /// What the system says; what was appended since the last sync may then be lost for good.
    fn sync(&mut self, name: &str) -> io::Result<()>;

    /// Removes a file; that it is gone is durable.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&mut self, name: &str) -> io::Result<()>;
}

impl Disk for Box<dyn Disk> {
    fn list(&mut self) -> io::Result<Vec<String>> {
        (**self).list()
    }

    fn read(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        (**self).read(name)
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        (**self).create(name)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        (**self).append(name, bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        (**self).sync(name)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        (**self).remove(name)
    }
}

/// Where the journals are: each partition opens the disk for itself.
#[derive(Clone)]
pub struct Shelf {
    path: PathBuf,
    open: Arc<OpenDisk>,
}

type OpenDisk = dyn Fn(&Path) -> io::Result<Box<dyn Disk>> + Send + Sync;

impl Shelf {
    /// A folder of the file system.
    pub fn folder(path: PathBuf) -> Self {
        Self { path, open: Arc::new(|path| Ok(Box::new(FolderDisk::open(path)?))) }
    }

    /// Another disk.
    pub fn other(open: impl Fn() -> Box<dyn Disk> + Send + Sync + 'static) -> Self {
        Self { path: PathBuf::from("another disk"), open: Arc::new(move |_| Ok(open())) }
    }

    /// Opens it once more.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(&self) -> io::Result<Box<dyn Disk>> {
        (self.open)(&self.path)
    }

    /// Its name, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A folder of the file system: mode 0700, files 0600.
#[derive(Debug)]
pub struct FolderDisk {
    folder: PathBuf,
    /// The file that is written to now.
    open: Option<(String, File)>,
}

impl FolderDisk {
    /// Opens a folder, and makes it where it is not there.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(folder: &Path) -> io::Result<Self> {
        match create_folder(folder) {
            Ok(()) => folder.parent().map_or(Ok(()), sync_folder)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        Ok(Self { folder: folder.into(), open: None })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn writing(&mut self, name: &str) -> io::Result<&mut File> {
        let open = match self.open.take() {
            Some((open, file)) if open == name => (open, file),
            _ => (name.to_owned(), OpenOptions::new().append(true).open(self.path(name))?),
        };
        Ok(&mut self.open.insert(open).1)
    }
}

impl Disk for FolderDisk {
    fn list(&mut self) -> io::Result<Vec<String>> {
        sync_folder(&self.folder)?;
        fs::read_dir(&self.folder)?
            .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn read(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(self.path(name))?))
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        if let Err(error) = sync_folder(&self.folder) {
            // An empty file that may come or go is of no use; the error is what counts.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        self.open = Some((name.to_owned(), file));
        Ok(())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.writing(name)?.write_all(bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        match &self.open {
            Some((open, file)) if open == name => file.sync_data(),
            // Not opened for writing: a disk may be read-only when a node starts.
            _ => File::open(self.path(name))?.sync_data(),
        }
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.open.take_if(|(open, _)| open == name);
        fs::remove_file(self.path(name))?;
        sync_folder(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn content(disk: &mut FolderDisk, name: &str) -> Vec<u8> {
        let mut content = Vec::new();
        disk.read(name).unwrap().read_to_end(&mut content).unwrap();
        content
    }

    #[test]
    fn files_grow_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = FolderDisk::open(&folder.path().join("journal")).unwrap();
        disk.create("a").unwrap();
        disk.append("a", b"one ").unwrap();
        disk.create("b").unwrap();
        disk.append("a", b"two").unwrap();
        disk.sync("a").unwrap();
        disk.sync("b").unwrap();
        assert_eq!(content(&mut disk, "a"), b"one two");
        assert_eq!(disk.create("a").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        disk.remove("a").unwrap();
        assert_eq!(disk.list().unwrap(), ["b"]);
        assert!(disk.append("a", b"three").is_err());
    }

    #[test]
    fn only_the_owner_may_look() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut disk = FolderDisk::open(&path).unwrap();
        disk.create("a").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("a")), 0o600);
        FolderDisk::open(&path).unwrap();
    }
}
