//! From what a manifest's `[services]` names to stores that guests can be lent.

mod by_name;
mod opened;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holm_manifest::{Backend, Services};

use crate::alarm::Report;
use crate::blob::{BlobLimits, Containers, MAX_CONTAINER_NAME, MemoryContainers, Spool};
#[cfg(feature = "remote")]
use crate::health::Manners;
use crate::kv::{MAX_NAME, MemoryStores, StoreLimits, Stores};
#[cfg(feature = "http")]
use crate::llm::Llm;
use crate::servers::Servers;
use crate::sql::{AppDatabases, DatabaseFile, Databases, NoDatabases, Place, Scratch};
use crate::tally::Tally;
use crate::told::Told;
use crate::variables::Variables;
use by_name::ByName;
use opened::{Files, Opened};

/// What keeps the stores of one app. Its guests share it, as do versions of it that follow each other.
///
/// Nothing is opened or connected to before a guest uses it, and then once for all guests; it is let go with the last
/// guest that was lent it. Only what is in memory stays until this is dropped.
pub struct AppStores {
    embedded: Option<Embedded>,
    report: Option<Report>,
    servers: Arc<Servers>,
    kv: MemoryStores,
    blob: MemoryContainers,
    files: Opened<PathBuf, Files>,
    databases: Arc<Opened<PathBuf, DatabaseFile>>,
    scratch: Arc<Scratch>,
    told: Arc<Told>,
    #[cfg(feature = "sql")]
    libsql: crate::sql::LibsqlServers,
    #[cfg(feature = "remote")]
    kv_remote: Opened<Backend, dyn Stores>,
    #[cfg(feature = "remote")]
    blob_remote: Opened<Backend, dyn Containers>,
    #[cfg(feature = "http")]
    llm: Opened<holm_manifest::Llm, Llm>,
}

/// Where `embedded` stores are.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// The SQLite file. What belongs to it lies beside it and begins with its name.
    pub file: PathBuf,
    /// A folder that has to be there for stores to be opened: an app that was removed has none any more, and must not get
    /// it back.
    pub inside: Option<PathBuf>,
}

/// How much one guest may keep in stores that Holm keeps itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct LentLimits {
    /// Of key-value stores.
    pub kv: StoreLimits,
    /// Of containers of blobs.
    pub blob: BlobLimits,
    /// Bytes of each database's file. 0: as many as the disk has.
    pub sql: u64,
}

impl LentLimits {
    /// At most `store` bytes in all, in each file and in memory.
    pub fn of(store: u64) -> Self {
        let kv = StoreLimits { max_total: store, max_all: store, ..StoreLimits::default() };
        Self { kv, blob: BlobLimits { max_object: store, max_total: store, max_all: store }, sql: store }
    }
}

/// What one guest is lent.
#[derive(Clone)]
pub struct Lent {
    /// The key-value stores it was granted, by name.
    pub kv: Arc<dyn Stores>,
    /// The containers it was granted, by name.
    pub blob: Arc<dyn Containers>,
    /// Where its blobs wait for their container.
    pub spool: Spool,
    /// Connections to servers, which all guests of the app share.
    pub servers: Arc<Servers>,
    /// The SQLite databases that it may be granted, by name.
    pub sql: Arc<dyn Databases>,
    /// Its variables.
    pub variables: Arc<Variables>,
    /// What runs the models it was granted; `None`: nothing does.
    #[cfg(feature = "http")]
    pub llm: Option<Arc<Llm>>,
}

impl Lent {
    /// These stores, and nothing else.
    pub fn stores(kv: Arc<dyn Stores>, blob: Arc<dyn Containers>, spool: Spool) -> Self {
        Self {
            kv,
            blob,
            spool,
            servers: Arc::default(),
            sql: Arc::new(NoDatabases),
            variables: Arc::default(),
            #[cfg(feature = "http")]
            llm: None,
        }
    }
}

