//! Killed while encryption is turned on or off: whatever file is there then, the keychain has its key.
//!
//! The child, which is this binary again, converts to and fro until it is killed: by itself at a step of the keychain,
//! or by the parent at any instant.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use halyard_console::{
    Beginning, Console, Credential, Encryption, SystemClock,
    secret::{KeyStore, KeyStoreState, SecretError},
};
use halyard_mirror::Mirror;
use halyard_model::FlagKey;
use halyard_sandbox::{Config, Sandbox};

use crate::{FLAG, Place, connect};

const FOLDER: &str = "HALYARD_KILLED_FOLDER";
const KEYS: &str = "HALYARD_KILLED_KEYS";
const STEP: &str = "HALYARD_KILLED_STEP";
const WAY: &str = "HALYARD_KILLED_WAY";
/// How often the parent kills at an instant of its own choice.
const KILLS: u32 = 40;

/// A keychain that outlives its process: a file for each item.
struct FileKeys {
    folder: PathBuf,
    /// Before and after each act is a step; the process dies at this one.
    die_at: Option<usize>,
    steps: AtomicUsize,
}

impl FileKeys {
    fn in_folder(folder: &Path, die_at: Option<usize>) -> Arc<FileKeys> {
        Arc::new(FileKeys {
            folder: folder.to_owned(),
            die_at,
            steps: AtomicUsize::new(0),
        })
    }

    fn step(&self) {
        if Some(self.steps.fetch_add(1, Ordering::SeqCst)) == self.die_at {
            std::process::abort();
        }
    }
}

#[async_trait]
impl KeyStore for FileKeys {
    async fn probe(&self) -> KeyStoreState {
        KeyStoreState::Ready
    }

    async fn persist(&self, item: &str, credential: &Credential) -> Result<(), SecretError> {
        self.step();
        let unfinished = self.folder.join("unfinished");
        fs::write(&unfinished, credential.expose()).unwrap();
        fs::rename(unfinished, self.folder.join(item)).unwrap();
        self.step();
        Ok(())
    }

    async fn retrieve(&self, item: &str) -> Result<Option<Credential>, SecretError> {
        self.step();
        let kept = fs::read_to_string(self.folder.join(item)).ok();
        self.step();
        Ok(kept.map(|kept| Credential::new(&kept)))
    }

    async fn delete(&self, item: &str) -> Result<(), SecretError> {
        self.step();
        let _gone_already = fs::remove_file(self.folder.join(item));
        self.step();
        Ok(())
    }
}

/// A data folder with something in it, and its keychain.
struct Scene {
    folder: tempfile::TempDir,
    keys: tempfile::TempDir,
    place: Place,
}

impl Scene {
    async fn set() -> Scene {
        let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sandbox = Sandbox::start(Config::default()).await.unwrap();
        let store = FileKeys::in_folder(keys.path(), None);
        let (console, _) = Console::open(folder.path(), store, Arc::new(SystemClock))
            .await
            .unwrap();
        let place = connect(&console, &sandbox).await;
        console.refresh(&place.0, &place.1).await.unwrap();
        console.close().await;
        sandbox.stop().await;
        Scene { folder, keys, place }
    }

    async fn open(&self) -> (Console, Beginning) {
        let store = FileKeys::in_folder(self.keys.path(), None);
        Console::open(self.folder.path(), store, Arc::new(SystemClock))
            .await
            .unwrap()
    }

    /// Whatever the file is, it opens with what the keychain has, and all of it is there. Brings it to how the next
    /// round begins. Answers what it was, and whether a conversion had been cut off.
    async fn expect_whole(&self, next: Encryption) -> (Encryption, bool) {
        let needed = Mirror::key_needed(self.folder.path()).unwrap();
        if let Some(id) = needed {
            let item = format!("mirror-{id}");
            assert!(self.keys.path().join(&item).exists(), "{item} is nowhere");
        }
        let (console, beginning) = self.open().await;
        assert!(
            matches!(beginning, Beginning::Ready | Beginning::Unconverted),
            "{beginning:?}"
        );
        assert_eq!(console.lock(), None);
        let now = console.encryption().await.unwrap().now;
        assert_eq!(now == Encryption::On, needed.is_some());
        let flag = FlagKey(FLAG.into());
        console.flag(&self.place.0, &self.place.1, &flag).await.unwrap();
        console.set_encryption(next).await.unwrap();
        console.flag(&self.place.0, &self.place.1, &flag).await.unwrap();
        console.close().await;
        (now, beginning == Beginning::Unconverted)
    }

