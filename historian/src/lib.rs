//! Samples, events and the journal on disk
