//! The deterministic core: compile a plant, step it scan by scan
