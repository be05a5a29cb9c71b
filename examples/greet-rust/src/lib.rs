//! A library whose tests run on the machine that it is built for.

/// A greeting from this machine.
pub fn greet(name: &str) -> String {
    format!("Hello, {name}, from {}", std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    #[test]
    fn unit() {
        assert!(super::greet("test").starts_with("Hello, test, from "));
    }
}
