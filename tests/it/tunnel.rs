//! What every proxy of the tests does: it reads what it is asked, and passes bytes on between two connections.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

/// The head of the next request; none if the connection ends before.
pub(super) fn head(stream: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return None;
        }
        head.extend(byte);
    }
    Some(String::from_utf8(head).unwrap())
}

/// Says that the way is open, and passes on both ways until both are done.
pub(super) fn tunnel(mut stream: TcpStream, mut there: TcpStream) {
    stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
    let (mut back, mut forth) = (there.try_clone().unwrap(), stream.try_clone().unwrap());
    let thread = std::thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut forth);
        let _ = forth.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut stream, &mut there);
    let _ = there.shutdown(Shutdown::Both);
    let _ = thread.join();
}
