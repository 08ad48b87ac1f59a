//! First-principles unit models, faults, and the soft PLCs that serve them
