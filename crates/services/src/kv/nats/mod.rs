mod names;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{CreateErrorKind, Entry, Operation, Store as Bucket, UpdateErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use holm_manifest::Remote;

use super::{KvError, PAGE_KEYS, Page, Store, StoreLimits, Stores, Swap, limits, number};
use crate::health::Manners;
use crate::nats::{Link, lost};

type Failure = crate::nats::Failure<KvError>;

impl From<KvError> for Failure {
    fn from(error: KvError) -> Self {
        Self::Refused(error)
    }
}

/// Stores in key-value buckets of a NATS server with JetStream.
///
/// A store is the bucket of its own name, or the one that all of them were given; one that is not there is created, with
/// a history of one value. Keys that NATS cannot name are spelt out (`=` and two hexadecimal digits for a byte). Who names
/// the same server and bucket shares it.
///
/// What differs from other stores, because NATS before 2.12 has no batches: [`Store::set_many`] and
/// [`Store::delete_many`] are not atomic. They write in order and end at what fails first, and [`Store::get_many`] reads
/// one after the other. A value is also bounded by the server's largest message (`max_payload`, 1 MiB unless it says
/// otherwise). A bucket of other programs' making with replicas may be read from one that is a moment behind; counting and
/// swapping are exact all the same. Listing looks at all keys of the bucket for each page.
///
/// Nothing is connected to before the first operation. A connection that broke is made again by itself; operations fail
/// meanwhile, and those that were under way may or may not have taken effect.
#[derive(Clone)]
pub struct NatsStores {
    link: Arc<Link>,
    bucket: Option<String>,
    limits: StoreLimits,
    opened: Arc<Mutex<HashMap<String, Bucket>>>,
}

/// How often a value is tried to be changed that others change meanwhile.
const TRIES: usize = 100;
/// How many times the patience of one step listing may take.
const LISTING: u32 = 12;
/// What a message has beside the value.
const HEADERS: usize = 1024;

impl NatsStores {
    /// Stores on `server`: each in the bucket of its own name, or all in `bucket`.
    pub fn new(server: &Remote, bucket: Option<String>, manners: Manners, limits: StoreLimits) -> Self {
        Self { link: Link::new(server.clone(), manners), bucket, limits, opened: Arc::default() }
    }
}

#[async_trait]
impl Stores for NatsStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        limits::check_name(name)?;
        let bucket = self.bucket.clone().unwrap_or_else(|| name.to_owned());
        if !crate::nats::is_bucket(&bucket) {
            return Err(KvError::Unfit { store: name.to_owned(), why: crate::nats::NO_BUCKET });
        }
        Ok(Arc::new(NatsStore { link: Arc::clone(&self.link), inner: Inner { stores: self.clone(), bucket } }))
    }
}

struct NatsStore {
    link: Arc<Link>,
    inner: Inner,
}

/// What a piece of work takes along.
#[derive(Clone)]
struct Inner {
    stores: NatsStores,
    bucket: String,
}

impl Inner {
    fn opened(&self) -> std::sync::MutexGuard<'_, HashMap<String, Bucket>> {
        self.stores.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bucket, which is looked up once for all who use it.
    async fn bucket(&self, session: &Context) -> Result<Bucket, Failure> {
        if let Some(bucket) = self.opened().get(&self.bucket) {
            return Ok(bucket.clone());
        }
        let bucket = match session.get_key_value(&self.bucket).await {
            Ok(bucket) => bucket,
            Err(_) => {
                // Creating one that is there, with the same settings, is no error: others may have been faster.
                session.create_stream(stream(&self.bucket)).await.map_err(lost)?;
                session.get_key_value(&self.bucket).await.map_err(lost)?
            }
        };
        self.opened().insert(self.bucket.clone(), bucket.clone());
        Ok(bucket)
    }

    /// Checks a value against the server's limit as well.
    fn check(&self, session: &Context, value: &[u8]) -> Result<(), KvError> {
        let largest = session.client().max_payload().saturating_sub(HEADERS) as u64;
        if value.len() as u64 > largest {
            return Err(KvError::ValueTooLarge { length: value.len() as u64, limit: largest });
        }
        Ok(())
    }

    fn value(&self, entry: Option<&Entry>) -> Result<Option<Vec<u8>>, KvError> {
        let Some(entry) = entry else { return Ok(None) };
        self.stores.limits.check_value(&entry.value)?;
        Ok(Some(entry.value.to_vec()))
    }
}

/// The stream that is a bucket (nats-architecture-and-design, ADR-8). Not the client's own way to create one, which asks
/// for more rights, and for servers newer than those that are around.
fn stream(bucket: &str) -> Config {
    Config {
        name: format!("KV_{bucket}"),
        subjects: vec![format!("$KV.{bucket}.>")],
        max_messages_per_subject: 1,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        // Then a replica could answer that does not have the last write yet.
        allow_direct: false,
        ..Config::default()
    }
}

/// How many times the patience of one step so many of them may take.
fn steps(count: usize) -> u32 {
    1 + (count / 100) as u32
}

