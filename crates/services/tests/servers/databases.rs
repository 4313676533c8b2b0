//! Database servers. Each lets in `ann` with the password `hunter2`, to a database `test`.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Server, free_port, is_there};

/// A PostgreSQL server, or `None` where there is none.
pub(crate) fn postgres() -> Option<Server> {
    postgres_with(None)
}

/// The same, which speaks TLS if it is asked to, with this certificate for `localhost`.
pub(crate) fn postgres_with(tls: Option<(&Path, &Path)>) -> Option<Server> {
    let programs = postgres_programs()?;
    let folder = tempfile::tempdir().unwrap();
    let (data, password) = (folder.path().join("data"), folder.path().join("password"));
    std::fs::write(&password, "hunter2").unwrap();
    let port = free_port();
    let mut options = format!(
        "-D {} -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off -c autovacuum=off",
        data.display()
    );
    if let Some((certificate, key)) = tls {
        let (own, own_key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        std::fs::copy(certificate, &own).unwrap();
        std::fs::copy(key, &own_key).unwrap();
        run(Command::new("chmod").arg("600").arg(&own_key));
        options += &format!(" -c ssl=on -c ssl_cert_file={} -c ssl_key_file={}", own.display(), own_key.display());
    }
    if as_root() {
        run(Command::new("chown").arg("-R").arg("postgres").arg(folder.path()));
    }
    let initdb = programs.join("initdb").display().to_string();
    let mut init = unprivileged(&initdb);
    init.args(["-U", "ann", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N", "--pwfile"]).arg(&password);
    run(init.arg("-D").arg(&data));
    let (program, mut args) = unprivileged_words(&programs.join("postgres").display().to_string());
    args.extend(options.split(' ').map(str::to_owned));
    let url = format!("postgres://ann:hunter2@127.0.0.1:{port}");
    // Its other processes hold what it keeps for a moment when it is killed.
    let ready = [
        programs.join("pg_isready").display().to_string(),
        "-h".into(),
        "127.0.0.1".into(),
        "-p".into(),
        port.to_string(),
    ];
    let mut server = Server::of(program, args, url, port, folder);
    (server.ready, server.signal) = (Some(ready.to_vec()), Some("-QUIT"));
    Some(server.started())
}

/// A MariaDB server, or `None` where there is none.
pub(crate) fn mysql() -> Option<Server> {
    mysql_with(None)
}

/// The same over TLS.
pub(crate) fn mysql_with(tls: Option<(&Path, &Path)>) -> Option<Server> {
    if !is_there("mariadbd") || !is_there("mariadb-install-db") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, introduction) = (folder.path().join("data"), folder.path().join("introduction.sql"));
    let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
    let mut install = Command::new("mariadb-install-db");
    install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    // Its temporary tables have the same names each time.
    install.env("TMPDIR", folder.path());
    run(install.arg(format!("--user={user}")).arg(format!("--datadir={}", data.display())));
    let words = "CREATE DATABASE IF NOT EXISTS test; CREATE USER IF NOT EXISTS ann IDENTIFIED BY 'hunter2'; GRANT ALL ON *.* TO ann;";
    std::fs::write(&introduction, words.replace("; ", ";\n")).unwrap();
    let port = free_port();
    let mut args = vec![
        "--no-defaults".to_owned(),
        format!("--user={user}"),
        format!("--datadir={}", data.display()),
        format!("--port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--skip-name-resolve".to_owned(),
        format!("--socket={}", folder.path().join("socket").display()),
        format!("--init-file={}", introduction.display()),
        format!("--tmpdir={}", folder.path().display()),
        "--innodb-flush-log-at-trx-commit=2".to_owned(),
    ];
    if let Some((certificate, key)) = tls {
        args.push(format!("--ssl-cert={}", certificate.display()));
        args.push(format!("--ssl-key={}", key.display()));
    }
    let url = format!("mysql://ann:hunter2@127.0.0.1:{port}");
    Some(Server::of("mariadbd", args, url, port, folder).started())
}

/// Where Debian keeps them, which is not on the path.
fn postgres_programs() -> Option<std::path::PathBuf> {
    let found = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folder = found.map(|version| version.path().join("bin")).find(|folder| folder.join("initdb").exists());
    if folder.is_none() {
        super::missing("postgres");
    }
    folder
}

fn as_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// PostgreSQL does not run as root, and comes with a user of its own.
fn unprivileged_words(program: &str) -> (&'static str, Vec<String>) {
    if !as_root() {
        return ("env", vec![program.to_owned()]);
    }
    let words = ["--reuid=postgres", "--regid=postgres", "--clear-groups", program];
    ("setpriv", words.iter().map(|word| (*word).to_owned()).collect())
}

fn unprivileged(program: &str) -> Command {
    let (first, rest) = unprivileged_words(program);
    let mut command = Command::new(first);
    command.args(rest);
    command
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
