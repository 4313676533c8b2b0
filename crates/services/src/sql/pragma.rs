//! Which settings of a database a guest may ask for and change (<https://www.sqlite.org/pragma.html>).

use rusqlite::hooks::Authorization;

/// Those that read, or change what concerns the guest's own connection or data alone.
const FREE: &[&str] = &[
    "analysis_limit",
    "application_id",
    "auto_vacuum",
    "automatic_index",
    "case_sensitive_like",
    "cell_size_check",
    "checkpoint_fullfsync",
    "collation_list",
    "compile_options",
    "count_changes",
    "data_version",
    "defer_foreign_keys",
    "empty_result_callbacks",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "freelist_count",
    "full_column_names",
    "fullfsync",
    "function_list",
    "ignore_check_constraints",
    "incremental_vacuum",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "legacy_alter_table",
    "module_list",
    "optimize",
    "page_count",
    "pragma_list",
    "query_only",
    "quick_check",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "shrink_memory",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
    "wal_checkpoint",
];

/// Those that apps set out of habit, to be faster or to wait longer. Reading one is free; what is set has no effect, for it
/// would spend the host's memory or time.
const IGNORED: &[&str] = &[
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "default_cache_size",
    "journal_size_limit",
    "mmap_size",
    "page_size",
    "temp_store",
    "threads",
    "wal_autocheckpoint",
];

/// What becomes of `PRAGMA name` or `PRAGMA name = value`.
pub(super) fn judge(name: &str, value: Option<&str>) -> Authorization {
    let name = name.to_ascii_lowercase();
    let value = value.map(|value| value.trim_matches(['\'', '"', '`']).to_ascii_lowercase());
    if FREE.contains(&name.as_str()) {
        return Authorization::Allow;
    }
    match (name.as_str(), value.as_deref()) {
        (name, None) if IGNORED.contains(&name) => Authorization::Allow,
        (name, Some(_)) if IGNORED.contains(&name) => Authorization::Ignore,
        ("journal_mode" | "synchronous" | "locking_mode" | "max_page_count" | "schema_version", None) => {
            Authorization::Allow
        }
        // It is in this mode already, and stays in it.
        ("journal_mode", Some("wal")) => Authorization::Allow,
        ("locking_mode", Some("normal")) => Authorization::Allow,
        // More durable than it is; less would have no effect, which an app that only wants to be fast does not miss.
        ("synchronous", Some("1" | "normal" | "2" | "full" | "3" | "extra")) => Authorization::Allow,
        ("synchronous" | "journal_mode", Some(_)) => Authorization::Ignore,
        _ => Authorization::Deny,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_sets_out_of_habit_neither_fails_nor_makes_it_less_durable() {
        let cases = [
            ("table_info", Some("t"), Authorization::Allow),
            ("FOREIGN_KEYS", Some("ON"), Authorization::Allow),
            ("journal_mode", Some("WAL"), Authorization::Allow),
            ("journal_mode", Some("'off'"), Authorization::Ignore),
            ("synchronous", Some("OFF"), Authorization::Ignore),
            ("synchronous", Some("FULL"), Authorization::Allow),
            ("cache_size", Some("-1000000"), Authorization::Ignore),
            ("max_page_count", Some("1000000000"), Authorization::Deny),
            ("max_page_count", None, Authorization::Allow),
            ("writable_schema", Some("ON"), Authorization::Deny),
            ("temp_store_directory", Some("/etc"), Authorization::Deny),
            ("hard_heap_limit", Some("1"), Authorization::Deny),
            ("database_list", None, Authorization::Deny),
            ("locking_mode", Some("EXCLUSIVE"), Authorization::Deny),
            ("nonsense", None, Authorization::Deny),
        ];
        for (name, value, expected) in cases {
            assert_eq!(judge(name, value), expected, "{name} {value:?}");
        }
    }
}