/// What is there at `name` now: its value and revision.
async fn current(bucket: &Bucket, name: &str) -> Result<Option<Entry>, Failure> {
    let entry = bucket.entry(name).await.map_err(lost)?;
    Ok(entry.filter(|entry| entry.operation == Operation::Put))
}

/// Writes `value` if nobody wrote since `before` was read; whether that was so.
async fn replace(bucket: &Bucket, name: &str, before: Option<&Entry>, value: Vec<u8>) -> Result<bool, Failure> {
    match before {
        Some(before) => match bucket.update(name, value.into(), before.revision).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(false),
            Err(error) => Err(lost(error)),
        },
        None => match bucket.create(name, value.into()).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(lost(error)),
        },
    }
}

impl NatsStore {
    async fn with<T: Send + 'static, F>(
        &self,
        times: u32,
        work: impl FnOnce(Inner, Context, Bucket) -> F + Send + 'static,
    ) -> Result<T, KvError>
    where
        F: Future<Output = Result<T, Failure>> + Send,
    {
        let inner = self.inner.clone();
        let done = self.link.run(times, |session| async move {
            let bucket = inner.bucket(&session).await?;
            work(inner, session, bucket).await
        });
        let done = done.await;
        if matches!(done, Err(KvError::Storage(_))) {
            // The bucket may be gone, and be made again.
            self.inner.opened().remove(&self.inner.bucket);
        }
        done
    }
}

#[async_trait]
impl Store for NatsStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        limits::check_key(key)?;
        let name = names::encode(key);
        self.with(1, |inner, _, bucket| async move { Ok(inner.value(current(&bucket, &name).await?.as_ref())?) }).await
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KvError> {
        self.set_many(vec![(key.to_owned(), value)]).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.delete_many(vec![key.to_owned()]).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        limits::check_key(key)?;
        let name = names::encode(key);
        self.with(1, |_, _, bucket| async move { Ok(current(&bucket, &name).await?.is_some()) }).await
    }

    async fn list_keys(&self, cursor: Option<&str>) -> Result<Page, KvError> {
        let cursor = cursor.map(str::to_owned);
        let listed = self.with(LISTING, |_, _, bucket| async move {
            let mut names = bucket.keys().await.map_err(lost)?;
            // The first page of those after the cursor, however many there are.
            let mut first = BTreeSet::new();
            while let Some(name) = names.try_next().await.map_err(lost)? {
                let Some(key) = names::decode(&name) else { continue };
                if cursor.as_ref().is_none_or(|cursor| key > *cursor) {
                    first.insert(key);
                    if first.len() > PAGE_KEYS + 1 {
                        first.pop_last();
                    }
                }
            }
            Ok(first)
        });
        Ok(Page::of(listed.await?.into_iter().collect()))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        limits::check_key(key)?;
        let (key, name) = (key.to_owned(), names::encode(key));
        self.with(1, move |_, _, bucket| async move {
            for _ in 0..TRIES {
                let before = current(&bucket, &name).await?;
                let sum = number::add(&key, before.as_ref().map(|entry| &*entry.value), delta)?;
                if replace(&bucket, &name, before.as_ref(), sum.to_string().into_bytes()).await? {
                    return Ok(sum);
                }
            }
            Err(KvError::Contended { key }.into())
        })
        .await
    }

    async fn compare_and_swap(&self, key: &str, expected: Option<Vec<u8>>, value: Vec<u8>) -> Result<Swap, KvError> {
        limits::check_key(key)?;
        self.inner.stores.limits.check_value(&value)?;
        let (key, name) = (key.to_owned(), names::encode(key));
        self.with(1, move |inner, session, bucket| async move {
            inner.check(&session, &value)?;
            for _ in 0..TRIES {
                let before = current(&bucket, &name).await?;
                let found = inner.value(before.as_ref())?;
                if found != expected {
                    return Ok(Swap::Conflict(found));
                }
                if replace(&bucket, &name, before.as_ref(), value.clone()).await? {
                    return Ok(Swap::Done);
                }
            }
            Err(KvError::Contended { key }.into())
        })
        .await
    }

    async fn get_many(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        limits::check_keys(keys.iter())?;
        self.with(steps(keys.len()), |inner, _, bucket| async move {
            let (mut values, mut batch) = (Vec::with_capacity(keys.len()), limits::Batch::default());
            for key in &keys {
                let value = inner.value(current(&bucket, &names::encode(key)).await?.as_ref())?;
                batch.add(value.as_ref().map_or(0, Vec::len))?;
                values.push(value);
            }
            Ok(values)
        })
        .await
    }

    async fn set_many(&self, pairs: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        limits::check_pairs(&pairs, &self.inner.stores.limits)?;
        self.with(steps(pairs.len()), |inner, session, bucket| async move {
            pairs.iter().try_for_each(|(_, value)| inner.check(&session, value))?;
            for (key, value) in pairs {
                bucket.put(names::encode(&key), value.into()).await.map_err(lost)?;
            }
            Ok(())
        })
        .await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        limits::check_keys(keys.iter())?;
        self.with(steps(keys.len()), |_, _, bucket| async move {
            for key in keys {
                bucket.delete(names::encode(&key)).await.map_err(lost)?;
            }
            Ok(())
        })
        .await
    }
}
