//! Dense indices into the compiled plant. They mean something only together with its hash.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

ids! {
    /// One value of the process image: a tag, or a part of a block such as `FIC-301.SP`.
    PointId,
    /// A control block: `FIC-301`, `P-311`.
    BlockId,
    AlarmId,
    InterlockId,
    /// A field device: one PLC connection.
    DeviceId,
    /// An equipment phase of ISA-88, bound to its unit.
    PhaseId,
    /// A master recipe of the plant folder.
    RecipeId,
    /// A person, or a program that acts as one; names are kept outside the scan.
    UserId,
}

impl UserId {
    /// The control system itself.
    pub const SYSTEM: Self = Self(0);
}

impl Default for UserId {
    fn default() -> Self {
        Self::SYSTEM
    }
}
