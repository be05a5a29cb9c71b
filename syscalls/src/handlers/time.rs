//! Clocks: asked of the host's vDSO, which answers most without entering the kernel.

use super::Value;
use crate::abi::{Timespec, Timeval};
use crate::args::{ClockId, Ptr};
use crate::dispatch::Cx;
use memory::{UserPtr, clock::read};

pub fn clock_gettime(_: &mut Cx<'_>, clock: ClockId, to: UserPtr<Timespec>) -> Value {
    let time = read(clock.0)?;
    Ok(to.write(Timespec { sec: time.tv_sec, nsec: time.tv_nsec }).map(|()| 0)?)
}

pub fn gettimeofday(cx: &mut Cx<'_>, to: UserPtr<Timeval>, zone: Ptr) -> Value {
    if to.is_null() || !zone.0.is_null() {
        return cx.call(libc::SYS_gettimeofday, [to.addr().0, zone.0.0, 0, 0, 0, 0]);
    }
    let time = read(libc::CLOCK_REALTIME)?;
    Ok(to.write(Timeval { sec: time.tv_sec, usec: time.tv_nsec / 1000 }).map(|()| 0)?)
}
