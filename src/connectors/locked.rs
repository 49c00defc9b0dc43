//! The locks of connectors: nothing that is done under one can leave what it holds half done, so that it is fine after a panic, too.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a lock holds. Never across a wait.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
