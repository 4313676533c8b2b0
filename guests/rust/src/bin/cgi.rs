//! A CGI program. The query string chooses what it does:
//!
//! | query | answers |
//! | --- | --- |
//! | `env`, `args` | its environment (sorted), its arguments |
//! | `echo` | standard input, with its content type |
//! | `status=CODE` | that status |
//! | `location=URL` | a redirect to it |
//! | `trickle` | five lines, 20 ms apart |
//! | `bad`, `silent` | text without a header block; nothing |
//! | `exit=CODE`, `trap` | a complete response, then ends like that |
//! | anything else | a greeting |

use std::io::{self, Write};
use std::thread::sleep;
use std::time::Duration;

fn main() -> io::Result<()> {
    let query = std::env::var("QUERY_STRING").unwrap_or_default();
    let mut out = io::stdout().lock();
    match query.split_once('=').unwrap_or((&query, "")) {
        ("env", _) => plain(&mut out, &environment()),
        ("args", _) => plain(&mut out, &std::env::args().map(|argument| argument + "\n").collect::<String>()),
        ("echo", _) => echo(&mut out),
        ("status", code) => write!(out, "Status: {code}\nContent-Type: text/plain\n\nstatus {code}\n"),
        ("location", url) => write!(out, "Location: {url}\n\n"),
        ("trickle", _) => trickle(&mut out),
        ("bad", _) => write!(out, "this is no header block"),
        ("silent", _) => Ok(()),
        ("exit", code) => {
            plain(&mut out, "exits\n")?;
            std::process::exit(code.parse().unwrap_or(1));
        }
        ("trap", _) => {
            plain(&mut out, "traps\n")?;
            core::arch::wasm32::unreachable()
        }
        _ => plain(&mut out, "Hello from CGI!\n"),
    }
}

fn plain(out: &mut impl Write, text: &str) -> io::Result<()> {
    write!(out, "Content-Type: text/plain\n\n{text}")?;
    out.flush()
}

fn environment() -> String {
    let mut lines: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect();
    lines.sort();
    lines.concat()
}

fn echo(out: &mut impl Write) -> io::Result<()> {
    let content_type = std::env::var("CONTENT_TYPE").unwrap_or("application/octet-stream".to_owned());
    write!(out, "Content-Type: {content_type}\n\n")?;
    io::copy(&mut io::stdin().lock(), out)?;
    out.flush()
}

fn trickle(out: &mut impl Write) -> io::Result<()> {
    plain(out, "")?;
    for line in 1..=5 {
        writeln!(out, "line {line}")?;
        out.flush()?;
        sleep(Duration::from_millis(20));
    }
    Ok(())
}
