//! A line between a device and its server, which counts what passes and can break.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Device, World};

/// Forwards to a server.
pub(crate) struct Relay {
    port: u16,
    /// To the server.
    pub(crate) up: Arc<Flow>,
    /// From the server.
    pub(crate) down: Arc<Flow>,
}

/// One direction.
pub(crate) struct Flow {
    passed: AtomicU64,
    most: AtomicU64,
}

impl Flow {
    fn new() -> Arc<Self> {
        Arc::new(Self { passed: AtomicU64::new(0), most: AtomicU64::new(u64::MAX) })
    }

    /// How many bytes have passed since this was asked for last.
    pub(crate) fn passed(&self) -> u64 {
        self.passed.swap(0, Ordering::SeqCst)
    }

    /// From now on a connection is cut after so many bytes in this direction.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.most.store(bytes, Ordering::SeqCst);
    }

    /// From now on no connection is cut.
    pub(crate) fn mend(&self) {
        self.cut_after(u64::MAX);
    }
}

impl Relay {
    pub(crate) fn to(world: &World) -> Self {
        let port: u16 = world.url().rsplit(':').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let (up, down) = (Flow::new(), Flow::new());
        let relay = Self { port: own, up: Arc::clone(&up), down: Arc::clone(&down) };
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (up, down) = (Arc::clone(&up), Arc::clone(&down));
                std::thread::spawn(move || pump(from, to, &up));
                std::thread::spawn(move || pump(server, client, &down));
            }
        });
        relay
    }

    /// The device with this between it and the server.
    pub(crate) fn before(&self, device: &Device) -> Device {
        Device { url: format!("http://127.0.0.1:{}", self.port), ..device.clone() }
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, flow: &Flow) {
    let mut left = flow.most.load(Ordering::SeqCst);
    let mut buffer = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let take = read.min(usize::try_from(left).unwrap_or(usize::MAX));
        if to.write_all(&buffer[..take]).is_err() {
            break;
        }
        flow.passed.fetch_add(take as u64, Ordering::SeqCst);
        left -= take as u64;
        if left == 0 {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
