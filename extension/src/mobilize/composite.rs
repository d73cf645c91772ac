//! One wide row a call, as a composite type.
//!
//! pgrx makes rows of at most 32 columns, and only as sets, whose set-up costs more than reading a record does.
//! So the wide functions return one value of a named type. This is the module that needs `unsafe` for it; what the
//! caller gives is compared with the type's own columns before it is trusted.
#![allow(unsafe_code)]

use pgrx::AllocatedByRust;
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::prelude::*;
use pgrx::{IntoDatum, PgTupleDesc, pg_sys};

/// A value with the type that PostgreSQL knows it by.
pub struct Cell {
    datum: Option<pg_sys::Datum>,
    type_oid: pg_sys::Oid,
}

/// A cell of any scalar that pgrx can pass on.
pub fn cell<T: IntoDatum>(value: Option<T>) -> Cell {
    Cell { datum: value.into_datum(), type_oid: T::type_oid() }
}

/// A cell of a list of texts; its type is spelled out to spare a look into the catalog.
pub fn texts(value: Option<Vec<Option<&str>>>) -> Cell {
    Cell { datum: value.into_datum(), type_oid: pg_sys::TEXTARRAYOID }
}

/// A cell of a list of numbers.
pub fn numbers(value: Option<Vec<Option<i64>>>) -> Cell {
    Cell { datum: value.into_datum(), type_oid: pg_sys::INT8ARRAYOID }
}

/// A row of the type that the function now called is declared to return.
///
/// # Errors
/// XX000 where the function's SQL declaration and its Rust body disagree: a library of another version.
pub fn row(fcinfo: pg_sys::FunctionCallInfo, cells: Vec<Cell>) -> PgHeapTuple<'static, AllocatedByRust> {
    // SAFETY: PostgreSQL calls every function with valid fcinfo and flinfo; a composite type's descriptor is counted,
    // and `from_pg` gives the count back.
    let (description, columns) = unsafe {
        let returned = pg_sys::get_func_rettype((*(*fcinfo).flinfo).fn_oid);
        let description = PgTupleDesc::from_pg(pg_sys::lookup_rowtype_tupdesc(returned, -1));
        let columns = description.len();
        (description, columns)
    };
    let agree = columns == cells.len()
        && cells.iter().enumerate().all(|(index, cell)| {
            description.get(index).is_some_and(|column| column.atttypid == cell.type_oid)
        });
    if !agree {
        error!(
            "pg_etl's library and its SQL functions are of different versions: run `alter extension pg_etl update`"
        );
    }
    // SAFETY: number and types of the datums have just been compared with the description.
    match unsafe { PgHeapTuple::from_datums(description, cells.into_iter().map(|cell| cell.datum)) } {
        Ok(row) => row,
        Err(error) => error!("{error}"),
    }
}
