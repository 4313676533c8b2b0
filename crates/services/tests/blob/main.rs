//! What a guest sees of containers of blobs, in every backend.
#![cfg(feature = "remote")]
#![allow(missing_docs, clippy::unwrap_used)]

mod files;
#[path = "../servers/mod.rs"]
mod servers;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use holm_manifest::Backend;
use holm_services::blob::{
    BlobError, BlobLimits, Container, Containers, FileContainers, MAX_CONTAINER_NAME, MAX_NAMES, MAX_OBJECT_NAME,
    MemoryContainers, NatsContainers, OBJECT, PAGE_NAMES, PIECE, Spool, copy, rename,
};
use holm_services::{Manners, StorageError};

const SMALL: BlobLimits = BlobLimits { max_object: 3000, max_total: 4 * OBJECT, max_all: u64::MAX };

fn ours(limits: BlobLimits) -> (tempfile::TempDir, Vec<Box<dyn Containers>>) {
    let directory = tempfile::tempdir().unwrap();
    let files = FileContainers::at(directory.path().join("stores.db"), limits);
    (directory, vec![Box::new(MemoryContainers::new(limits)), Box::new(files)])
}

fn nats(backend: &Backend, limits: BlobLimits) -> NatsContainers {
    let Backend::Nats { server, bucket } = backend else { panic!("{backend} is not on NATS") };
    let spool = Spool::new(std::env::temp_dir(), u64::MAX);
    NatsContainers::new(server, bucket.clone(), Manners::default(), limits, spool)
}

async fn each_of_ours<F: Future<Output = ()>>(limits: BlobLimits, test: impl Fn(Arc<dyn Containers>) -> F) {
    let (_directory, backends) = ours(limits);
    for containers in backends {
        test(Arc::from(containers)).await;
    }
}

async fn each<F: Future<Output = ()>>(limits: BlobLimits, test: impl Fn(Arc<dyn Containers>) -> F) {
    each_of_ours(limits, &test).await;
    if let Some(server) = servers::nats() {
        test(Arc::new(nats(&server.backend(""), limits))).await;
    }
}

pub(crate) async fn container(containers: &dyn Containers, name: &str) -> Arc<dyn Container> {
    containers.create(name).await.unwrap().0
}

pub(crate) async fn put(container: &dyn Container, name: &str, bytes: &[u8]) -> Result<(), BlobError> {
    let mut writer = container.write(name).await?;
    for piece in bytes.chunks(PIECE) {
        writer.write(Bytes::copy_from_slice(piece)).await?;
    }
    writer.finish().await
}

pub(crate) async fn range(container: &dyn Container, name: &str, start: u64, end: u64) -> Result<Vec<u8>, BlobError> {
    let mut reader = container.read(name, start, end).await?;
    let mut bytes = Vec::new();
    let size = reader.size();
    while let Some(piece) = reader.next().await? {
        assert!((1..=PIECE).contains(&piece.len()));
        bytes.extend_from_slice(&piece);
    }
    assert_eq!(bytes.len() as u64, size);
    Ok(bytes)
}

pub(crate) async fn get(container: &dyn Container, name: &str) -> Result<Vec<u8>, BlobError> {
    range(container, name, 0, u64::MAX).await
}

async fn names(container: &dyn Container) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let page = container.list(cursor.as_deref()).await.unwrap();
        names.extend(page.names);
        cursor = page.cursor;
        if cursor.is_none() {
            return names;
        }
    }
}

fn no_object<T: std::fmt::Debug>(result: Result<T, BlobError>) -> bool {
    matches!(result, Err(BlobError::NoObject { .. }))
}

fn no_container<T>(result: Result<T, BlobError>) -> bool {
    matches!(result, Err(BlobError::NoContainer { .. }))
}

