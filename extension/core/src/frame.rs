//! Framing: where one record of a source ends and the next begins.
