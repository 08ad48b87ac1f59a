//! Which registers to ask for together. Pure: points in, requests out.
//!
//! A request costs about as much as fifty registers on the wire and far more in turn-around time, so
//! neighbours are read in one block and small gaps are read over. A device that refuses a block has
//! it split, down to the one point that it does not know ([`Block::split`]).

use model::ModbusTable;

/// Most registers that one read may ask for, by the specification.
pub(crate) const READ_REGISTERS: u16 = 125;
/// Most coils or discrete inputs that one read may ask for.
pub(crate) const READ_BITS: u16 = 2000;
/// Most registers that one write may carry.
pub(crate) const WRITE_REGISTERS: u16 = 123;
/// Most coils that one write may carry.
pub(crate) const WRITE_BITS: u16 = 1968;

/// A gap up to here is cheaper to read over than to go around.
const GAP_REGISTERS: u16 = 20;
const GAP_BITS: u16 = 128;
/// So many unchanged registers of our own are written again rather than starting another request.
const REWRITE: u16 = 10;

/// Where one point lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) table: ModbusTable,
    pub(crate) start: u16,
    pub(crate) length: u16,
}

impl Span {
    fn end(self) -> u32 {
        u32::from(self.start) + u32::from(self.length)
    }
}

/// One request, and the points (indices into the spans) that it serves, ordered by address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) table: ModbusTable,
    pub(crate) start: u16,
    pub(crate) count: u16,
    pub(crate) points: Vec<usize>,
}

impl Block {
    fn over(spans: &[Span], points: Vec<usize>) -> Option<Self> {
        let first = spans[*points.first()?];
        let end = points.iter().map(|point| spans[*point].end()).max()?;
        let count = u16::try_from(end - u32::from(first.start)).ok()?;
        Some(Self { table: first.table, start: first.start, count, points })
    }

    /// Two halves that together serve the same points; `None` for a single point.
    pub(crate) fn split(&self, spans: &[Span]) -> Option<(Self, Self)> {
        if self.points.len() < 2 {
            return None;
        }
        let (left, right) = self.points.split_at(self.points.len() / 2);
        Some((Self::over(spans, left.to_vec())?, Self::over(spans, right.to_vec())?))
    }
}

/// The fewest sensible reads that cover every span once.
pub(crate) fn reads(spans: &[Span]) -> Vec<Block> {
    let (limit, gap) = (read_limit as fn(ModbusTable) -> u16, read_gap as fn(ModbusTable) -> u16);
    join(spans, (0..spans.len()).collect(), |block, end, next| {
        u32::from(next.start) <= end + u32::from(gap(next.table))
            && end.max(next.end()) - u32::from(block) <= u32::from(limit(next.table))
    })
}

/// Writes that carry every due span, and nothing but our own spans: no register between is touched.
pub(crate) fn writes(spans: &[Span], due: &[bool]) -> Vec<Block> {
    let runs = join(spans, (0..spans.len()).collect(), |_, end, next| u32::from(next.start) == end);
    let is_due = |point: &usize| due.get(*point).copied().unwrap_or(false);
    let mut blocks = Vec::new();
    for run in runs {
        let mut chosen: Vec<usize> = Vec::new();
        for point in run.points {
            let skipped = |last: &usize| u32::from(spans[point].start) - spans[*last].end();
            if is_due(&point)
                && chosen
                    .iter()
                    .rfind(|last| is_due(last))
                    .is_some_and(|last| skipped(last) > u32::from(REWRITE))
            {
                flush(spans, &mut chosen, is_due, &mut blocks);
            }
            let fits = chosen.first().is_none_or(|first| {
                spans[point].end() - u32::from(spans[*first].start)
                    <= u32::from(write_limit(spans[point].table))
            });
            if !fits {
                flush(spans, &mut chosen, is_due, &mut blocks);
            }
            if is_due(&point) || !chosen.is_empty() {
                chosen.push(point);
            }
        }
        flush(spans, &mut chosen, is_due, &mut blocks);
    }
    blocks
}

/// Ends a write at its last due point.
fn flush(spans: &[Span], chosen: &mut Vec<usize>, is_due: impl Fn(&usize) -> bool, blocks: &mut Vec<Block>) {
    let length = chosen.iter().rposition(is_due).map_or(0, |last| last + 1);
    chosen.truncate(length);
    blocks.extend(Block::over(spans, std::mem::take(chosen)));
}

/// Walks the points in order of address and joins as long as `fits(block start, block end, next)`.
fn join(spans: &[Span], mut order: Vec<usize>, fits: impl Fn(u16, u32, Span) -> bool) -> Vec<Block> {
    order.sort_by_key(|point| (spans[*point].table, spans[*point].start, spans[*point].length));
    let mut blocks = Vec::new();
    let mut points: Vec<usize> = Vec::new();
    let mut end = 0;
    for point in order {
        let next = spans[point];
        let joins = points
            .first()
            .is_some_and(|first| spans[*first].table == next.table && fits(spans[*first].start, end, next));
        if !joins {
            blocks.extend(Block::over(spans, std::mem::take(&mut points)));
            end = 0;
        }
        end = end.max(next.end());
        points.push(point);
    }
    blocks.extend(Block::over(spans, points));
    blocks
}

pub(crate) fn is_bits(table: ModbusTable) -> bool {
    matches!(table, ModbusTable::Coil | ModbusTable::DiscreteInput)
}

fn read_limit(table: ModbusTable) -> u16 {
    if is_bits(table) { READ_BITS } else { READ_REGISTERS }
}

fn write_limit(table: ModbusTable) -> u16 {
    if is_bits(table) { WRITE_BITS } else { WRITE_REGISTERS }
}

