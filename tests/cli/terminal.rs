//! A real pseudo-terminal with the program in it, and a pair of hands.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a test waits for what should happen soon.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Terminal {
    hands: File,
    screen: Arc<Mutex<Vec<u8>>>,
    child: Child,
    /// Reads until nobody is left at the other end.
    reader: JoinHandle<()>,
    /// How much of the screen was already looked at.
    seen: usize,
}

impl Terminal {
    /// Starts this command in a terminal of its own. The command begins with `setsid`, which makes the
    /// terminal its own.
    pub fn start(command: &Command) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
        let slave = File::options().read(true).write(true).open(name).expect("the other end");
        let mut inside = Command::new("setsid");
        assert_eq!(command.get_program(), "setsid");
        inside.args(["--ctty", "--wait"]).args(command.get_args()).env_clear().env("TERM", "xterm");
        inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        inside.current_dir(command.get_current_dir().expect("a folder"));
        let end = || slave.try_clone().expect("the other end");
        let child = inside.stdin(end()).stdout(end()).stderr(end()).spawn().expect("it runs");
        let hands = File::from(master);
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut eyes, shared) = (hands.try_clone().expect("eyes"), Arc::clone(&screen));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Once nobody is left at the other end, reading fails.
            while let Ok(count @ 1..) = eyes.read(&mut bytes) {
                shared.lock().expect("a screen").extend_from_slice(&bytes[..count]);
            }
        });
        Self { hands, screen, child, reader, seen: 0 }
    }

    /// All that was ever on the screen.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().expect("a screen")).into_owned()
    }

    /// Waits until this shows up after what was last waited for.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if let Some(position) = screen[self.seen..].find(text) {
                self.seen += position + text.len();
                return;
            }
            assert!(Instant::now() < deadline, "no {text:?} on {screen:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types, without a return.
    pub fn press(&mut self, keys: &str) {
        self.hands.write_all(keys.as_bytes()).expect("typed");
    }

    /// Types a line.
    pub fn line(&mut self, text: &str) {
        self.press(&format!("{text}\n"));
    }

    /// Whether what is typed appears.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.hands).expect("its modes").local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end, and returns the exit code.
    #[track_caller]
    pub fn end(&mut self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.child.try_wait().expect("a status");
            // What was written last may still be on its way to the screen.
            if let Some(status) = status.filter(|_| self.reader.is_finished()) {
                return status.code().expect("an exit code");
            }
            assert!(Instant::now() < deadline, "it does not end: {:?}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
