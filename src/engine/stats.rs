//! Counts of `--stats`.

/// What translation did, and how many cycles of the time-stamp counter its stages took.
#[derive(Clone, Copy, Default, Debug)]
pub struct Translation {
    /// Blocks.
    pub blocks: u64,
    /// Blocks found in cache files.
    pub from_files: u64,
    /// Guest instructions in them.
    pub insts: u64,
    /// Guest bytes.
    pub guest_bytes: u64,
    /// Bytes of machine code.
    pub code_bytes: u64,
    /// Fetching, decoding, lowering.
    pub lower: u64,
    /// Passes, allocation, emission.
    pub compile: u64,
    /// Publishing and linking.
    pub publish: u64,
}

impl Translation {
    /// Counts a block.
    pub fn add(&mut self, block: &ir::Block, code_bytes: usize) {
        self.blocks += 1;
        self.insts += u64::from(block.guest_insts);
        self.guest_bytes += block.end - block.pc;
        self.code_bytes += code_bytes as u64;
    }
}

/// Measures stages one after the other, if it is wanted.
pub struct Clock(Option<u64>);

fn now() -> u64 {
    // SAFETY: every x86-64 has the time-stamp counter.
    unsafe { std::arch::x86_64::_rdtsc() }
}

impl Clock {
    /// Starts it.
    pub fn start(wanted: bool) -> Clock {
        Clock(wanted.then(now))
    }

    /// Adds the time since the last call to `stage`.
    pub fn lap(&mut self, stage: &mut u64) {
        if let Clock(Some(last)) = self {
            let at = now();
            *stage += at - *last;
            *last = at;
        }
    }
}

/// How often threads left emitted code, by kind.
#[derive(Clone, Copy, Default, Debug)]
pub struct Exits {
    /// Jumps that were not linked yet.
    pub link: u64,
    /// Indirect branches that the table did not know.
    pub lookup: u64,
    /// Other jumps: the mode may have changed.
    pub sync: u64,
    /// System calls.
    pub syscall: u64,
    /// Traps.
    pub trap: u64,
    /// Faults.
    pub fault: u64,
    /// Announcements of changed code.
    pub invalidate: u64,
    /// Polls that saw a request.
    pub interrupted: u64,
    /// Blocks run by the interpreter.
    pub interpreted: u64,
}

impl Exits {
    /// Counts one.
    #[inline]
    pub fn count(&mut self, left: &codegen::Left) {
        let counter = match (left.mend, left.exit) {
            (codegen::Mend::Link(_), _) => &mut self.link,
            (codegen::Mend::Lookup, _) => &mut self.lookup,
            (_, ir::Exit::Jump) => &mut self.sync,
            (_, ir::Exit::Syscall | ir::Exit::Restart) => &mut self.syscall,
            (_, ir::Exit::Trap(_)) => &mut self.trap,
            (_, ir::Exit::Fault { .. }) => &mut self.fault,
            (_, ir::Exit::Invalidate { .. }) => &mut self.invalidate,
            (_, ir::Exit::Interrupted) => &mut self.interrupted,
        };
        *counter += 1;
    }

    fn rows(&mut self) -> [(&'static str, &mut u64); 9] {
        [
            ("unlinked jumps", &mut self.link),
            ("indirect branches not in the table", &mut self.lookup),
            ("mode changes", &mut self.sync),
            ("system calls", &mut self.syscall),
            ("traps", &mut self.trap),
            ("faults", &mut self.fault),
            ("announced code changes", &mut self.invalidate),
            ("requests seen by polls", &mut self.interrupted),
            ("blocks interpreted", &mut self.interpreted),
        ]
    }

    /// Adds another thread's.
    pub fn add(&mut self, other: &Exits) {
        let mut other = *other;
        for ((_, sum), (_, part)) in self.rows().into_iter().zip(other.rows()) {
            *sum += *part;
        }
    }
}

/// The text of `--stats`.
pub fn report(translation: &Translation, mut exits: Exits) -> String {
    use std::fmt::Write;
    let Translation { blocks, from_files, insts, guest_bytes, code_bytes, lower, compile, publish } = *translation;
    let per = |sum: u64| sum as f64 / insts.max(1) as f64;
    let mut text = String::from("transom statistics\n");
    let mut line = |name: &str, value: String| {
        // Writing to a string can't fail.
        let _ = writeln!(text, "  {name:<42} {value}");
    };
    line("blocks translated", blocks.to_string());
    line("blocks found in cache files", from_files.to_string());
    line("guest instructions translated", insts.to_string());
    line("guest bytes translated", guest_bytes.to_string());
    line("cycles per guest instruction, all", format!("{:.0}", per(lower + compile + publish)));
    line("  fetch, decode, lower", format!("{:.0}", per(lower)));
    line("  compile", format!("{:.0}", per(compile)));
    line("  publish, link", format!("{:.0}", per(publish)));
    line("code bytes per guest instruction", format!("{:.1}", per(code_bytes)));
    let misses = blocks;
    let lookups = exits.link + exits.lookup + exits.sync;
    line("cache look-ups", lookups.to_string());
    line("cache hits", lookups.saturating_sub(misses).to_string());
    exits.rows().into_iter().for_each(|(name, count)| line(&format!("exits: {name}"), count.to_string()));
    text
}
