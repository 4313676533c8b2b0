//! Prints a line and its arguments, each on a line, through a WASI 0.3 stream. Exits with 1 when the first is `fail`.

wasip3::cli::command::export!(Hello);

struct Hello;

impl wasip3::exports::cli::run::Guest for Hello {
    async fn run() -> Result<(), ()> {
        let arguments: Vec<String> = wasip3::cli::environment::get_arguments().into_iter().skip(1).collect();
        let mut text = "Hello from WASI 0.3!\n".to_owned();
        for argument in &arguments {
            text += argument;
            text.push('\n');
        }
        let (mut writer, reader) = wasip3::wit_stream::new();
        let written = wasip3::cli::stdout::write_via_stream(reader);
        let (written, ()) = futures::join!(written.into_future(), async {
            writer.write_all(text.into_bytes()).await;
            drop(writer);
        });
        written.map_err(|_| ())?;
        if arguments.first().is_some_and(|first| first == "fail") { Err(()) } else { Ok(()) }
    }
}
