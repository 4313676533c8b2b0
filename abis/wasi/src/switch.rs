//! Output that is led elsewhere while its guest goes on.

use std::sync::{Arc, Mutex, PoisonError};

use holm_abi::{Output, Sink, Stdio};

/// Where an instance's output goes, which is elsewhere for each request.
pub(crate) struct Switches {
    stdout: Arc<Switch>,
    stderr: Arc<Switch>,
}

impl Switches {
    /// Streams that can be led elsewhere later, if they go to sinks.
    pub(crate) fn new(stdio: &Stdio) -> Option<(Self, Stdio)> {
        let (Output::Sink(stdout), Output::Sink(stderr)) = (&stdio.stdout, &stdio.stderr) else { return None };
        let switch = |sink: &Arc<dyn Sink>| Arc::new(Switch(Mutex::new(Arc::clone(sink))));
        let switches = Self { stdout: switch(stdout), stderr: switch(stderr) };
        let out = |switch: &Arc<Switch>| Output::Sink(Arc::clone(switch) as Arc<dyn Sink>);
        let stdio = Stdio { stdin: stdio.stdin.clone(), stdout: out(&switches.stdout), stderr: out(&switches.stderr) };
        Some((switches, stdio))
    }

    pub(crate) fn set(&self, stdio: &Stdio) {
        for (switch, output) in [(&self.stdout, &stdio.stdout), (&self.stderr, &stdio.stderr)] {
            if let Output::Sink(sink) = output {
                *switch.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(sink);
            }
        }
    }
}

struct Switch(Mutex<Arc<dyn Sink>>);

impl Sink for Switch {
    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let sink = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        sink.write(bytes)
    }
}
