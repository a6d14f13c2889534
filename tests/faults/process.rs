//! What other processes of the same user, a crash and the swap space get to see of a running server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A user without any rights; whoever is not root stays who they are.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    tellonce::os::user_id() == 0
}

/// A command that runs without root's rights, which open everything.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// A folder and a copy of the program that the unprivileged user may use.
fn place() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("opened");
    let program = folder.path().join("tellonce");
    fs::copy(env!("CARGO_BIN_EXE_tellonce"), &program).expect("a copy");
    (folder, program)
}

/// The server in the hands of that user, ready.
struct Running {
    child: Child,
    folder: TempDir,
}

impl Running {
    fn start() -> Self {
        Self::start_by(unprivileged)
    }

    /// In the hands of whoever runs the tests.
    fn start_as_is() -> Self {
        Self::start_by(|program| Command::new(program))
    }

    fn start_by(command: impl Fn(&Path) -> Command) -> Self {
        let (folder, program) = place();
        let told = folder.path().join("told");
        let file = fs::File::create(&told).expect("a file");
        fs::set_permissions(&told, fs::Permissions::from_mode(0o666)).expect("opened");
        let mut command = command(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--ready-fd", "1", "--data", "data"]);
        command.current_dir(&folder).stdin(Stdio::null()).stdout(file).stderr(Stdio::null());
        let child = command.spawn().expect("it starts");
        let running = Self { child, folder };
        soon("the server is ready", || running.address().is_some());
        running
    }

    fn address(&self) -> Option<String> {
        let told = fs::read_to_string(self.folder.path().join("told")).expect("a file");
        told.trim_end().strip_prefix("http://").map(str::to_owned)
    }

    /// A line of a file about the process that begins so.
    fn line(&self, file: &str, start: &str) -> Vec<String> {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("readable by all");
        let line = text.lines().find(|line| line.starts_with(start)).expect("a line");
        line[start.len()..].split_whitespace().map(str::to_owned).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn soon(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process of the same user may look into the memory of this one: opening this file takes the same
/// leave as attaching a debugger.
fn may_look_into(id: u32) -> bool {
    let mut head = unprivileged(Path::new("/usr/bin/head"));
    let tried = head.args(["-c", "0", &format!("/proc/{id}/mem")]).stderr(Stdio::null()).status();
    tried.expect("head runs").success()
}

#[test]
fn a_process_of_the_same_user_may_not_look_into_the_server() {
    let server = Running::start();
    assert!(!may_look_into(server.child.id()));
    // A program that does not defend itself is open, unless the system closes all of them.
    let mut sleep = unprivileged(Path::new("/bin/sleep")).arg("60").spawn().expect("it runs");
    let is_open = may_look_into(sleep.id());
    sleep.kill().expect("killed");
    let _ = sleep.wait();
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    assert!(is_open || !matches!(scope.trim(), "" | "0"), "the test would not see an open process");
}

#[test]
fn the_server_leaves_no_core_and_its_files_are_its_users_alone() {
    let mut server = Running::start();
    assert_eq!(server.line("limits", "Max core file size")[..2], ["0", "0"]);
    assert_eq!(server.line("status", "Umask:"), ["0077"]);
    let data = server.folder.path().join("data");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in fs::read_dir(&data).expect("a folder") {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    // The first is taken for a full stack, and looked into.
    let id = server.child.id().to_string();
    let status = loop {
        let sent = Command::new("kill").args(["-SEGV", &id]).status();
        assert!(sent.expect("kill runs").success());
        std::thread::sleep(Duration::from_millis(50));
        if let Some(status) = server.child.try_wait().expect("a status") {
            break status;
        }
    };
    assert!(status.signal().is_some() && !status.core_dumped(), "{status:?}");
}

#[test]
fn the_keys_are_kept_out_of_swap_where_the_limit_allows_it_and_a_low_limit_stops_nothing() {
    let locked = |running: &Running| running.line("status", "VmLck:")[0].parse::<u64>().expect("a number");
    let limited = Running::start();
    let mapped: u64 = limited.line("status", "VmSize:")[0].parse().expect("a number");
    let most = limited.line("limits", "Max locked memory")[1].parse::<u64>().unwrap_or(u64::MAX);
    assert_eq!(locked(&limited) > 0, most / 1024 > mapped);
    if is_root() {
        // Root may lock more than its limit.
        assert!(locked(&Running::start_as_is()) > 0);
    }
}
