//! Pointer authentication (Arm ARM D8.10) as Linux sets it up for programs: addresses of 48 bits, bit 55 telling the half of
//! the address space. The code is in bits 54 to 48, and in the upper half, where no tags are (TCR_EL1.TBI1), in the top byte
//! too. It is that of FEAT_PAuth2: added to those bits, so that signing and authenticating are one function.

use ir::{GuestState, SlotId, VecArgs};
use memory::Errno;
use target::Mode;

use crate::qarma::encrypt;
use crate::state::{APDA, APDB, APGA, APIA, APIB, KEYS_OFF, SLOTS};

/// Bits of an address that its code takes.
pub const MASK: u64 = 0x7f << 48;
/// Bits that are set in all addresses of the upper half.
pub const UPPER: u64 = 0xffff << 48;
/// Bits of a prctl's word that name keys (uapi/linux/prctl.h, PR_PAC_APIAKEY and those that follow).
pub const ADDRESS_KEYS: u64 = 0xf;
const GENERIC_KEY: u64 = 1 << 4;
/// The keys in that order.
const KEYS: [SlotId; 5] = [APIA, APIB, APDA, APDB, APGA];

/// An address without its code.
pub const fn strip(address: u64) -> u64 {
    if is_upper(address) { address | UPPER } else { address & !MASK }
}

const fn is_upper(address: u64) -> bool {
    address >> 55 & 1 != 0
}

/// PACIA and AUTIA and their like: the address, the modifier, and the key.
pub extern "C" fn address(args: &mut VecArgs) {
    let address = args.v[0] as u64;
    let mask = if is_upper(address) { UPPER & !(1 << 55) } else { MASK };
    args.v[0] = (address ^ encode(strip(address), args) & mask).into();
}

/// PACGA
pub extern "C" fn generic(args: &mut VecArgs) {
    args.v[0] = (encode(args.v[0] as u64, args) & !0xffff_ffff).into();
}

fn encode(data: u64, args: &VecArgs) -> u64 {
    encrypt(data, args.v[1] as u64, [(args.v[2] >> 64) as u64, args.v[2] as u64])
}

/// The mode bits of disabled keys.
#[inline]
pub fn mode(state: &GuestState) -> Mode {
    Mode((state.get(&SLOTS[KEYS_OFF.0 as usize]) as u32) << crate::KEYS_OFF.0.trailing_zeros())
}

/// Gives the keys named in `which` new values, all for 0, of a CPU that has those of the kinds in `there`
/// (arch/arm64/kernel/pointer_auth.c, ptrauth_prctl_reset_keys).
pub fn reset(state: &mut GuestState, there: Kinds, which: u64, random: &mut dyn FnMut() -> u128) -> Result<(), Errno> {
    if there.mask() == 0 || which & !there.mask() != 0 {
        return Err(Errno::EINVAL);
    }
    let which = if which == 0 { there.mask() } else { which };
    for (_, key) in KEYS.iter().enumerate().filter(|(n, _)| which >> n & 1 != 0) {
        state.set(&SLOTS[key.0 as usize], random());
    }
    Ok(())
}

/// The keys of addresses that are enabled (ptrauth_get_enabled_keys).
pub fn enabled(state: &GuestState, there: Kinds) -> Result<u64, Errno> {
    let off = state.get(&SLOTS[KEYS_OFF.0 as usize]) as u64;
    if there.address { Ok(ADDRESS_KEYS & !off) } else { Err(Errno::EINVAL) }
}

/// Of the keys in `which` enables those in `on` and disables the others (ptrauth_set_enabled_keys).
pub fn enable(state: &mut GuestState, there: Kinds, which: u64, on: u64) -> Result<(), Errno> {
    let now = enabled(state, there)?;
    if which & !ADDRESS_KEYS != 0 || on & !which != 0 {
        return Err(Errno::EINVAL);
    }
    state.set(&SLOTS[KEYS_OFF.0 as usize], (ADDRESS_KEYS & !(now & !which | on)).into());
    Ok(())
}

/// What a CPU signs: addresses, other data.
#[derive(Clone, Copy, Debug)]
pub struct Kinds {
    /// FEAT_PAuth for addresses.
    pub address: bool,
    /// PACGA.
    pub generic: bool,
}

impl Kinds {
    fn mask(self) -> u64 {
        let of = |there: bool, mask| if there { mask } else { 0 };
        of(self.address, ADDRESS_KEYS) | of(self.generic, GENERIC_KEY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(address: u64, modifier: u64) -> u64 {
        let mut args = VecArgs { v: [address.into(), modifier.into(), 0x1234 << 64 | 0x5678], ..VecArgs::default() };
        super::address(&mut args);
        args.v[0] as u64
    }

    #[test]
    fn what_is_signed_is_authenticated() {
        let mut changed = 0;
        for (n, address) in (0..).zip([0, 0x7fff_1234_5678, 0xab00_7fff_1234_5678, u64::MAX, 0xffff_0000_0000_0000]) {
            let signed = sign(address, n);
            assert_eq!(strip(signed), address, "no other bits change");
            assert_eq!((sign(signed, n), strip(signed)), (strip(address), strip(address)));
            changed += u32::from(sign(signed, n + 1) != address);
        }
        let wrong = 0x0055_7fff_1234_5678;
        assert_eq!(sign(sign(wrong, 0), 0), wrong, "what was no address does not become one");
        assert!(changed > 0, "another modifier is noticed");
    }

    #[test]
    fn prctl_minds_what_it_is_asked() {
        let (mut state, mut next) = (GuestState::default(), 0);
        let mut random = || {
            next += 1;
            next
        };
        let both = Kinds { address: true, generic: true };
        let (none, generic) = (Kinds { address: false, generic: false }, Kinds { address: false, generic: true });
        assert_eq!(reset(&mut state, none, 0, &mut random), Err(Errno::EINVAL));
        assert_eq!(reset(&mut state, generic, 1, &mut random), Err(Errno::EINVAL));
        assert_eq!(reset(&mut state, both, 0x20, &mut random), Err(Errno::EINVAL));
        assert_eq!(
            (reset(&mut state, both, 0, &mut random), reset(&mut state, both, 0x12, &mut random)),
            (Ok(()), Ok(()))
        );
        assert_eq!(KEYS.map(|key| state.get(&SLOTS[key.0 as usize])), [1, 6, 3, 4, 7]);
        assert_eq!(enabled(&state, generic), Err(Errno::EINVAL));
        assert_eq!(enable(&mut state, both, 0x10, 0), Err(Errno::EINVAL));
        assert_eq!(enable(&mut state, both, 1, 2), Err(Errno::EINVAL));
        assert_eq!((enable(&mut state, both, 6, 2), enabled(&state, both)), (Ok(()), Ok(0xb)));
        assert_eq!(mode(&state).0, 4 << 12);
        assert_eq!((enable(&mut state, both, 4, 4), enabled(&state, both)), (Ok(()), Ok(0xf)));
    }
}