impl AppStores {
    /// Stores that are opened as `[services]` says. With `None` there is no place for `embedded` ones. `report` is told
    /// of files and servers that cannot be used.
    pub fn new(embedded: Option<Embedded>, report: Option<Report>) -> Self {
        let memory = Arc::<Tally>::default();
        Self {
            embedded,
            #[cfg(feature = "sql")]
            libsql: crate::sql::LibsqlServers::new(Manners { report: report.clone(), ..Manners::default() }),
            servers: Arc::new(Servers::telling(report.as_ref())),
            told: Arc::new(Told::new(report.clone())),
            report,
            kv: MemoryStores::counted(&memory),
            blob: MemoryContainers::counted(&memory),
            files: Opened::default(),
            databases: Arc::default(),
            scratch: Arc::default(),
            #[cfg(feature = "remote")]
            kv_remote: Opened::default(),
            #[cfg(feature = "remote")]
            blob_remote: Opened::default(),
            #[cfg(feature = "http")]
            llm: Opened::default(),
        }
    }

    /// The key-value stores and the containers with these names, where `services` says.
    ///
    /// # Errors
    /// A sentence for each that cannot be kept where it should be.
    pub fn lend(
        &self,
        services: &Services,
        kv: &[String],
        blob: &[String],
        limits: LentLimits,
    ) -> Result<Lent, Vec<String>> {
        let spool = Spool::new(std::env::temp_dir(), limits.blob.max_total);
        let (mut stores, mut containers, mut wrong) = (ByName::default(), ByName::default(), Vec::new());
        for name in kv {
            match self.kv(name, services.kv(name), limits.kv) {
                Ok(place) => stores.add(name, place),
                Err(why) => wrong.push(format!("the key-value store `{name}`: {why}")),
            }
        }
        for name in blob {
            match self.blob(name, services.blob(name), limits.blob) {
                Ok(place) => containers.add(name, place),
                Err(why) => wrong.push(format!("the container of blobs `{name}`: {why}")),
            }
        }
        #[cfg(feature = "http")]
        let llm = self.llm(services).unwrap_or_else(|why| {
            wrong.push(format!("the server of models: {why}"));
            None
        });
        match wrong.is_empty() {
            true => Ok(Lent {
                #[cfg(feature = "http")]
                llm,
                servers: Arc::clone(&self.servers),
                sql: Arc::new(self.databases(services, limits.sql)),
                ..Lent::stores(Arc::new(stores), Arc::new(containers), spool)
            }),
            false => Err(wrong),
        }
    }

    fn kv(&self, name: &str, backend: &Backend, limits: StoreLimits) -> Result<Arc<dyn Stores>, String> {
        check_length(name, MAX_NAME)?;
        Ok(match backend {
            Backend::Memory => Arc::new(self.kv.under(limits)),
            Backend::Embedded => Arc::new(self.embedded()?.kv(limits)),
            Backend::Sqlite(path) => Arc::new(self.file(path, None).kv(limits)),
            #[cfg(feature = "remote")]
            Backend::Redis { server, database } => self.kv_remote.get(backend, || {
                Arc::new(crate::kv::RedisStores::new(server, *database, self.manners(), StoreLimits::default()))
            }),
            #[cfg(feature = "remote")]
            Backend::Nats { server, bucket } => {
                check_bucket(bucket.as_deref().unwrap_or(name))?;
                self.kv_remote.get(backend, || {
                    let limits = StoreLimits::default();
                    Arc::new(crate::kv::NatsStores::new(server, bucket.clone(), self.manners(), limits))
                })
            }
            other => return Err(not_built(other)),
        })
    }

