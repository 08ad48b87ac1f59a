use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{UserError, Users};
use model::wire::Role;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_new_file_is_for_its_owner_alone_and_knows_nobody() {
    let folder = folder();
    let path = folder.path().join("users");
    let users = Users::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(users.list(), []);
    for password in ["", "admin", "password"] {
        assert!(users.login("admin", password).is_none());
    }
}

#[test]
fn the_first_administrator_is_made_once_and_must_change_the_password() {
    let folder = folder();
    let path = folder.path().join("users");
    let users = Users::open(&path).unwrap();
    let one_time = users.first_administrator().unwrap().unwrap();
    assert_eq!(users.first_administrator().unwrap(), None);
    let account = users.login("admin", &one_time).unwrap();
    assert!(account.must_change);
    let changed = users.change_password("admin", &one_time, "a good long password").unwrap();
    assert!(!changed.must_change && changed.credential != account.credential);
    assert!(users.login("admin", &one_time).is_none());
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains(&one_time) && !text.contains("a good long"), "{text}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn one_process_sees_what_another_has_changed() {
    let folder = folder();
    let path = folder.path().join("users");
    let (server, command_line) = (Users::open(&path).unwrap(), Users::open(&path).unwrap());
    let password = command_line.add("jane", Role::Operator).unwrap();
    assert_eq!(server.login("jane", &password).unwrap().role, Role::Operator);
    command_line.set_role("jane", Role::Viewer).unwrap();
    assert_eq!(server.account("jane").unwrap().role, Role::Viewer);
    let before = server.account("jane").unwrap().credential;
    command_line.set_password("jane", "quite another password").unwrap();
    assert!(server.account("jane").unwrap().credential != before);
    command_line.remove("jane").unwrap();
    assert!(server.account("jane").is_none());
}

#[test]
fn changes_of_two_processes_do_not_undo_each_other() {
    let folder = folder();
    let path = folder.path().join("users");
    std::thread::scope(|scope| {
        for half in ["a", "b"] {
            let path = &path;
            scope.spawn(move || {
                let users = Users::open(path).unwrap();
                for number in 0..4 {
                    users.add(&format!("{half}{number}"), Role::Viewer).unwrap();
                }
            });
        }
    });
    assert_eq!(Users::open(&path).unwrap().list().len(), 8);
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_cure() {
    let folder = folder();
    let path = folder.path().join("users");
    drop(Users::open(&path).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Users::open(&path).unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
}

#[test]
fn a_file_that_breaks_or_goes_while_the_server_runs_locks_nobody_out() {
    let folder = folder();
    let path = folder.path().join("users");
    let users = Users::open(&path).unwrap();
    let password = users.add("jane", Role::Operator).unwrap();
    fs::write(&path, "{").unwrap();
    assert!(users.login("jane", &password).is_some());
    fs::remove_file(&path).unwrap();
    assert!(users.login("jane", &password).is_some());
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(
        matches!(Users::open(&path), Err(UserError::Damaged { .. })),
        "an empty file is no list of users"
    );
}

#[test]
fn somebody_can_always_administer() {
    let folder = folder();
    let users = Users::open(&folder.path().join("users")).unwrap();
    users.first_administrator().unwrap();
    assert!(matches!(users.remove("admin"), Err(UserError::LastAdministrator(_))));
    assert!(matches!(users.set_role("admin", Role::Viewer), Err(UserError::LastAdministrator(_))));
    users.add("second", Role::Administrator).unwrap();
    users.remove("admin").unwrap();
}

#[test]
fn mistakes_are_named_and_the_nearest_name_is_told() {
    let folder = folder();
    let users = Users::open(&folder.path().join("users")).unwrap();
    users.add("jane", Role::Viewer).unwrap();
    assert!(matches!(users.add("jane", Role::Viewer), Err(UserError::Exists(_))));
    assert!(matches!(users.add("Jane D", Role::Viewer), Err(UserError::Name(_))));
    assert_eq!(users.remove("jan").unwrap_err().to_string(), "there is no user jan; did you mean jane?");
    assert!(matches!(users.add_with_password("bob", Role::Viewer, "short"), Err(UserError::Password(_))));
    let missing = Users::open(&folder.path().join("none/users")).unwrap_err().to_string();
    assert!(missing.contains("none/users"), "{missing}");
}

#[test]
fn the_only_administrator_gets_a_new_password_without_being_removed() {
    let folder = folder();
    let users = Users::open(&folder.path().join("users")).unwrap();
    let one_time = users.first_administrator().unwrap().unwrap();
    let new = users.set_random_password("admin").unwrap();
    assert!(users.login("admin", &one_time).is_none() && users.login("admin", &new).is_some());
    assert_eq!(users.list(), [("admin".to_owned(), Role::Administrator)]);
    assert!(matches!(users.set_random_password("nobody"), Err(UserError::Unknown { .. })));
}
