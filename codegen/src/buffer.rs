//! Where code goes: a slice of the code cache, written in place through dynasm.

use dynasmrt::{AssemblyOffset, DynasmApi};

/// The one place that names the host architecture to dynasm.
macro_rules! asm {
    ($buf:expr; $($t:tt)*) => {
        dynasm::dynasm!($buf; .arch x64; $($t)*)
    };
}
pub(crate) use asm;

/// The slice was too short for the block; compile it again into a fresh one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// Up to eight bytes of an instruction, put together in a register and written at once.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Head {
    bytes: u64,
    bits: u32,
}

impl Head {
    /// Adds a byte.
    #[inline]
    pub fn push(&mut self, byte: u8) {
        self.append(byte as u32, 8);
    }

    /// Adds the low `bits` of `bytes`; those above are 0, or nothing follows.
    #[inline]
    pub fn append(&mut self, bytes: u32, bits: u32) {
        self.bytes |= (bytes as u64) << (self.bits & 63);
        self.bits += bits;
    }

    /// Adds a byte if it is `there`.
    #[inline]
    pub fn push_if(&mut self, there: bool, byte: u8) {
        self.append(if there { byte as u32 } else { 0 }, 8 * there as u32);
    }

    fn len(&self) -> usize {
        self.bits as usize / 8
    }
}

/// An operand in memory, put together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    /// ModRM and, if they are 16 bits, SIB.
    pub modrm: u32,
    pub bits: u32,
    pub disp: u32,
    /// How much of it is there.
    pub disp_bytes: u32,
}

/// A slice that code is written to, from its beginning. Its address must be a multiple of 16:
/// linkable jumps are aligned relative to it.
///
/// Writing past the end is remembered and not done, so that emission has one check at its end.
#[derive(Debug)]
pub struct CodeBuf<'a> {
    bytes: &'a mut [u8],
    len: usize,
    /// Where the code will run, if it is to name guest addresses by their distance.
    place: Option<u64>,
}

impl<'a> CodeBuf<'a> {
    /// A buffer over `bytes`.
    pub fn new(bytes: &'a mut [u8]) -> CodeBuf<'a> {
        CodeBuf { bytes, len: 0, place: None }
    }

    /// A buffer whose code will run at host address `place` and keeps its distance to the guest code it comes from:
    /// guest addresses are emitted relative to `rip`.
    pub fn beside_guest(bytes: &'a mut [u8], place: u64) -> CodeBuf<'a> {
        CodeBuf { bytes, len: 0, place: Some(place) }
    }

    /// Whether guest addresses are emitted relative to `rip`.
    pub(crate) fn is_beside_guest(&self) -> bool {
        self.place.is_some()
    }

    /// The distance of guest address `value` from `offset` in the code, where distances are wanted and it fits.
    pub(crate) fn distance(&self, offset: usize, value: u64) -> Option<i32> {
        let from = self.place?.wrapping_add(offset as u64);
        i32::try_from(value.wrapping_sub(from) as i64).ok()
    }

    /// Bytes written, or that would have been.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What was written, if all of it fitted.
    pub fn written(&self) -> Result<&[u8], Full> {
        self.bytes.get(..self.len).ok_or(Full)
    }

    /// Overwrites four bytes at `at`, which were emitted before.
    pub(crate) fn patch_i32(&mut self, at: usize, value: i32) {
        if let Some(field) = self.bytes.get_mut(at..at + 4) {
            field.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// Clears the bits of `mask` in the byte at `at`, which was emitted before.
    pub(crate) fn clear_bits(&mut self, at: usize, mask: u8) {
        if let Some(byte) = self.bytes.get_mut(at) {
            *byte &= !mask;
        }
    }

    /// Overwrites eight bytes at `at`, which were emitted before.
    pub(crate) fn patch_i64(&mut self, at: usize, value: i64) {
        if let Some(field) = self.bytes.get_mut(at..at + 8) {
            field.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// Points the rel8 field at `at` to the current end.
    pub(crate) fn bind8(&mut self, at: usize) {
        let distance = self.len - at - 1;
        debug_assert!(distance < 128);
        if let Some(field) = self.bytes.get_mut(at) {
            *field = distance as u8;
        }
    }

    /// Points the rel32 field at `at` to `target`.
    pub(crate) fn bind_to(&mut self, at: usize, target: usize) {
        self.patch_i32(at, target as i32 - at as i32 - 4);
    }

    /// Points the rel32 field at `at` to the current end.
    pub(crate) fn bind(&mut self, at: usize) {
        self.patch_i32(at, (self.len - at - 4) as i32);
    }

    /// Writes what was put together: all eight bytes, what follows lies over those that are none of it.
    #[inline]
    pub(crate) fn put_head(&mut self, head: Head) {
        match self.bytes.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut()) {
            Some(room) => {
                *room = head.bytes.to_le_bytes();
                self.len += head.len();
            }
            None => self.put_last(head),
        }
    }

    /// Writes an instruction of up to five bytes and its operand in memory.
    #[inline]
    pub(crate) fn put_operand(&mut self, mut head: Head, of: Operand) {
        head.append(of.modrm, of.bits);
        let at = head.len() & 7;
        let room: Option<&mut [u8; 16]> = self.bytes.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut());
        match room {
            Some(room) => {
                room[..8].copy_from_slice(&head.bytes.to_le_bytes());
                room[at..at + 4].copy_from_slice(&of.disp.to_le_bytes());
                self.len += at + of.disp_bytes as usize;
            }
            None => {
                self.put_last(head);
                self.put_last(Head { bytes: of.disp as u64, bits: of.disp_bytes * 8 });
            }
        }
    }

    /// The same where the slice is about to end.
    #[cold]
    fn put_last(&mut self, head: Head) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + head.len()) {
            room.copy_from_slice(&head.bytes.to_le_bytes()[..head.len()]);
        }
        self.len += head.len();
    }

    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, data: [u8; N]) {
        if let Some(room) = self.bytes.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut()) {
            *room = data;
        }
        self.len += N;
    }
}

impl Extend<u8> for CodeBuf<'_> {
    /// By eight: what dynasm knows when it is compiled then is a constant to store.
    #[inline]
    fn extend<T: IntoIterator<Item = u8>>(&mut self, iter: T) {
        let mut head = Head::default();
        for byte in iter {
            if head.len() == 8 {
                self.put_head(std::mem::take(&mut head));
            }
            head.push(byte);
        }
        self.put_head(head);
    }
}

impl<'b> Extend<&'b u8> for CodeBuf<'_> {
    #[inline]
    fn extend<T: IntoIterator<Item = &'b u8>>(&mut self, iter: T) {
        Extend::<u8>::extend(self, iter.into_iter().copied());
    }
}

impl DynasmApi for CodeBuf<'_> {
    #[inline]
    fn offset(&self) -> AssemblyOffset {
        AssemblyOffset(self.len)
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.put([byte]);
    }

    fn align(&mut self, alignment: usize, with: u8) {
        while !self.len.is_multiple_of(alignment) {
            self.push(with);
        }
    }

    #[inline]
    fn push_i32(&mut self, value: i32) {
        self.put(value.to_le_bytes());
    }

    #[inline]
    fn push_i64(&mut self, value: i64) {
        self.put(value.to_le_bytes());
    }

    #[inline]
    fn push_u32(&mut self, value: u32) {
        self.put(value.to_le_bytes());
    }

    #[inline]
    fn push_u64(&mut self, value: u64) {
        self.put(value.to_le_bytes());
    }
}
