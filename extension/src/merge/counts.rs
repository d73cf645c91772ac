//! What a merge counts: read, inserted, updated, unchanged, superseded, parked, rejected, promoted.
use pgrx::prelude::*;

/// A row of counts, as `etl_merge` and `etl_load` return it.
pub(crate) type CountsRow = TableIterator<'static, (String, i64, i64, i64, i64, i64, i64, i64, i64)>;

/// The counts of one merge, in the order of the function's columns.
pub(crate) struct Counts {
    pub target: String,
    pub records: [i64; 8],
}

impl Counts {
    /// As the functions return them.
    pub(crate) fn into_row(self) -> CountsRow {
        let [read, inserted, updated, unchanged, superseded, parked, rejected, promoted] = self.records;
        TableIterator::once((
            self.target,
            read,
            inserted,
            updated,
            unchanged,
            superseded,
            parked,
            rejected,
            promoted,
        ))
    }
}
