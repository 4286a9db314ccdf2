//! Opens the window and finds things in it as a person would: by what they are
//! and what they are called.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, error::CmdError, wd::Capabilities};
use halyard_sandbox::Running;
use serde_json::json;
use tempfile::TempDir;

/// How long anything may take to appear. Generous: the machine may be busy,
/// and nothing waits longer than it has to.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the window finds a keychain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keychain {
    /// The one of the session `make e2e` makes.
    Real,
    /// None answers.
    Absent,
}

/// An open window with a data folder of its own.
pub struct Window {
    /// The browser's side of it.
    pub client: Client,
    driver: Child,
    folder: TempDir,
}

impl Window {
    /// Opens the window on an empty data folder.
    pub async fn open(keychain: Keychain) -> Window {
        Window::open_on(tempfile::tempdir().unwrap(), keychain).await
    }

    /// Opens the window on a data folder.
    pub async fn open_on(folder: TempDir, keychain: Keychain) -> Window {
        Window::open_with(folder, keychain, &[]).await
    }

    /// Opens the window on a data folder, with arguments, as a double click on
    /// a file gives them.
    pub async fn open_with(folder: TempDir, keychain: Keychain, arguments: &[&Path]) -> Window {
        let port = free_port();
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("HALYARD_DATA_DIR", folder.path())
            .env("HALYARD_EXPORT_DIR", folder.path().join("exports"))
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if keychain == Keychain::Absent {
            command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
        }
        let driver = command
            .spawn()
            .expect("WebKitWebDriver starts: `make e2e` installs it");
        let client = connect(port, arguments).await;
        Window {
            client,
            driver,
            folder,
        }
    }

