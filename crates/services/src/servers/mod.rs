//! Servers elsewhere that the host speaks to for guests: databases and message brokers.
//!
//! Which a guest may reach is for whoever calls to know; where a name leads is asked of an address policy when it is dialled.

#[cfg(feature = "sql")]
pub(crate) mod dial;
#[cfg(feature = "sql")]
pub(crate) mod pool;
#[cfg(feature = "remote")]
pub(crate) mod shared;

#[cfg(feature = "sql")]
pub use dial::Gate;

use crate::Report;

/// Connections to servers, for all guests of one app. Nothing is connected to before a guest uses it.
#[derive(Debug, Default)]
pub struct Servers {
    /// Redis servers.
    #[cfg(feature = "remote")]
    pub redis: crate::redis::RedisServers,
    /// MQTT brokers.
    #[cfg(feature = "remote")]
    pub mqtt: crate::mqtt::MqttServers,
    /// Those to PostgreSQL servers.
    #[cfg(feature = "sql")]
    pub postgres: crate::postgres::Postgres,
    /// Those to MySQL servers.
    #[cfg(feature = "sql")]
    pub mysql: crate::mysql::Mysql,
}

impl Servers {
    /// The same, where `report` is told of servers that do not work, once until they work again.
    pub fn telling(report: Option<&Report>) -> Self {
        #[cfg(feature = "remote")]
        {
            let manners = crate::Manners { report: report.cloned(), ..crate::Manners::default() };
            Self {
                redis: crate::redis::RedisServers::new(manners.clone()),
                mqtt: crate::mqtt::MqttServers::new(manners),
                #[cfg(feature = "sql")]
                postgres: crate::postgres::Postgres::telling(report.cloned()),
                #[cfg(feature = "sql")]
                mysql: crate::mysql::Mysql::telling(report.cloned()),
            }
        }
        #[cfg(not(feature = "remote"))]
        {
            let _ = report;
            Self::default()
        }
    }
}
