//! What gdb's protocol has and gdbstub has not: events of fork and execve, and several processes behind one
//! connection. The debugger's packets are looked at here before gdbstub has them, and its replies are completed
//! (GDB's manual, Stop Reply Packets and General Query Packets, `qSupported`).

use std::fmt::Write;

use super::files;
use super::vforks::pid;

/// What the debugger said that it understands, and what holds for the connection.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Features {
    /// Thread ids have a process in them.
    pub multiprocess: bool,
    /// It wants to hear of forks.
    pub fork: bool,
    /// It wants to hear of children on their parents' memory, and when they have left it.
    pub vfork: bool,
    /// It wants to hear of programs that are executed.
    pub exec: bool,
    /// Packets are not acknowledged.
    pub no_acks: bool,
}

impl Features {
    fn rows(&mut self) -> [(&'static str, char, &mut bool); 5] {
        [
            ("multiprocess+", 'm', &mut self.multiprocess),
            ("fork-events+", 'f', &mut self.fork),
            ("vfork-events+", 'v', &mut self.vfork),
            ("exec-events+", 'e', &mut self.exec),
            ("QStartNoAckMode", 'n', &mut self.no_acks),
        ]
    }

    /// As a word, for the program that is executed.
    pub fn encode(mut self) -> String {
        self.rows().into_iter().filter(|(_, _, on)| **on).map(|(_, letter, _)| letter).collect()
    }

    /// From such a word.
    pub fn decode(word: &str) -> Features {
        let mut features = Features::default();
        features.rows().into_iter().for_each(|(_, letter, on)| *on = word.contains(letter));
        features
    }

    /// Takes in what the debugger sends.
    fn hear(&mut self, body: &str) {
        let words = body.strip_prefix("qSupported:").unwrap_or(body);
        for (name, _, on) in self.rows() {
            *on |= words.split(';').any(|word| word == name);
        }
    }

    /// The packets by which a stub learns all that.
    pub fn packets(self) -> String {
        let multiprocess = if self.multiprocess { "multiprocess+" } else { "swbreak+" };
        let mut packets = framed(format!("qSupported:{multiprocess}").as_bytes());
        if self.no_acks {
            packets.extend(framed(b"QStartNoAckMode"));
        }
        packets.extend(framed(b"vCont;c"));
        String::from_utf8_lossy(&packets).into_owned()
    }
}

/// A packet of this content.
pub fn framed(body: &[u8]) -> Vec<u8> {
    let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    [b"$", body, format!("#{sum:02x}").as_bytes()].concat()
}

/// Takes the first whole packet, or what else comes first: an acknowledgement, Ctrl-C.
pub fn first_piece(raw: &mut Vec<u8>) -> Option<Vec<u8>> {
    let len = match raw.first()? {
        b'$' => raw.iter().position(|&byte| byte == b'#')? + 3,
        _ => 1,
    };
    (raw.len() >= len).then(|| raw.drain(..len).collect())
}

/// What is in a packet; `None` where the piece is none.
pub fn body(piece: &[u8]) -> Option<&[u8]> {
    let behind = piece.strip_prefix(b"$")?;
    behind.get(..behind.len().checked_sub(3)?)
}

/// The process that a packet is for, where it names one.
pub fn addressee(body: &[u8]) -> Option<i32> {
    let number = |named: &str| {
        let digits = named.split(|c: char| !c.is_ascii_hexdigit()).next()?;
        u32::from_str_radix(digits, 16).ok()
    };
    if let Some(file) = ["pread:", "close:", "fstat:"].iter().find_map(|call| of_file(body, call)) {
        return number(file).map(files::owner);
    }
    let text = std::str::from_utf8(body).ok()?;
    let plain = ["D;", "vKill;", "qAttached:", "qXfer:exec-file:read:"];
    let of_threads = ["Hgp", "Hcp", "Tp", "qThreadExtraInfo,p"];
    let named = plain.iter().chain(&of_threads).find_map(|start| text.strip_prefix(start));
    let named = named.or_else(|| text.strip_prefix("vCont;")?.split_once(":p").map(|(_, named)| named))?;
    number(named).map(|pid| pid as i32).filter(|&pid| pid != 0)
}

/// The arguments of a call about an open file.
fn of_file<'a>(body: &'a [u8], call: &str) -> Option<&'a str> {
    std::str::from_utf8(body.strip_prefix(b"vFile:")?).ok()?.strip_prefix(call)
}

/// What a reply is completed by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Asked {
    #[default]
    Other,
    Features,
    Threads,
}