    /// Ends the program, as logging out does, and leaves its data folder.
    pub async fn close(mut self) -> TempDir {
        // The driver closes the page alone, and the program has its folder
        // open until it has ended. One that is gone already is as closed.
        let _closed = self.client.clone().close().await;
        let programs = self.programs();
        let _told = self.signal("-TERM");
        let started = Instant::now();
        // Who has ended and is not yet reaped has no file any more.
        while programs
            .iter()
            .any(|id| fs::read_link(format!("/proc/{id}/exe")).is_ok())
        {
            assert!(started.elapsed() < PATIENCE, "the program does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let _stopped = self.driver.kill();
        let _reaped = self.driver.wait();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// The processes that the driver started: the program.
    fn programs(&self) -> Vec<String> {
        let parent = self.driver.id().to_string();
        let listed = Command::new("pgrep").args(["-P", &parent]).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        listed.lines().map(str::to_owned).collect()
    }

    fn signal(&self, signal: &str) -> bool {
        let parent = self.driver.id().to_string();
        let sent = Command::new("pkill").args([signal, "-P", &parent]).status();
        sent.is_ok_and(|status| status.success())
    }

    /// Kills the program at once, as a crash does, and leaves its data folder.
    pub fn kill(mut self) -> TempDir {
        assert!(self.signal("-KILL"), "there is a program to kill");
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for something with a role and an accessible name.
    pub async fn find(&self, role: &str, name: &str) -> Element {
        self.wait(&by_role(role, name), &format!("{role} \"{name}\""))
            .await
    }

    /// Waits for an element that holds a text.
    pub async fn text(&self, text: &str) -> Element {
        let path = format!(
            "//body//*[contains(normalize-space(.), {0}) and not(.//*[contains(normalize-space(.), {0})])]",
            quoted(text)
        );
        self.wait(&path, &format!("the text \"{text}\"")).await
    }

    /// Brings something with a role and a name into the middle, as a person
    /// scrolls to it, and clicks it.
    pub async fn click(&self, role: &str, name: &str) {
        let started = Instant::now();
        loop {
            let element = self.find(role, name).await;
            let Err(error) = self.bring_and_click(element).await else {
                return;
            };
            if started.elapsed() > PATIENCE {
                self.picture("failure").await;
                panic!("{role} \"{name}\" takes no click: {error:?}");
            }
            // Moving or covered for a moment: a person would try again.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn bring_and_click(&self, element: Element) -> Result<(), CmdError> {
        let script = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})";
        let handle = serde_json::to_value(&element)?;
        self.client.execute(script, vec![handle]).await?;
        element.click().await
    }

    /// From the first page: types an address and a key, and has them checked.
    pub async fn connect_flagsmith(&self, address: &str, key: &str) {
        self.click("button", "Connect Flagsmith").await;
        self.click("radio", "Own address").await;
        self.fill("Address", address).await;
        self.fill("Key", key).await;
        self.click("button", "Check").await;
    }

    /// Opens the window, connects it to a sandbox's Flagsmith and goes to an
    /// environment.
    pub async fn connected(sandbox: &Running, environment: &str) -> Window {
        let window = Window::open(Keychain::Real).await;
        let announcement = sandbox.announcement();
        window
            .connect_flagsmith(
                announcement.flagsmith_text("url"),
                announcement.flagsmith_text("api_key"),
            )
            .await;
        window.click("button", "Save").await;
        window.click("button", environment).await;
        window
    }

    /// Replaces what stands in a field.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.find("textbox", name).await;
        field.click().await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Waits until an attribute of something has a value.
    pub async fn until(&self, role: &str, name: &str, attribute: &str, value: &str) {
        let started = Instant::now();
        loop {
            let seen = self.find(role, name).await.attr(attribute).await.ok().flatten();
            if seen.as_deref() == Some(value) {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{role} \"{name}\" has {attribute}={seen:?}, not {value}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits for what an XPath finds.
    pub async fn wait_path(&self, path: &str) -> Element {
        self.wait(path, path).await
    }

    /// Chooses the option of a select whose text begins so.
    pub async fn choose(&self, name: &str, option: &str) {
        let path = format!(
            "//select[@aria-label={0} or @id=//label[normalize-space(.)={0}]/@for]/option[starts-with(normalize-space(.), {1})]",
            quoted(name),
            quoted(option)
        );
        self.wait_path(&path).await.click().await.unwrap();
    }

    /// Waits until something no longer is what it was.
    pub async fn changed(&self, read: impl AsyncFn() -> String, before: &str) {
        let started = Instant::now();
        while read().await == before {
            assert!(started.elapsed() < PATIENCE, "it stays {before:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until nothing is found by an XPath any more.
    pub async fn vanished(&self, path: &str) {
        let started = Instant::now();
        while !self
            .client
            .find_all(Locator::XPath(path))
            .await
            .unwrap()
            .is_empty()
        {
            if started.elapsed() > PATIENCE {
                self.picture("failure").await;
                panic!("{path} stays");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until something outside the window is what it should be.
    pub async fn changed_to<T: PartialEq + std::fmt::Debug>(&self, read: impl Fn() -> T, wanted: &T) {
        let started = Instant::now();
        while read() != *wanted {
            if started.elapsed() > PATIENCE {
                self.picture("failure").await;
                panic!("it is {:?}, not {wanted:?}", read());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everything the window holds, as text: the whole document and the values
    /// of its fields.
    pub async fn content(&self) -> String {
        let script = "return document.documentElement.outerHTML + '\\n' \
                      + Array.from(document.querySelectorAll('input, textarea')).map(f => f.value).join('\\n')";
        self.client
            .execute(script, Vec::new())
            .await
            .unwrap()
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Keeps a picture for people under `target/journeys`.
    pub async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/journeys");
        fs::create_dir_all(&folder).unwrap();
        // The picture is of the display: WebKit's own never comes while nothing
        // on the page moves. The pause lets what comes in arrive; no assertion
        // depends on it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let path = folder.join(format!("{name}.png"));
        let taken = Command::new("import")
            .args(["-window", "root"])
            .arg(&path)
            .status();
        assert!(
            taken.is_ok_and(|status| status.success()),
            "ImageMagick takes the picture"
        );
        println!("picture: target/journeys/{name}.png");
    }

    /// Keeps a picture in each theme, whichever is chosen in Settings.
    pub async fn in_both_themes(&self, name: &str) {
        for theme in ["dark", "light"] {
            let script = format!("document.documentElement.dataset.theme = '{theme}'");
            self.client.execute(&script, Vec::new()).await.unwrap();
            self.drawn().await;
            self.picture(&format!("{name}-{theme}")).await;
        }
    }

    /// Waits until what was changed is drawn: two frames, the first of which may have begun before.
    async fn drawn(&self) {
        let script = "const done = arguments[arguments.length - 1]; \
                      requestAnimationFrame(() => requestAnimationFrame(() => done(null)));";
        self.client.execute_async(script, Vec::new()).await.unwrap();
    }

    async fn wait(&self, path: &str, what: &str) -> Element {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(path))
            .await;
        match found {
            Ok(element) => element,
            Err(error) => {
                self.picture("failure").await;
                panic!("{what} did not appear: {error}");
            }
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Also after a failed assertion. The program goes first: it would go on
        // without its driver.
        let _killed = self.signal("-KILL");
        let _stopped = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}

async fn connect(port: u16, arguments: &[&Path]) -> Client {
    let mut capabilities = Capabilities::new();
    capabilities.insert(
        "webkitgtk:browserOptions".into(),
        json!({"binary": binary(), "args": arguments}),
    );
    let connector = hyper_util::client::legacy::connect::HttpConnector::new();
    let started = Instant::now();
    loop {
        let attempt = ClientBuilder::new(connector.clone())
            .capabilities(capabilities.clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await;
        match attempt {
            Ok(client) => return client,
            Err(error) if started.elapsed() > PATIENCE => panic!("the window did not open: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn binary() -> PathBuf {
    env::var_os("HALYARD_BINARY").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_halyard")), PathBuf::from)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// An XPath for a role and an accessible name, as far as the window's own
/// markup needs: a label, the text itself without its key caps, or an
/// associated `<label>`.
fn by_role(role: &str, name: &str) -> String {
    let name = quoted(name);
    let element = match role {
        "button" => "(self::button and not(@role)) or @role='button'".to_owned(),
        "textbox" => "(self::input and not(@type='checkbox' or @type='radio')) or self::textarea or @role='textbox' or @role='combobox' or @role='searchbox'".to_owned(),
        "checkbox" => "(self::input and @type='checkbox') or @role='checkbox'".to_owned(),
        "radio" => "(self::input and @type='radio') or @role='radio'".to_owned(),
        "heading" => "self::h1 or self::h2 or self::h3".to_owned(),
        other => format!("@role='{other}'"),
    };
    format!(
        "//*[({element}) and (@aria-label={name} or normalize-space(.)={name} or (.//kbd and starts-with(normalize-space(.), concat({name}, ' '))) or @id=//label[normalize-space(.)={name}]/@for or ancestor::label[contains(normalize-space(.), {name})])]"
    )
}

fn quoted(text: &str) -> String {
    if text.contains('\'') {
        format!("\"{text}\"")
    } else {
        format!("'{text}'")
    }
}
