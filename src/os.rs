//! What the operating system is asked for beyond the standard library, all of it through safe calls.

use rustix::fs::Mode;
use rustix::time::{ClockId, clock_gettime};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// Time since the machine booted, suspends included.
pub fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Files and folders made from now on belong to this user alone.
pub fn keep_files_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Nothing of this process's memory reaches a core file, and no other process of this user may look at
/// it. From now on its own entries in `/proc` are closed to it as well.
pub fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    // Either suffices for a core file; a program that collects cores may be told of them despite the first.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Keeps what is in memory now, the root keys among it, from being written to swap space. Pages of later are
/// not bound: the memory may grow and shrink as before.
///
/// # Errors
/// If the system does not let this process lock as much as it has mapped.
pub fn keep_out_of_swap() -> io::Result<()> {
    use rustix::mm::{MlockAllFlags, mlockall};
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Memlock);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Memlock, limit);
    // Only pages that are in use: what is reserved beyond them need not be brought in.
    Ok(mlockall(MlockAllFlags::CURRENT | MlockAllFlags::ONFAULT)?)
}

/// Lets this process open as many files, and so connections, as the system allows it.
pub fn allow_many_files() {
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = limit.maximum;
    // Without it, fewer connections fit; the server says nothing and serves those.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, limit);
}

/// Bytes that this user may still write to the disk of this folder.
///
/// # Errors
/// If the system does not tell.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether this user may read and write a file; of a folder, whether it may make files in it.
pub fn may_use(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    let rights = Access::READ_OK | Access::WRITE_OK;
    access(path, if path.is_dir() { rights | Access::EXEC_OK } else { rights }).is_ok()
}

/// Whether the disk of this folder takes no writes at all, as after an error on it. Found by trying, with a file that
/// has no name: a system may not count such a disk as mounted read-only. `false` where the disk knows no such files.
pub fn is_read_only(folder: &Path) -> bool {
    use rustix::fs::OFlags;
    let nameless = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(folder, nameless, Mode::RUSR).err() == Some(rustix::io::Errno::ROFS)
}

/// The user this process runs as.
pub fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Makes a new file that only this user may read.
///
/// # Errors
/// If it exists, or cannot be made.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Puts a file in the place of another at once, so that at no time there is half of one. Only this user may
/// read it.
///
/// # Errors
/// If it cannot be written; then the old one stays.
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Gives a new file to whom another file or folder belongs, so that the server can use what root has made
/// for it.
///
/// # Errors
/// If only root may do that.
pub fn give_to_owner_of(other: &Metadata, file: &File) -> io::Result<()> {
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (other.uid(), other.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(other.uid()), Some(other.gid()))
}

/// Lets the system hold at most so many bytes that a client of this listener has not read, and as many
/// again for its own bookkeeping. By itself it would hold megabytes for each.
///
/// # Errors
/// If the system refuses.
pub fn bound_unread(listener: &TcpListener, bytes: usize) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_send_buffer_size(listener, bytes)?)
}

/// Lets as many callers wait at a door as the system allows, until they are let in. The standard library asks for
/// 128; of a crowd that comes at once, others would have to knock again after a second.
///
/// # Errors
/// If the system refuses.
pub fn let_many_wait(listener: &TcpListener) -> io::Result<()> {
    // It bounds this by itself, by its `somaxconn`.
    Ok(rustix::net::listen(listener, i32::MAX)?)
}

/// Gives a file another name, unless a file has it already.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`], or that the names cannot be changed.
pub fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // File systems that cannot do that can often do this.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            std::fs::hard_link(from, to).and_then(|()| std::fs::remove_file(from))
        }
        renamed => Ok(renamed?),
    }
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a folder durable.
///
/// # Errors
/// If the disk does not confirm it.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Reserves room on the disk for the whole length of the file.
///
/// # Errors
/// If there is no such room.
pub fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    Ok(rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes)?)
}
