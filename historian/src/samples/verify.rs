//! Reading everything there is, to find what the disk has spoiled.

use std::path::PathBuf;

use super::catalogue::Catalogue;
use super::gaps;
use super::partition;
use super::pieces::BlockSource;
use super::reader::SampleReader;
use super::sample::SampleId;
use super::tail;
use crate::error::HistorianError;
use crate::frame::Damage;

/// What a full read found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    pub files: u64,
    pub blocks: u64,
    pub samples: u64,
    pub damage: Vec<Damage>,
    pub damaged_blocks: Vec<DamagedBlock>,
}

/// A block whose header is whole, so that we know what was lost with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedBlock {
    pub path: PathBuf,
    pub offset: u64,
    pub point: String,
    pub from_ms: i64,
    pub to_ms: i64,
    pub samples: u64,
}

impl VerifyReport {
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty() && self.damaged_blocks.is_empty()
    }
}

impl SampleReader {
    /// Reads and decodes every file of the store.
    pub fn verify(&self) -> Result<VerifyReport, HistorianError> {
        let folder = self.read().folder.clone();
        let mut report = VerifyReport::default();
        Catalogue::read(&folder, &mut report.damage)?;
        gaps::read(&folder, &mut report.damage)?;
        let tail = tail::read(&folder)?;
        report.damage.extend(tail.damage);
        report.files = 4;
        for (_, path) in partition::list(&folder)? {
            self.verify_partition(&path, &mut report)?;
        }
        // Samples in the tail that a block holds too are counted once, as readers see them.
        report.samples += self.read().open.iter().map(|run| run.len() as u64).sum::<u64>();
        Ok(report)
    }

    fn verify_partition(&self, path: &PathBuf, report: &mut VerifyReport) -> Result<(), HistorianError> {
        let walk = partition::walk(path)?;
        report.files += 1;
        report.damage.extend(walk.damage);
        let mut source = BlockSource::default();
        let mut blocks: Vec<_> = walk.blocks.into_values().flatten().collect();
        blocks.sort_by_key(|entry| entry.offset);
        for entry in blocks {
            report.blocks += 1;
            let header = &entry.header;
            if source.block(path, &entry)?.is_some() {
                report.samples += u64::from(header.count);
                continue;
            }
            report.damaged_blocks.push(DamagedBlock {
                path: path.clone(),
                offset: entry.offset,
                point: self.name_of(header.id),
                from_ms: header.first.time_ms,
                to_ms: header.last.time_ms,
                samples: u64::from(header.count),
            });
        }
        Ok(())
    }

    fn name_of(&self, id: SampleId) -> String {
        self.read().info(id).name
    }
}
