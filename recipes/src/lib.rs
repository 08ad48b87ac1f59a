//! ISA-88 procedures, pure and stepped by the scan
