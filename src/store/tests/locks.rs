//! Locks between real threads and processes.

use super::*;

#[test]
fn only_one_holds_a_lock_and_the_other_learns_who() {
    let folder = folder();
    let path = folder.path().join("lock");
    let held = FileLock::acquire(&path, Duration::ZERO).unwrap();
    assert!(!held.previous_owner_died());
    assert!(FileLock::try_acquire(&path).unwrap().is_none());
    let error = FileLock::acquire(&path, Duration::from_millis(30)).unwrap_err();
    let own = format!("process {}", std::process::id());
    assert!(matches!(&error, StoreError::Locked { holder, .. } if holder.contains(&own)), "{error}");
    assert_eq!(error.kind(), Kind::Retryable);
    drop(held);
    let again = FileLock::acquire(&path, Duration::from_secs(20)).unwrap();
    assert!(!again.previous_owner_died(), "it let go");
}

#[test]
fn a_late_waiter_does_not_keep_the_lock() {
    let folder = folder();
    let path = folder.path().join("lock");
    let held = FileLock::acquire(&path, Duration::ZERO).unwrap();
    assert!(FileLock::acquire(&path, Duration::from_millis(10)).is_err());
    drop(held);
    // The thread of the waiter gets the lock now, and lets it go again.
    FileLock::acquire(&path, Duration::from_secs(20)).unwrap();
}

#[test]
fn many_threads_take_turns() {
    let folder = folder();
    let path = Arc::new(folder.path().join("lock"));
    let inside = Arc::new(AtomicUsize::new(0));
    let turn = |path: Arc<PathBuf>, inside: Arc<AtomicUsize>| {
        for _ in 0..25 {
            let _lock = FileLock::acquire(&path, Duration::from_secs(60)).unwrap();
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold the lock");
            inside.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (path, inside) = (Arc::clone(&path), Arc::clone(&inside));
            std::thread::spawn(move || turn(path, inside))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_removed_lock_file_locks_nobody_out_and_lets_nobody_in() {
    let folder = folder();
    let path = folder.path().join("lock");
    let first = FileLock::acquire(&path, Duration::ZERO).unwrap();
    std::fs::remove_file(&path).unwrap();
    let second = FileLock::acquire(&path, Duration::ZERO).unwrap();
    drop(first);
    assert!(FileLock::try_acquire(&path).unwrap().is_none(), "the second one still holds it");
    drop(second);
}

/// A process that took the lock and was killed: its record stands in the file.
fn die_with(path: &Path, since: SystemTime) {
    let nanos = since.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let text = format!("held 4194303 17 {nanos}");
    std::fs::write(path, format!("{text:<79}\n")).unwrap();
}

#[test]
fn the_next_owner_learns_of_a_death_until_somebody_lets_go() {
    let folder = folder();
    let path = folder.path().join("lock");
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    die_with(&path, since);
    let lock = FileLock::acquire(&path, Duration::ZERO).unwrap();
    assert!(lock.previous_owner_died());
    assert_eq!(lock.dead_owner().unwrap().process.pid, 4_194_303);
    // This owner dies as well, without having cleaned up.
    lock.die();
    let third = FileLock::acquire(&path, Duration::from_secs(20)).unwrap();
    let dead = third.dead_owner().unwrap();
    assert_eq!(dead.process, ProcessId::current());
    assert_eq!(dead.since, since, "what the first one left half done may still lie there");
    drop(third);
    assert!(!FileLock::acquire(&path, Duration::ZERO).unwrap().previous_owner_died());
}

/// No test by itself: the program of the next one.
#[test]
#[ignore = "run by a_killed_process_frees_its_lock_and_is_named"]
fn lock_holder() {
    let Some(path) = std::env::var_os("LOCK_PATH").map(PathBuf::from) else { return };
    let _lock = FileLock::acquire(&path, Duration::ZERO).unwrap();
    write_atomic(&path.with_extension("held"), b"held", 0o600).unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn a_killed_process_frees_its_lock_and_is_named() {
    let folder = folder();
    let path = folder.path().join("lock");
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::locks::lock_holder", "--ignored"])
        .env("LOCK_PATH", &path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !path.with_extension("held").exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "the holder did not begin");
        std::thread::yield_now();
    }
    let error = FileLock::acquire(&path, Duration::from_millis(10)).unwrap_err();
    assert!(error.to_string().contains(&format!("process {} (", holder.id())), "{error}");
    // Waits in the queue of the kernel while the holder dies.
    let waiter = std::thread::spawn({
        let path = path.clone();
        move || FileLock::acquire(&path, Duration::from_secs(60)).unwrap().dead_owner()
    });
    holder.kill().unwrap();
    let dead = waiter.join().unwrap().expect("it died holding the lock");
    assert_eq!(dead.process.pid, holder.id() as i32);
    holder.wait().unwrap();
}

#[test]
fn a_panic_counts_as_a_death() {
    let folder = folder();
    let path = folder.path().join("lock");
    let panicked = std::thread::spawn({
        let path = path.clone();
        move || {
            let _lock = FileLock::acquire(&path, Duration::ZERO).unwrap();
            std::panic::resume_unwind(Box::new("half done"));
        }
    });
    assert!(panicked.join().is_err());
    assert!(FileLock::acquire(&path, Duration::ZERO).unwrap().previous_owner_died());
}

#[test]
fn nonsense_in_a_lock_file_is_no_owner() {
    let folder = folder();
    let path = folder.path().join("lock");
    for text in ["", "held", "held x y z", "held 1 2", "\u{fffd}held 1 2 3", "free"] {
        std::fs::write(&path, text).unwrap();
        assert!(!FileLock::acquire(&path, Duration::ZERO).unwrap().previous_owner_died(), "{text:?}");
    }
}