fn read_gap(table: ModbusTable) -> u16 {
    if is_bits(table) { GAP_BITS } else { GAP_REGISTERS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holding(start: u16, length: u16) -> Span {
        Span { table: ModbusTable::HoldingRegister, start, length }
    }

    #[test]
    fn neighbours_share_a_read_and_a_small_gap_is_read_over() {
        let blocks = reads(&[holding(10, 2), holding(0, 2), holding(40, 1)]);
        assert_eq!(blocks.len(), 2);
        assert_eq!((blocks[0].start, blocks[0].count), (0, 12));
        assert_eq!(blocks[0].points, [1, 0]);
        assert_eq!((blocks[1].start, blocks[1].count), (40, 1));
    }

    #[test]
    fn a_write_touches_no_register_between_and_ends_with_its_last_change() {
        let spans = [holding(0, 1), holding(1, 2), holding(3, 1), holding(5, 1), holding(6, 1)];
        let starts = |due: &[bool]| -> Vec<(u16, u16)> {
            writes(&spans, due).iter().map(|block| (block.start, block.count)).collect()
        };
        assert_eq!(starts(&[true; 5]), [(0, 4), (5, 2)]);
        assert_eq!(starts(&[true, false, true, false, false]), [(0, 4)]);
        assert_eq!(starts(&[false, true, false, false, true]), [(1, 2), (6, 1)]);
        assert_eq!(starts(&[false; 5]), []);
    }

    #[test]
    fn two_changes_far_apart_are_two_writes() {
        let spans: Vec<Span> = (0..60).map(|start| holding(start, 1)).collect();
        let mut due = [false; 60];
        (due[2], due[5], due[50]) = (true, true, true);
        let blocks: Vec<_> = writes(&spans, &due).iter().map(|block| (block.start, block.count)).collect();
        assert_eq!(blocks, [(2, 4), (50, 1)]);
    }

    #[test]
    fn a_refused_block_is_split_down_to_its_single_points() {
        let spans = [holding(0, 1), holding(1, 1), holding(9, 2)];
        let block = reads(&spans).remove(0);
        let (left, right) = block.split(&spans).unwrap();
        assert_eq!((left.points.as_slice(), left.start, left.count), ([0].as_slice(), 0, 1));
        assert_eq!((right.points.as_slice(), right.start, right.count), ([1, 2].as_slice(), 1, 10));
        assert_eq!(left.split(&spans), None);
    }

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let table = prop_oneof![
            Just(ModbusTable::Coil),
            Just(ModbusTable::DiscreteInput),
            Just(ModbusTable::InputRegister),
            Just(ModbusTable::HoldingRegister),
        ];
        let start = prop_oneof![0..400u16, 65_400..65_534u16];
        let span = (table, start, 1..=2u16).prop_map(|(table, start, length)| Span {
            table,
            start,
            length: if is_bits(table) { 1 } else { length },
        });
        proptest::collection::vec(span, 0..300)
    }

    fn lies_inside(span: Span, block: &Block) -> bool {
        span.table == block.table
            && span.start >= block.start
            && span.end() <= u32::from(block.start) + u32::from(block.count)
    }

    proptest! {
        #[test]
        fn every_point_is_read_once_and_whole(spans in spans()) {
            let blocks = reads(&spans);
            let mut seen = vec![0; spans.len()];
            for block in &blocks {
                prop_assert!(block.count >= 1 && block.count <= read_limit(block.table));
                prop_assert!(u32::from(block.start) + u32::from(block.count) <= 65_536);
                for point in &block.points {
                    seen[*point] += 1;
                    prop_assert!(lies_inside(spans[*point], block));
                }
                let ends_at = block.points.iter().map(|point| spans[*point].end()).max();
                prop_assert_eq!(ends_at, Some(u32::from(block.start) + u32::from(block.count)));
            }
            prop_assert!(seen.iter().all(|count| *count == 1));
        }

        #[test]
        fn splitting_loses_no_point(spans in spans()) {
            for block in reads(&spans) {
                let Some((left, right)) = block.split(&spans) else { continue };
                let joined: Vec<usize> = left.points.iter().chain(&right.points).copied().collect();
                prop_assert_eq!(&joined, &block.points);
                for half in [left, right] {
                    prop_assert!(half.count <= block.count);
                    prop_assert!(half.points.iter().all(|point| lies_inside(spans[*point], &half)));
                }
            }
        }

        #[test]
        fn a_write_carries_every_due_point_and_only_our_registers(
            spans in spans(), flags in proptest::collection::vec(any::<bool>(), 300),
        ) {
            // Outputs never overlap; the map of a device is checked for that at start.
            let mut taken = std::collections::HashSet::new();
            let spans: Vec<Span> = spans.into_iter().filter(|span| {
                let cells: Vec<_> = (u32::from(span.start)..span.end()).map(|cell| (span.table, cell)).collect();
                let free = cells.iter().all(|cell| !taken.contains(cell));
                if free { taken.extend(cells); }
                free
            }).collect();
            let mut written = vec![0; spans.len()];
            for block in writes(&spans, &flags) {
                prop_assert!(block.count >= 1 && block.count <= write_limit(block.table));
                let carried: u16 = block.points.iter().map(|point| spans[*point].length).sum();
                prop_assert_eq!(carried, block.count, "no register between two points");
                prop_assert!(block.points.windows(2).all(|pair| spans[pair[0]].end() == u32::from(spans[pair[1]].start)));
                prop_assert!(flags[block.points[0]] && flags[*block.points.last().unwrap()]);
                for point in block.points { written[point] += 1; }
            }
            for (point, count) in written.iter().enumerate() {
                prop_assert!(*count <= 1 && (!flags[point] || *count == 1));
            }
        }
    }
}