/// The two directions.
#[derive(Default)]
pub struct Wire {
    /// What the debugger understands.
    pub features: Features,
    /// What the next stop reply says besides.
    pub event: Option<String>,
    /// Threads of other processes of the session.
    pub others: Vec<(i32, i32)>,
    /// Whether nothing is said.
    pub muted: bool,
    asked: Asked,
}

impl Wire {
    /// Looks at a packet that gdbstub is going to have.
    pub fn hear(&mut self, body: &[u8]) {
        self.asked = match body {
            [b'q', b'S', b'u', b'p', b'p', b'o', b'r', b't', b'e', b'd', ..] => Asked::Features,
            b"qfThreadInfo" => Asked::Threads,
            _ => Asked::Other,
        };
        if self.asked == Asked::Features || body == b"QStartNoAckMode" {
            self.features.hear(&String::from_utf8_lossy(body));
        }
    }

    /// Completes what gdbstub says.
    pub fn complete(&mut self, said: Vec<u8>) -> Vec<u8> {
        if self.muted {
            return Vec::new();
        }
        let Some(start) = said.iter().position(|&byte| byte == b'$') else { return said };
        let Some(reply) = body(&said[start..]) else { return said };
        let more = match (std::mem::take(&mut self.asked), reply) {
            (Asked::Features, _) => ";fork-events+;vfork-events+;exec-events+".to_owned(),
            (Asked::Threads, [b'm', ..]) => self.others.iter().fold(String::new(), |mut list, (pid, tid)| {
                // Writing to a string can't fail.
                let _ = write!(list, ",p{pid:x}.{tid:x}");
                list
            }),
            (Asked::Other, [b'T', ..]) => self.event.take().unwrap_or_default(),
            (Asked::Other, [b'W' | b'X', _, _]) if self.features.multiprocess => {
                format!(";process:{:x}", pid())
            }
            _ => return said,
        };
        [&said[..start], &framed(&[reply, more.as_bytes()].concat())].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole() {
        let mut raw = b"+$qC#b4\x03$m12".to_vec();
        assert_eq!(first_piece(&mut raw).as_deref(), Some(b"+".as_slice()));
        assert_eq!(first_piece(&mut raw).as_deref(), Some(b"$qC#b4".as_slice()));
        assert_eq!(first_piece(&mut raw).as_deref(), Some(b"\x03".as_slice()));
        assert_eq!(first_piece(&mut raw), None);
        assert_eq!(body(b"$qC#b4"), Some(b"qC".as_slice()));
        assert_eq!([body(b"+"), body(b"$#0")], [None, None]);
        assert_eq!(framed(b"OK"), b"$OK#9a");
    }

    #[test]
    fn packets_name_processes() {
        let named = ["D;1f", "vKill;1f", "Hgp1f.20", "Tp1f.1f", "vCont;s:p1f.20;c:p1f.-1", "vCont;c:p1f.-1"];
        assert!(named.iter().all(|packet| addressee(packet.as_bytes()) == Some(0x1f)));
        assert_eq!(addressee(b"vFile:pread:3e05,1000,0"), Some(0x1f));
        let others = ["D", "Hg0", "Hgp0.0", "Hc-1", "vCont;c", "vCont;c:p-1.-1", "m1f,4", "k"];
        assert!(others.iter().all(|packet| addressee(packet.as_bytes()).is_none()));
    }

    #[test]
    fn replies_are_completed() {
        let mut wire = Wire::default();
        wire.hear(b"qSupported:multiprocess+;exec-events+;xmlRegisters=i386");
        assert_eq!(wire.features, Features { multiprocess: true, exec: true, ..Features::default() });
        assert_eq!(Features::decode(&wire.features.encode()), wire.features);
        let reply = wire.complete([b"+".as_slice(), &framed(b"PacketSize=1000")].concat());
        assert_eq!(reply[1..], framed(b"PacketSize=1000;fork-events+;vfork-events+;exec-events+"));
        wire.event = Some("exec:2f61;".into());
        assert_eq!(wire.complete(framed(b"T05thread:p1.1;")), framed(b"T05thread:p1.1;exec:2f61;"));
        assert_eq!(wire.complete(framed(b"T05thread:p1.1;")), framed(b"T05thread:p1.1;"));
        wire.hear(b"qfThreadInfo");
        wire.others = vec![(2, 16)];
        assert_eq!(wire.complete(framed(b"mp1.1")), framed(b"mp1.1,p2.10"));
    }
}
