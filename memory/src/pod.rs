//! Types that may be copied to and from the guest byte by byte.

/// Plain old data: a type that any bytes are a value of, without padding, references or destructors.
///
/// # Safety
/// Every bit pattern of the type's size must be a valid value, and the type must have no padding bytes
/// (they would carry the translator's memory to the guest).
pub unsafe trait Pod: Copy + 'static {}

macro_rules! pods {
    ($($t:ty),*) => { $(
        // SAFETY: an integer has no invalid bit pattern and no padding.
        unsafe impl Pod for $t {}
    )* };
}
pods!(u8, i8, u16, i16, u32, i32, u64, i64, u128, i128, usize, isize);

// SAFETY: a transparent wrapper of u64.
unsafe impl Pod for crate::GuestAddr {}

// SAFETY: an array of such values has no gaps between its elements.
unsafe impl<T: Pod, const N: usize> Pod for [T; N] {}

/// Declares `#[repr(C)]` structs of the kernel's ABI as [`Pod`], and proves at compile time that each has
/// the size given and no padding (its fields' sizes add up to the whole).
#[macro_export]
macro_rules! abi_struct {
    ($( $(#[$meta:meta])* $vis:vis struct $name:ident : $size:literal { $( $(#[$fmeta:meta])* $fvis:vis $field:ident : $ty:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(C)]
        #[allow(missing_docs, reason = "the fields' names are the kernel's")]
        $vis struct $name { $( $(#[$fmeta])* $fvis $field: $ty ),* }
        const _: () = {
            const fn pod<T: $crate::Pod>() {}
            $( pod::<$ty>(); )*
            assert!(size_of::<$name>() == $size, "the size must be the kernel's");
            assert!(0 $( + size_of::<$ty>() )* == $size, "no padding");
        };
        // SAFETY: repr(C), each field is Pod, and the assertion above rules padding out.
        unsafe impl $crate::Pod for $name {}
        impl Default for $name {
            fn default() -> Self {
                $crate::pod_zeroed()
            }
        }
    )* };
}

/// Declares a `#[repr(transparent)]` wrapper of a [`Pod`] type as Pod.
#[macro_export]
macro_rules! pod_newtype {
    ($name:ident, $inner:ty) => {
        const _: () = {
            const fn pod<T: $crate::Pod>() {}
            pod::<$inner>();
            // Fails to compile unless the type is a wrapper of `$inner` alone.
            let _: fn($inner) -> $name = $name;
            assert!(size_of::<$name>() == size_of::<$inner>());
        };
        // SAFETY: one field of a Pod type and nothing beside it, as asserted above.
        unsafe impl $crate::Pod for $name {}
    };
}

/// The value whose bytes are all zero.
pub fn zeroed<T: Pod>() -> T {
    // SAFETY: every bit pattern is a value of a Pod type.
    unsafe { std::mem::zeroed() }
}

/// The bytes of a value.
pub fn bytes_of<T: Pod>(value: &T) -> &[u8] {
    // SAFETY: a Pod type has no padding, so all its bytes are initialised.
    unsafe { std::slice::from_raw_parts((value as *const T).cast(), size_of::<T>()) }
}

/// The bytes of a slice of values.
pub fn bytes_of_slice<T: Pod>(values: &[T]) -> &[u8] {
    // SAFETY: as for `bytes_of`; slice elements are contiguous.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// The bytes of a slice of values, to be filled in.
pub fn bytes_of_slice_mut<T: Pod>(values: &mut [T]) -> &mut [u8] {
    // SAFETY: as for `bytes_of_slice`, and any bytes written are valid values.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) }
}
