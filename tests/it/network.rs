//! What networks and services do to the whole program: certificates, proxies, faults of every kind, and what it must never send.

mod authority;
mod bad_hour;
mod front;
mod proxy;
mod reading;
mod tls;
mod ways;