#[tokio::test]
async fn an_object_is_there_from_its_finish_to_its_deletion() {
    each(BlobLimits::default(), async |containers| {
        let images = container(&*containers, "images").await;
        assert!(no_object(get(&*images, "a").await));
        assert_eq!(images.info("a").await.unwrap(), None);
        let mut writer = images.write("a").await.unwrap();
        writer.write(Bytes::from_static(b"one ")).await.unwrap();
        writer.write(Bytes::from_static(b"and two")).await.unwrap();
        assert!(no_object(get(&*images, "a").await), "not before it is finished");
        writer.finish().await.unwrap();
        assert_eq!(get(&*images, "a").await.unwrap(), b"one and two");
        assert_eq!(images.info("a").await.unwrap().unwrap().size, 11);
        put(&*images, "a", b"new").await.unwrap();
        assert_eq!(get(&*images, "a").await.unwrap(), b"new");
        images.delete(vec!["a".to_owned(), "never".to_owned()]).await.unwrap();
        assert!(no_object(get(&*images, "a").await));
    })
    .await;
}

#[tokio::test]
async fn a_writer_that_is_dropped_leaves_what_was_there() {
    each(BlobLimits::default(), async |containers| {
        let images = container(&*containers, "images").await;
        put(&*images, "a", b"old").await.unwrap();
        let mut writer = images.write("a").await.unwrap();
        writer.write(Bytes::from_static(b"new")).await.unwrap();
        drop(writer);
        drop(images.write("b").await.unwrap());
        assert_eq!(get(&*images, "a").await.unwrap(), b"old");
        assert_eq!(names(&*images).await, ["a"]);
    })
    .await;
}

#[tokio::test]
async fn large_and_empty_objects_come_back_as_they_were() {
    each(BlobLimits::default(), async |containers| {
        let images = container(&*containers, "images").await;
        let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n * 7 / 3) as u8).collect();
        put(&*images, "large", &large).await.unwrap();
        put(&*images, "empty", b"").await.unwrap();
        assert!(get(&*images, "large").await.unwrap() == large);
        assert_eq!(get(&*images, "empty").await.unwrap(), b"");
        for (start, end) in [(0, 0), (65_535, 65_536), (1_000_000, 2_000_000), (2_999_999, u64::MAX)] {
            let part = &large[start as usize..=(end as usize).min(large.len() - 1)];
            assert!(range(&*images, "large", start, end).await.unwrap() == part, "{start} to {end}");
        }
        assert_eq!(range(&*images, "large", 3_000_000, 4_000_000).await.unwrap(), b"");
        let refused = range(&*images, "large", 2, 1).await;
        assert_eq!(refused.unwrap_err(), BlobError::Range { start: 2, end: 1 });
    })
    .await;
}

