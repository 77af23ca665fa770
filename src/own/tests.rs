//! What is read of a machine, and what is not.

use super::*;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> &Home {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn machine(&self) -> Machine {
        let (home, top) = (Some(self.0.path().join("home")), Some(self.0.path().join("repo")));
        Machine { home, config: None, data: None, cache: None, top }
    }

    fn load(&self, off: &[&str]) -> OwnKeys {
        let off: Vec<String> = off.iter().map(|name| (*name).to_owned()).collect();
        // What the developer exports is none of this test's business.
        OwnKeys::load(&self.machine(), &[&off[..], &["exported".to_owned()]].concat(), &[])
    }
}

/// A value that nobody wrote; another for each seed.
fn key(seed: u64) -> String {
    let digest = <sha2::Sha256 as sha2::Digest>::digest(seed.to_le_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_source_is_read_and_can_be_switched_off() {
    let home = Home::new();
    home.write("repo/.env", &format!("A_KEY={}\n", key(0)));
    for (index, (source, place)) in SOURCES.iter().enumerate() {
        let path = home.machine().resolve(place).unwrap();
        let name = path.strip_prefix(home.0.path()).unwrap().to_str().unwrap().to_owned();
        let key = key(index as u64 + 1);
        let text = match *source {
            "postgres" => format!("localhost:5432:*:me:{key}\n"),
            _ => format!("{{\"token\": \"{key}\"}}"),
        };
        home.write(&name, &text);
    }
    let keys = home.load(&[]);
    assert_eq!(keys.values.len(), SOURCES.len() + 1);
    for seed in 0..=SOURCES.len() as u64 {
        assert_eq!(keys.find(format!("x = '{}'", key(seed)).as_bytes()).len(), 1, "{seed}");
    }
    for name in source_names() {
        let off = home.load(&[name]);
        let states = sources(&home.machine(), &[name.to_owned()]);
        assert!(states.iter().filter(|s| s.name == name).all(|s| s.state == "off"), "{name}");
        if !["exported", "added"].contains(&name) {
            assert!(off.values.len() < keys.values.len(), "{name}");
        }
    }
}

#[test]
fn a_value_says_where_it_is_from() {
    let home = Home::new();
    home.write("repo/.env", &format!("A_KEY={}\n", key(1)));
    home.write("home/.netrc", "machine h login me password otter71!blue\n");
    let keys = home.load(&[]);
    let live = |text: &str| keys.live(keys.find(text.as_bytes())[0].value).clone();
    let own = live(&key(1));
    assert_eq!(own.name.as_deref(), Some("A_KEY"));
    assert_eq!((own.place.as_deref(), own.path.as_deref()), (Some(".env"), Some(".env")));
    let netrc = live("otter71!blue");
    assert_eq!((netrc.place.as_deref(), netrc.path), (Some("~/.netrc"), None));
}

#[test]
fn only_the_user_adds_files() {
    let home = Home::new();
    home.write("home/work/keys.env", &format!("A_KEY={}\n", key(1)));
    home.write("home/.config/keyhook/config.toml", "[own-keys]\nfiles = [\"~/work/keys.env\"]\n");
    assert_eq!(home.load(&[]).values.len(), 1);
    home.write("home/.config/keyhook/config.toml", "[own-keys]\noff = [\"added\"]\n");
    assert_eq!(home.load(&[]).values.len(), 0);
}

#[test]
fn a_mistake_in_the_users_file_is_a_note() {
    let home = Home::new();
    for text in ["[own-keys]\noff = [\"awss\"]\n", "[own_keys]\n", "x"] {
        home.write("home/.config/keyhook/config.toml", text);
        let notes = home.load(&[]).notes().join("\n");
        assert!(notes.contains("~/.config/keyhook/config.toml"), "{notes}");
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_told() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = Home::new();
    home.write("home/real", &format!("A_KEY={}\n", key(1)));
    home.write("home/.npmrc", &format!("_authToken={}\n", key(2)));
    symlink(home.0.path().join("home/real"), home.0.path().join("home/.netrc")).unwrap();
    let npmrc = home.0.path().join("home/.npmrc");
    std::fs::set_permissions(&npmrc, std::fs::Permissions::from_mode(0o000)).unwrap();
    let keys = home.load(&[]);
    let states = sources(&home.machine(), &[]);
    let state = |place: &str| states.iter().find(|s| s.place == place).unwrap().state.clone();
    assert_eq!(state("~/.netrc"), "a link, not followed");
    assert_eq!(state("~/.pypirc"), "absent");
    // The superuser reads everything.
    if std::fs::read(&npmrc).is_err() {
        assert!(state("~/.npmrc").contains("cannot be read"));
        assert!(keys.notes()[0].contains("~/.npmrc"), "{:?}", keys.notes());
        assert_eq!(keys.values.len(), 0);
    }
}
