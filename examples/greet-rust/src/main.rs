//! Greets from the machine that it runs on.

fn main() {
    println!("{}", greet::greet(&std::env::args().nth(1).unwrap_or("world".into())));
}
