//! The terminal HMI: an API client that knows model, never control