    fn blob(&self, name: &str, backend: &Backend, limits: BlobLimits) -> Result<Arc<dyn Containers>, String> {
        check_length(name, MAX_CONTAINER_NAME)?;
        Ok(match backend {
            Backend::Memory => Arc::new(self.blob.under(limits)),
            Backend::Embedded => Arc::new(self.embedded()?.blob(limits)),
            Backend::Sqlite(path) => Arc::new(self.file(path, None).blob(limits)),
            #[cfg(feature = "remote")]
            Backend::Nats { server, bucket } => {
                check_bucket(bucket.as_deref().unwrap_or(name))?;
                self.blob_remote.get(backend, || {
                    let spool = Spool::new(std::env::temp_dir(), limits.max_total);
                    let limits = BlobLimits::default();
                    Arc::new(crate::blob::NatsContainers::new(server, bucket.clone(), self.manners(), limits, spool))
                })
            }
            Backend::Redis { .. } => return Err(REDIS_BLOBS.to_owned()),
            other => return Err(not_built(other)),
        })
    }

    #[cfg(feature = "http")]
    fn llm(&self, services: &Services) -> Result<Option<Arc<Llm>>, String> {
        let Some(named) = &services.llm else { return Ok(None) };
        let new = Llm::new(named, self.report.clone())?;
        Ok(Some(self.llm.get(named, || new)))
    }

    /// The databases that `services` has for guests, none of which is touched before it is used.
    fn databases(&self, services: &Services, most: u64) -> AppDatabases {
        let folder = self.embedded.as_ref().map(|embedded| {
            let mut folder = embedded.file.clone().into_os_string();
            folder.push("-databases");
            (PathBuf::from(folder), embedded.inside.clone())
        });
        let (databases, report, told) = (Arc::clone(&self.databases), self.report.clone(), Arc::clone(&self.told));
        let place: Place = Arc::new(move |path, inside| {
            databases.get(path, || Arc::new(DatabaseFile::at(path, inside, report.clone(), &told)))
        });
        let room = if most == 0 { u64::MAX } else { most };
        AppDatabases::new(
            folder,
            services.sql.clone(),
            Arc::clone(&self.scratch),
            room,
            place,
            #[cfg(feature = "sql")]
            self.libsql.clone(),
        )
    }

    fn embedded(&self) -> Result<Arc<Files>, String> {
        match &self.embedded {
            Some(embedded) => Ok(self.file(&embedded.file, embedded.inside.as_deref())),
            None => Err("there is no home directory to keep it in; HOLM_STATE_DIR names a folder".to_owned()),
        }
    }

    fn file(&self, path: &Path, inside: Option<&Path>) -> Arc<Files> {
        self.files.get(&path.to_owned(), || Arc::new(Files::at(path, inside, self.report.clone())))
    }

    #[cfg(feature = "remote")]
    fn manners(&self) -> Manners {
        Manners { report: self.report.clone(), ..Manners::default() }
    }
}

const REDIS_BLOBS: &str =
    "a Redis server keeps no blobs, which it would all hold in its memory; use `embedded`, sqlite: or nats://";

fn check_length(name: &str, most: usize) -> Result<(), String> {
    match name.len() {
        length if length > most => Err(format!("its name has {length} bytes, and may have {most}")),
        _ => Ok(()),
    }
}

#[cfg(feature = "remote")]
fn check_bucket(bucket: &str) -> Result<(), String> {
    match crate::nats::is_bucket(bucket) {
        true => Ok(()),
        false => Err(crate::nats::NO_BUCKET.to_owned()),
    }
}

