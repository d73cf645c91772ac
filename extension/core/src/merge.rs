//! Merging: the fate of every staged record, as a model and as SQL.
