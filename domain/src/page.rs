//! Pages of a list: newest first, by cursor, no totals.

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<C> {
    /// Rows at most; the door has checked 1 to 100.
    pub limit: u32,
    /// Continue after this row.
    pub after: Option<C>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOf<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// True if there is at least one row more.
    pub has_more: bool,
}

impl<T> PageOf<T> {
    /// Makes a page of `limit` rows out of a query for `limit` + 1.
    pub fn from_one_more(mut rows: Vec<T>, limit: u32) -> Self {
        let limit = limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, has_more }
    }
}
