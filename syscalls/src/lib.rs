//! Linux as the guest sees it.
