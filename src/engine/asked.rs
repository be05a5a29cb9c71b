//! What an instruction wants of an address that it faulted at, where the host does not tell it as the guest's CPU would.

use ir::interp::Memory;
use target::Access;

/// Memory that can be read as ever, is never written, and has one address that can't be reached.
pub struct Asked<'a> {
    /// The address.
    pub addr: u64,
    /// What was wanted there.
    pub wanted: Option<Access>,
    /// The memory.
    pub memory: &'a mut dyn Memory,
}

impl Asked<'_> {
    fn look(&mut self, addr: u64, bytes: u32, access: Access) -> Result<(), u64> {
        if self.addr.wrapping_sub(addr) >= bytes.into() {
            return Ok(());
        }
        self.wanted = Some(access);
        Err(addr)
    }
}

impl Memory for Asked<'_> {
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64> {
        self.look(addr, bytes, Access::Read)?;
        self.memory.load(addr, bytes)
    }

    fn store(&mut self, addr: u64, bytes: u32, _: u128) -> Result<(), u64> {
        self.look(addr, bytes, Access::Write)
    }

    /// It reads first.
    fn cas(&mut self, addr: u64, bytes: u32, _: u128, _: u128) -> Result<u128, u64> {
        self.load(addr, bytes)
    }

    /// As the default would, but for its write, which is not made.
    fn rmw(&mut self, _: ir::RmwOp, addr: u64, bytes: u32, _: u64) -> Result<u64, u64> {
        self.load(addr, bytes).map(|old| old as u64)
    }

    fn fence(&mut self) {}

    fn cycles(&mut self) -> u64 {
        self.memory.cycles()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl Memory for Zeros {
        fn load(&mut self, _: u64, _: u32) -> Result<u128, u64> {
            Ok(0)
        }
        fn store(&mut self, addr: u64, _: u32, _: u128) -> Result<(), u64> {
            panic!("a write at {addr:#x}")
        }
        fn cas(&mut self, addr: u64, _: u32, _: u128, _: u128) -> Result<u128, u64> {
            panic!("a write at {addr:#x}")
        }
        fn fence(&mut self) {}
        fn cycles(&mut self) -> u64 {
            0
        }
    }

    #[test]
    fn the_first_access_of_the_address_is_told() {
        let mut zeros = Zeros;
        let mut asked = Asked { addr: 0x1007, wanted: None, memory: &mut zeros };
        assert_eq!((asked.store(0xff8, 8, 1), asked.load(0x1008, 1), asked.wanted), (Ok(()), Ok(0), None));
        assert_eq!((asked.store(0x1000, 8, 1), asked.wanted), (Err(0x1000), Some(Access::Write)));
        assert_eq!((asked.cas(0x1000, 8, 0, 0), asked.wanted), (Err(0x1000), Some(Access::Read)));
        assert_eq!(asked.rmw(ir::RmwOp::Add, 0x1000, 8, 0), Err(0x1000));
    }
}