#[tokio::test]
async fn a_containers_life_begins_with_its_creation() {
    each(BlobLimits::default(), async |containers| {
        assert!(containers.open("images").await.unwrap().is_none());
        containers.delete("images").await.unwrap();
        let (images, new) = containers.create("images").await.unwrap();
        assert!(new && images.name() == "images");
        assert!(!containers.create("images").await.unwrap().1);
        let age = SystemTime::now().duration_since(images.created().await.unwrap()).unwrap_or_default();
        assert!(age < Duration::from_secs(60), "{age:?}");
        put(&*images, "a", b"1").await.unwrap();
        let other = container(&*containers, "other").await;
        assert!(names(&*other).await.is_empty());

        let late = images.write("late").await.unwrap();
        containers.delete("images").await.unwrap();
        assert!(containers.open("images").await.unwrap().is_none());
        assert!(no_container(images.info("a").await));
        assert!(no_container(images.list(None).await));
        assert!(no_container(images.write("b").await));
        assert!(no_container(late.finish().await));
        let again = container(&*containers, "images").await;
        assert!(names(&*again).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn names_are_listed_in_pages_and_in_order() {
    each_of_ours(BlobLimits::default(), async |containers| {
        let images = container(&*containers, "images").await;
        let all: Vec<String> = (0..PAGE_NAMES + 1).map(|n| format!("{n:05}")).collect();
        for name in all.iter().rev() {
            put(&*images, name, b"x").await.unwrap();
        }
        let first = images.list(None).await.unwrap();
        assert_eq!(first.names, all[..PAGE_NAMES]);
        put(&*images, "00000a", b"x").await.unwrap();
        images.delete(vec![all[PAGE_NAMES - 1].clone()]).await.unwrap();
        let second = images.list(first.cursor.as_deref()).await.unwrap();
        assert_eq!((second.names.as_slice(), second.cursor), (&all[PAGE_NAMES..], None));
        images.clear().await.unwrap();
        assert!(names(&*images).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn odd_names_are_kept_apart() {
    each(BlobLimits::default(), async |containers| {
        let images = container(&*containers, "images").await;
        let odd = ["../../etc/passwd", "/", "a\0b", "a b", "ключ", "'; DROP TABLE objects; --", "*", ">"];
        for name in odd {
            put(&*images, name, name.as_bytes()).await.unwrap();
        }
        for name in odd {
            assert_eq!(get(&*images, name).await.unwrap(), name.as_bytes());
        }
        let mut sorted = odd;
        sorted.sort_unstable();
        assert_eq!(names(&*images).await, sorted);
        images.clear().await.unwrap();
        assert!(names(&*images).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn names_have_a_sensible_length() {
    each(BlobLimits::default(), async |containers| {
        assert!(matches!(containers.open("").await, Err(BlobError::ContainerName { length: 0 })));
        let long = "x".repeat(MAX_CONTAINER_NAME + 1);
        assert!(matches!(containers.create(&long).await, Err(BlobError::ContainerName { .. })));
        let images = container(&*containers, "images").await;
        put(&*images, &"x".repeat(MAX_OBJECT_NAME), b"x").await.unwrap();
        for name in [String::new(), "x".repeat(MAX_OBJECT_NAME + 1)] {
            let refused = BlobError::Name { length: name.len() };
            assert_eq!(put(&*images, &name, b"").await.unwrap_err(), refused);
            assert_eq!(get(&*images, &name).await.unwrap_err(), refused);
            assert_eq!(images.delete(vec![name]).await.unwrap_err(), refused);
        }
        assert_eq!(images.delete(vec!["x".to_owned(); MAX_NAMES + 1]).await.unwrap_err(), BlobError::TooMany);
    })
    .await;
}

#[tokio::test]
async fn objects_are_copied_and_moved_between_containers() {
    each(BlobLimits::default(), async |containers| {
        let (one, two) = (container(&*containers, "one").await, container(&*containers, "two").await);
        put(&*one, "a", b"content").await.unwrap();
        put(&*two, "b", b"replaced").await.unwrap();
        copy(&*one, "a", &*two, "b").await.unwrap();
        assert_eq!(get(&*two, "b").await.unwrap(), b"content");
        rename(&*one, "a", &*one, "c").await.unwrap();
        assert_eq!(names(&*one).await, ["c"]);
        rename(&*one, "c", &*one, "c").await.unwrap();
        copy(&*one, "c", &*one, "c").await.unwrap();
        rename(&*one, "c", &*two, "d").await.unwrap();
        assert!(names(&*one).await.is_empty());
        assert_eq!(get(&*two, "d").await.unwrap(), b"content");
        assert!(no_object(copy(&*one, "c", &*two, "d").await));
        assert!(no_object(rename(&*one, "c", &*one, "c").await));
        assert_eq!(get(&*two, "d").await.unwrap(), b"content", "a failed copy changes nothing");
    })
    .await;
}

#[tokio::test]
async fn who_reads_an_object_goes_on_when_it_is_replaced_or_deleted() {
    each_of_ours(BlobLimits::default(), async |containers| {
        let images = container(&*containers, "images").await;
        let old = vec![1; 3 * PIECE];
        put(&*images, "a", &old).await.unwrap();
        let mut readers = Vec::new();
        for _ in 0..2 {
            readers.push(images.read("a", 0, u64::MAX).await.unwrap());
        }
        assert_eq!(readers[0].next().await.unwrap().unwrap().len(), PIECE);
        put(&*images, "a", b"new").await.unwrap();
        images.clear().await.unwrap();
        containers.delete("images").await.unwrap();
        for (reader, left) in readers.iter_mut().zip([2, 3]) {
            for _ in 0..left {
                assert_eq!(*reader.next().await.unwrap().unwrap(), old[..PIECE]);
            }
            assert_eq!(reader.next().await.unwrap(), None);
        }
    })
    .await;
}

#[tokio::test]
async fn an_object_that_is_too_large_is_refused_as_it_is_written() {
    each(SMALL, async |containers| {
        let images = container(&*containers, "images").await;
        put(&*images, "a", &[0; 2000]).await.unwrap();
        let mut writer = images.write("a").await.unwrap();
        writer.write(vec![0; 3000].into()).await.unwrap();
        let refused = writer.write(vec![0; 1].into()).await.unwrap_err();
        assert_eq!(refused, BlobError::TooLarge { limit: 3000 });
        drop(writer);
        assert_eq!(get(&*images, "a").await.unwrap(), [0; 2000]);
    })
    .await;
}

#[tokio::test]
async fn a_full_container_takes_no_more_until_something_goes() {
    each_of_ours(SMALL, async |containers| {
        let images = container(&*containers, "images").await;
        let full = BlobError::ContainerFull { name: "images".to_owned(), limit: 4 * OBJECT };
        put(&*images, "a", &[0; 1000]).await.unwrap();
        put(&*images, "b", &[0; 1000]).await.unwrap();
        assert_eq!(put(&*images, "c", b"").await.unwrap_err(), full);
        assert_eq!(put(&*images, "a", &[0; 1100]).await.unwrap_err(), full);
        assert_eq!(get(&*images, "a").await.unwrap(), [0; 1000], "the old one stays");
        put(&*images, "a", &[0; 900]).await.unwrap();
        images.delete(vec!["b".to_owned()]).await.unwrap();
        put(&*images, "c", &[0; 1000]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_being_written_and_read_counts_towards_the_limit_of_all() {
    let limits = BlobLimits { max_all: 100_000, ..BlobLimits::default() };
    each_of_ours(limits, async |containers| {
        let full = BlobError::Full { limit: 100_000 };
        let (one, two) = (container(&*containers, "one").await, container(&*containers, "two").await);
        let mut writer = one.write("a").await.unwrap();
        writer.write(vec![0; 60_000].into()).await.unwrap();
        assert_eq!(put(&*two, "b", &[0; 40_000]).await.unwrap_err(), full);
        drop(writer);
        put(&*two, "b", &[0; 60_000]).await.unwrap();
        let reader = two.read("b", 0, 9).await.unwrap();
        two.clear().await.unwrap();
        assert_eq!(put(&*one, "a", &[0; 60_000]).await.unwrap_err(), full);
        drop(reader);
        put(&*one, "a", &[0; 60_000]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn writing_byte_by_byte_takes_no_more_room_than_the_bytes() {
    each_of_ours(BlobLimits::default(), async |containers| {
        let images = container(&*containers, "images").await;
        let mut writer = images.write("a").await.unwrap();
        for n in 0..1000_u32 {
            writer.write(vec![n as u8].into()).await.unwrap();
        }
        writer.finish().await.unwrap();
        let mut reader = images.read("a", 0, u64::MAX).await.unwrap();
        assert_eq!(reader.next().await.unwrap().unwrap().len(), 1000, "in one piece");
    })
    .await;
}

#[tokio::test]
async fn containers_on_nats_come_back_with_their_server() {
    let Some(mut server) = servers::nats() else { return };
    let containers = nats(&server.backend(""), BlobLimits::default());
    let images = container(&containers, "images").await;
    put(&*images, "a", b"content").await.unwrap();
    let mut writer = images.write("b").await.unwrap();
    writer.write(Bytes::from_static(b"b")).await.unwrap();
    server.stop();
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, BlobError::Storage(StorageError::Server { .. })), "{error:?}");
    assert_eq!(error.guest_message(), "the store is unavailable; try again later");
    server.start_again();
    for _ in 0..1000 {
        if get(&*images, "a").await.is_ok_and(|content| content == b"content") {
            put(&*images, "b", b"b").await.unwrap();
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never worked again");
}