    fn child(&self, way: Option<Encryption>, step: Option<usize>) -> Child {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args([
                "--ignored",
                "--exact",
                "killed::convert_until_killed",
                "--nocapture",
            ])
            .env(FOLDER, self.folder.path())
            .env(KEYS, self.keys.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(step) = step {
            command.env(STEP, step.to_string());
        }
        if let Some(way) = way {
            command.env(WAY, if way == Encryption::On { "on" } else { "off" });
        }
        command.spawn().unwrap()
    }
}

/// Run again by the tests below, and killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of other tests"]
async fn convert_until_killed() {
    let (Ok(folder), Ok(keys)) = (env::var(FOLDER), env::var(KEYS)) else {
        println!("skipped: nothing of its own");
        return;
    };
    let opened_with = FileKeys::in_folder(Path::new(&keys), None);
    let step = env::var(STEP).ok().map(|step| step.parse().unwrap());
    let Ok(way) = env::var(WAY) else {
        let (console, _) = Console::open(Path::new(&folder), opened_with, Arc::new(SystemClock))
            .await
            .unwrap();
        println!("\nopen");
        loop {
            for wanted in [Encryption::On, Encryption::Off] {
                console.set_encryption(wanted).await.unwrap();
                println!("\nconverted");
            }
        }
    };
    let keys = FileKeys::in_folder(Path::new(&keys), step);
    let (console, _) = Console::open(Path::new(&folder), keys, Arc::new(SystemClock))
        .await
        .unwrap();
    let wanted = if way == "on" {
        Encryption::On
    } else {
        Encryption::Off
    };
    console.set_encryption(wanted).await.unwrap();
    println!("\nconverted");
}

/// Reads what a child says until it has said a word; whether it did.
fn says(child: &mut BufReader<std::process::ChildStdout>, word: &str) -> bool {
    child.lines().map_while(Result::ok).any(|line| line == word)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_each_step_of_the_keychain_no_file_is_without_its_key() {
    let scene = Scene::set().await;
    for (way, begins) in [
        (Encryption::On, Encryption::Off),
        (Encryption::Off, Encryption::On),
    ] {
        scene.expect_whole(begins).await;
        let mut step = 0;
        loop {
            let mut child = scene.child(Some(way), Some(step));
            let mut said = BufReader::new(child.stdout.take().unwrap());
            let ended = says(&mut said, "converted");
            child.wait().unwrap();
            let (now, _) = scene.expect_whole(begins).await;
            if ended {
                assert_eq!(now, way);
                break;
            }
            step += 1;
        }
        println!("{way:?}: killed at each of {step} steps");
        assert!(step >= 4, "{step}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_instant_no_file_is_without_its_key() {
    let scene = Scene::set().await;
    let (mut encrypted, mut cut_off) = (0, 0);
    for round in 0..KILLS {
        let mut child = scene.child(None, None);
        let mut said = BufReader::new(child.stdout.take().unwrap());
        assert!(says(&mut said, "open"));
        let began = Instant::now();
        assert!(says(&mut said, "converted") && says(&mut said, "converted"));
        // The instants are spread over there and back, however long that takes here.
        let there_and_back = began.elapsed();
        std::thread::sleep(
            there_and_back
                .mul_f64(f64::from(round) / f64::from(KILLS))
                .max(Duration::ZERO),
        );
        child.kill().unwrap();
        child.wait().unwrap();
        let (now, unconverted) = scene.expect_whole(Encryption::Off).await;
        encrypted += u32::from(now == Encryption::On);
        cut_off += u32::from(unconverted);
    }
    println!("killed {KILLS} times: {encrypted} encrypted, {cut_off} cut off while writing");
    assert!(encrypted > 0 && encrypted < KILLS && cut_off > 0);
}
