//! What SDK 2 did not offer.

use anyhow::{anyhow, Result};
use spin_sdk::{mqtt, pg3};

use crate::kit::{said, Asked};

pub(crate) async fn answer(asked: &Asked) -> Result<String> {
    match asked.words().as_slice() {
        ["mqtt"] => {
            let broker = mqtt::Connection::open(&asked.query("address")?, "", "", 30).map_err(said)?;
            broker.publish(&asked.query("topic")?, &asked.body, mqtt::Qos::AtLeastOnce).map_err(said)?;
            Ok("published".into())
        }
        ["pg3"] => {
            let server = pg3::Connection::open(&asked.query("address")?).map_err(said)?;
            let sql = asked.text()?;
            if !sql.trim_start().to_lowercase().starts_with("select") {
                return Ok(format!("{} rows", server.execute(&sql, &[]).map_err(said)?));
            }
            let rows = server.query(&sql, &[]).map_err(said)?;
            let columns: Vec<_> = rows.columns.iter().map(|column| format!("{}: {:?}", column.name, column.data_type)).collect();
            Ok(format!("{}\n{}", columns.join(", "), rows.rows.iter().map(|row| format!("{row:?}\n")).collect::<String>()))
        }
        _ => Err(anyhow!("nothing is called {}", asked.path)),
    }
}