fn not_built(backend: &Backend) -> String {
    format!("{backend}: this Holm was built without what speaks to such a server")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(kv: &str, blob: &str) -> Services {
        let named = |text: &str| [("a".to_owned(), text.parse().unwrap())].into();
        Services { kv: named(kv), blob: named(blob), ..Services::default() }
    }

    fn names(name: &str) -> Vec<String> {
        vec![name.to_owned()]
    }

    #[test]
    fn what_cannot_be_kept_where_it_should_be_is_told_all_at_once() {
        let stores = AppStores::new(None, None);
        let (odd, limits) = (names("a b"), LentLimits::default());
        let mut services = services("memory", "redis://127.0.0.1");
        services.kv.insert("a b".into(), "nats://127.0.0.1".parse().unwrap());
        let wrong = stores.lend(&services, &[odd, names("other")].concat(), &names("a"), limits).err().unwrap();
        for (why, part) in wrong.iter().zip(["`a b`: a bucket's name", "`other`: there is no home", "keeps no blobs"]) {
            assert!(why.contains(part), "{why}");
        }
        assert_eq!(wrong.len(), 3);
    }

    #[tokio::test]
    async fn guests_of_an_app_share_what_is_in_memory_and_its_limit() {
        let stores = AppStores::new(None, None);
        let lend = |limit| {
            let services = services("memory", "memory");
            stores.lend(&services, &names("a"), &names("a"), LentLimits::of(limit)).unwrap()
        };
        let (one, two) = (lend(10_000), lend(5000));
        one.kv.open("a").await.unwrap().set("k", vec![0; 6000]).await.unwrap();
        assert_eq!(two.kv.open("a").await.unwrap().get("k").await.unwrap().unwrap().len(), 6000);
        let container = two.blob.create("a").await.unwrap().0;
        let refused = container.write("k").await.err().unwrap();
        assert_eq!(refused, crate::blob::BlobError::Full { limit: 5000 });
        assert!(one.blob.create("a").await.unwrap().0.write("k").await.is_ok());
    }

    #[tokio::test]
    async fn one_limit_counts_key_value_stores_and_blobs_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded { file: folder.path().join("stores.sqlite"), inside: None };
        let stores = AppStores::new(Some(embedded), None);
        let lent = stores.lend(&Services::default(), &names("a"), &names("a"), LentLimits::of(10_000)).unwrap();
        let container = lent.blob.create("a").await.unwrap().0;
        let mut writer = container.write("k").await.unwrap();
        writer.write(vec![0; 6000].into()).await.unwrap();
        let store = lent.kv.open("a").await.unwrap();
        let full = crate::kv::KvError::Full { limit: 10_000 };
        assert_eq!(store.set("k", vec![0; 4000]).await.unwrap_err(), full, "while it is written");
        writer.finish().await.unwrap();
        assert_eq!(store.set("k", vec![0; 4000]).await.unwrap_err(), full);
        store.set("k", vec![0; 1000]).await.unwrap();
        assert!(container.write("l").await.unwrap().write(vec![0; 2000].into()).await.is_err());
        container.clear().await.unwrap();
        store.set("k", vec![0; 4000]).await.unwrap();
    }

    #[tokio::test]
    async fn an_app_that_is_gone_does_not_come_back_when_its_stores_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("app");
        let embedded = Embedded { file: app.join("stores/stores.sqlite"), inside: Some(app.clone()) };
        let stores = AppStores::new(Some(embedded), None);
        let lent = stores.lend(&Services::default(), &names("a"), &names("a"), LentLimits::default()).unwrap();
        assert!(lent.kv.open("a").await.is_err() && lent.blob.create("a").await.is_err());
        assert!(!app.exists());
        std::fs::create_dir(&app).unwrap();
        lent.kv.open("a").await.unwrap().set("k", vec![]).await.unwrap();
        lent.blob.create("a").await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_holds_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded { file: folder.path().join("stores.sqlite"), inside: None };
        let stores = AppStores::new(Some(embedded), None);
        let lend = || stores.lend(&Services::default(), &names("a"), &names("a"), LentLimits::default()).unwrap();
        let lent = lend();
        lent.kv.open("a").await.unwrap().set("k", vec![]).await.unwrap();
        let wal = folder.path().join("stores.sqlite-wal");
        assert!(wal.exists());
        drop(lent);
        // The last to close the file tidies up.
        while wal.exists() {
            tokio::task::yield_now().await;
        }
        assert!(lend().kv.open("a").await.unwrap().exists("k").await.unwrap());
    }
}
