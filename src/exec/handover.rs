//! What the run that executes a program tells the run that takes over.

use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

use syscalls::abi::Rlimit;

use crate::options::Options;

/// First argument of a run that takes over from execve.
const MARK: &[u8] = b"--transom-takes-over=";

/// What one run tells the next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Handover {
    /// The program, opened.
    pub program: i32,
    /// Our own program, opened; -1 for none.
    pub own: i32,
    /// Signals the guest blocks.
    pub mask: u64,
    /// personality(2).
    pub personality: u32,
    /// PR_SET_MDWE.
    pub mdwe: u32,
    /// RLIMIT_AS and RLIMIT_DATA.
    pub limits: [Rlimit; 2],
    /// What of the registers the program knows ([`target::Target::heritage`]).
    pub heritage: u64,
    /// Filters of system calls, as a file; -1 for none.
    pub filters: i32,
    /// What the record for its tracer is to know.
    pub traced: u64,
    /// The thread that executes it.
    pub former: i32,
    /// The options.
    pub options: Options,
    /// The name it is run by.
    pub execfn: CString,
    /// Whether a descriptor alone named it.
    pub nameless: bool,
    /// Its arguments.
    pub argv: Vec<CString>,
}

impl Handover {
    /// As arguments, behind argv[0].
    pub(super) fn encode(&self) -> Vec<CString> {
        let options = self.options.encode();
        let numbers = [
            self.program as u32 as u64,
            self.own as u32 as u64,
            self.mask,
            self.personality.into(),
            self.mdwe.into(),
            self.limits[0].current,
            self.limits[0].maximum,
            self.limits[1].current,
            self.limits[1].maximum,
            self.heritage,
            self.filters as u32 as u64,
            self.traced,
            self.former as u64,
            self.nameless.into(),
            options.len() as u64,
        ];
        let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:x}")).collect();
        let mark = [MARK, numbers.join(":").as_bytes()].concat();
        // None of these has a zero inside: they were C strings or come from one.
        let strings = [mark].into_iter().chain(options.into_iter().map(OsStringExt::into_vec));
        let strings = strings.filter_map(|bytes| CString::new(bytes).ok());
        strings.chain([self.execfn.clone()]).chain(self.argv.iter().cloned()).collect()
    }

    /// From the arguments behind argv[0]; `None` where they are the user's.
    pub fn decode(args: &[CString]) -> Option<Handover> {
        let numbers = args.first()?.as_bytes().strip_prefix(MARK)?;
        let numbers = std::str::from_utf8(numbers).ok()?.split(':');
        let numbers: Vec<u64> = numbers.map(|number| u64::from_str_radix(number, 16).ok()).collect::<Option<_>>()?;
        let [
            program,
            own,
            mask,
            personality,
            mdwe,
            mappings,
            most_mappings,
            data,
            most_data,
            heritage,
            filters,
            traced,
            former,
            nameless,
            count,
        ] = numbers.try_into().ok()?;
        let (words, rest) = args[1..].split_at_checked(count as usize)?;
        let mut options = Options::default();
        if !words.iter().all(|word| options.decode(word.as_bytes())) {
            return None;
        }
        let (execfn, argv) = rest.split_first()?;
        Some(Handover {
            program: program as i32,
            own: own as i32,
            mask,
            personality: personality as u32,
            mdwe: mdwe as u32,
            limits: [(mappings, most_mappings), (data, most_data)]
                .map(|(current, maximum)| Rlimit { current, maximum }),
            heritage,
            filters: filters as i32,
            traced,
            former: former as i32,
            options,
            nameless: nameless != 0,
            execfn: execfn.clone(),
            argv: argv.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handovers_survive_as_arguments() {
        let handover = Handover {
            program: 500,
            own: -1,
            mask: !0,
            personality: 0x40000,
            mdwe: 1,
            limits: [(1, 2), (3, !0)].map(|(current, maximum)| Rlimit { current, maximum }),
            heritage: 0x15,
            filters: -1,
            traced: 1 << 40 | 3,
            former: 7,
            options: Options { strace: true, sysroots: vec!["/a".into()], ..Options::default() },
            execfn: c"./x".to_owned(),
            nameless: true,
            argv: vec![c"".to_owned(), c"-L".to_owned()],
        };
        assert_eq!(Handover::decode(&handover.encode()), Some(handover));
        assert_eq!(Handover::decode(&[c"--transom-takes-over=1:2".to_owned()]), None);
        assert_eq!(Handover::decode(&[]), None);
    }
}
