//! The server's side of the Modbus application protocol, bytes in and bytes out, without sockets.
//!
//! Written from the public specification (Modbus Application Protocol V1.1b3, Modbus Messaging on
//! TCP/IP V1.0b), because the server half of `tokio-modbus` 0.17 indexes past its buffer when a
//! write-multiple-coils announces more coils than it carries, and closes the connection where the
//! specification asks for an exception. The client half is the crate's, so that each tests the other.

use model::ModbusTable;

use super::plan::{READ_BITS, READ_REGISTERS, WRITE_BITS, WRITE_REGISTERS};

/// Bytes before the function code: transaction, protocol, length, unit.
pub(crate) const HEADER: usize = 7;
/// The longest frame of the protocol: header and 253 bytes.
pub(crate) const LONGEST_FRAME: usize = HEADER + 253;
/// Registers that may be written by a read-write request.
const READ_WRITE_REGISTERS: u16 = 121;

/// What the specification calls an exception code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exception {
    IllegalFunction = 1,
    IllegalDataAddress = 2,
    IllegalDataValue = 3,
    /// It cannot do what was asked: it is in STOP, or write-protected. The specification's 1 has "in the wrong state"
    /// too, but people read it as an unknown function and look in the wrong place; 6 says that it will pass.
    ServerDeviceFailure = 4,
    /// The watchdog has fired: outputs are not to be commanded.
    ServerDeviceBusy = 6,
    /// A unit that does not live behind this port.
    GatewayTargetFailed = 11,
}

/// The stream is no Modbus: there is no way to find the next frame, so the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoModbus;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) transaction: [u8; 2],
    pub(crate) unit: u8,
    pub(crate) pdu: &'a [u8],
    /// What to take off the buffer.
    pub(crate) length: usize,
}

/// The first whole frame of a buffer; `None` until it is complete.
pub(crate) fn first_frame(buffer: &[u8]) -> Result<Option<Frame<'_>>, NoModbus> {
    let Some((header, rest)) = buffer.split_first_chunk::<HEADER>() else {
        // A wrong protocol number shows before the header is whole.
        let wrong = buffer.iter().skip(2).take(2).any(|byte| *byte != 0);
        return if wrong { Err(NoModbus) } else { Ok(None) };
    };
    let [first, second, 0, 0, high, low, unit] = *header else { return Err(NoModbus) };
    let announced = usize::from(u16::from_be_bytes([high, low]));
    // The length counts the unit and at least a function code.
    if !(2..=LONGEST_FRAME - HEADER + 1).contains(&announced) {
        return Err(NoModbus);
    }
    let Some(pdu) = rest.get(..announced - 1) else { return Ok(None) };
    Ok(Some(Frame { transaction: [first, second], unit, pdu, length: HEADER + pdu.len() }))
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Read {
        table: ModbusTable,
        start: u16,
        count: u16,
    },
    WriteCoils {
        start: u16,
        coils: Vec<bool>,
    },
    WriteRegisters {
        start: u16,
        words: Vec<u16>,
    },
    /// The write comes first, by the specification.
    ReadWrite {
        start: u16,
        count: u16,
        write_start: u16,
        words: Vec<u16>,
    },
}

/// Understands a request, or says which exception it deserves.
pub(crate) fn parse(pdu: &[u8]) -> Result<Request, Exception> {
    let (function, body) = pdu.split_first().ok_or(Exception::IllegalFunction)?;
    match function {
        1 => parse_read(ModbusTable::Coil, body),
        2 => parse_read(ModbusTable::DiscreteInput, body),
        3 => parse_read(ModbusTable::HoldingRegister, body),
        4 => parse_read(ModbusTable::InputRegister, body),
        5 => match words(body).as_slice() {
            [start, 0xFF00] if body.len() == 4 => {
                Ok(Request::WriteCoils { start: *start, coils: vec![true] })
            }
            [start, 0] if body.len() == 4 => Ok(Request::WriteCoils { start: *start, coils: vec![false] }),
            _ => Err(Exception::IllegalDataValue),
        },
        6 => match words(body).as_slice() {
            [start, word] if body.len() == 4 => {
                Ok(Request::WriteRegisters { start: *start, words: vec![*word] })
            }
            _ => Err(Exception::IllegalDataValue),
        },
        15 => parse_write_coils(body),
        16 => {
            let (start, words) = parse_write(body, WRITE_REGISTERS)?;
            Ok(Request::WriteRegisters { start, words })
        }
        23 => {
            let (read, write) = body.split_at_checked(4).ok_or(Exception::IllegalDataValue)?;
            let Request::Read { start, count, .. } = parse_read(ModbusTable::HoldingRegister, read)? else {
                return Err(Exception::IllegalDataValue);
            };
            let (write_start, words) = parse_write(write, READ_WRITE_REGISTERS)?;
            Ok(Request::ReadWrite { start, count, write_start, words })
        }
        _ => Err(Exception::IllegalFunction),
    }
}

fn parse_read(table: ModbusTable, body: &[u8]) -> Result<Request, Exception> {
    let limit = if super::plan::is_bits(table) { READ_BITS } else { READ_REGISTERS };
    match words(body).as_slice() {
        [start, count] if body.len() == 4 && (1..=limit).contains(count) => {
            in_range(*start, *count)?;
            Ok(Request::Read { table, start: *start, count: *count })
        }
        _ => Err(Exception::IllegalDataValue),
    }
}

fn parse_write_coils(body: &[u8]) -> Result<Request, Exception> {
    let (start, count, packed) = write_head(body, WRITE_BITS)?;
    if packed.len() != usize::from(count).div_ceil(8) {
        return Err(Exception::IllegalDataValue);
    }
    let coil = |index: usize| packed[index / 8] >> (index % 8) & 1 == 1;
    Ok(Request::WriteCoils { start, coils: (0..usize::from(count)).map(coil).collect() })
}

fn parse_write(body: &[u8], limit: u16) -> Result<(u16, Vec<u16>), Exception> {
    let (start, count, data) = write_head(body, limit)?;
    if data.len() != usize::from(count) * 2 {
        return Err(Exception::IllegalDataValue);
    }
    Ok((start, words(data)))
}

/// Start, count and data of a multiple write whose byte count is true.
fn write_head(body: &[u8], limit: u16) -> Result<(u16, u16, &[u8]), Exception> {
    let [start_high, start_low, count_high, count_low, bytes, data @ ..] = body else {
        return Err(Exception::IllegalDataValue);
    };
    let start = u16::from_be_bytes([*start_high, *start_low]);
    let count = u16::from_be_bytes([*count_high, *count_low]);
    if usize::from(*bytes) != data.len() || !(1..=limit).contains(&count) {
        return Err(Exception::IllegalDataValue);
    }
    in_range(start, count)?;
    Ok((start, count, data))
}

fn in_range(start: u16, count: u16) -> Result<(), Exception> {
    if u32::from(start) + u32::from(count) > 65_536 { Err(Exception::IllegalDataAddress) } else { Ok(()) }
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// What the memory answers, before it is bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Bits(Vec<bool>),
    Registers(Vec<u16>),
    Written,
}

/// Appends the whole answering frame to `out`.
pub(crate) fn encode(frame: &Frame<'_>, answer: Result<Answer, Exception>, out: &mut Vec<u8>) {
    let function = frame.pdu.first().copied().unwrap_or(0);
    let mut pdu = Vec::with_capacity(LONGEST_FRAME - HEADER);
    match answer {
        Err(exception) => pdu.extend([function | 0x80, exception as u8]),
        Ok(Answer::Bits(bits)) => {
            pdu.extend([function, bits.len().div_ceil(8) as u8]);
            pdu.extend(bits.chunks(8).map(|byte| {
                byte.iter().enumerate().fold(0, |packed, (index, bit)| packed | u8::from(*bit) << index)
            }));
        }
        Ok(Answer::Registers(words)) => {
            pdu.extend([function, (words.len() * 2) as u8]);
            pdu.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        }
        // A write is answered with its own function, address, and value or count.
        Ok(Answer::Written) => pdu.extend(frame.pdu.iter().take(5)),
    }
    out.extend(frame.transaction);
    out.extend([0, 0]);
    out.extend((pdu.len() as u16 + 1).to_be_bytes());
    out.push(frame.unit);
    out.extend(pdu);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_specification_are_understood() {
        assert_eq!(
            parse(&[3, 0x00, 0x6B, 0x00, 0x03]),
            Ok(Request::Read { table: ModbusTable::HoldingRegister, start: 0x6B, count: 3 })
        );
        assert_eq!(
            parse(&[5, 0x00, 0xAC, 0xFF, 0x00]),
            Ok(Request::WriteCoils { start: 0xAC, coils: vec![true] })
        );
        let coils = [true, false, true, true, false, false, true, true, true, false].to_vec();
        assert_eq!(
            parse(&[0x0F, 0x00, 0x13, 0x00, 0x0A, 0x02, 0xCD, 0x01]),
            Ok(Request::WriteCoils { start: 0x13, coils })
        );
        assert_eq!(
            parse(&[0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02]),
            Ok(Request::WriteRegisters { start: 1, words: vec![0x0A, 0x102] })
        );
    }

    #[test]
    fn a_request_that_cannot_be_served_names_its_exception() {
        for (pdu, exception) in [
            ([0x41, 0, 0, 0, 1].as_slice(), Exception::IllegalFunction),
            (&[0x83, 0, 0, 0, 1], Exception::IllegalFunction),
            (&[3, 0, 0, 0, 0], Exception::IllegalDataValue),
            (&[3, 0, 0, 0, 126], Exception::IllegalDataValue),
            (&[3, 0, 0, 0], Exception::IllegalDataValue),
            (&[3, 0, 0, 0, 1, 9], Exception::IllegalDataValue),
            (&[1, 0, 0, 7, 0xD1], Exception::IllegalDataValue),
            (&[3, 0xFF, 0xFF, 0, 2], Exception::IllegalDataAddress),
            (&[5, 0, 0, 0x12, 0x34], Exception::IllegalDataValue),
            // Announces 2,000 coils and carries eight of them.
            (&[15, 0, 0, 7, 0xD0, 1, 0xFF], Exception::IllegalDataValue),
            // A count whose double does not fit into sixteen bits.
            (&[16, 0, 0, 0x80, 0x00, 0], Exception::IllegalDataValue),
            (&[16, 0, 0, 0, 2, 2, 0, 1], Exception::IllegalDataValue),
        ] {
            assert_eq!(parse(pdu), Err(exception), "{pdu:?}");
        }
    }

    #[test]
    fn an_answer_has_the_transaction_and_unit_of_its_request() {
        let bytes = [0x12, 0x34, 0, 0, 0, 6, 9, 1, 0, 0, 0, 10];
        let frame = first_frame(&bytes).unwrap().unwrap();
        let mut out = Vec::new();
        encode(&frame, Ok(Answer::Bits(vec![true; 10])), &mut out);
        assert_eq!(out, [0x12, 0x34, 0, 0, 0, 5, 9, 1, 2, 0xFF, 0x03]);
        out.clear();
        encode(&frame, Err(Exception::IllegalDataAddress), &mut out);
        assert_eq!(out, [0x12, 0x34, 0, 0, 0, 3, 9, 0x81, 2]);
    }

    #[test]
    fn a_stream_that_is_no_modbus_is_told_at_once() {
        assert_eq!(first_frame(b"GET / HTTP/1.1\r\n"), Err(NoModbus));
        assert_eq!(first_frame(&[0, 0, 9]), Err(NoModbus));
        assert_eq!(first_frame(&[0, 1, 0, 0, 0, 1, 1]), Err(NoModbus));
        assert_eq!(first_frame(&[0, 1, 0, 0, 0, 255, 1]), Err(NoModbus));
        assert_eq!(first_frame(&[0, 1, 0, 0, 0, 6, 1, 3, 0]), Ok(None));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_codec_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(Some(frame)) = first_frame(&bytes) {
                prop_assert!(frame.length <= bytes.len());
                let mut out = Vec::new();
                let answer = parse(frame.pdu).map(|_| Answer::Written);
                encode(&frame, answer, &mut out);
                prop_assert!(out.len() <= LONGEST_FRAME);
            }
            let _ = parse(&bytes);
        }

        #[test]
        fn a_whole_request_is_either_understood_inside_its_limits_or_refused(
            function in 0..30u8, body in proptest::collection::vec(any::<u8>(), 0..252),
        ) {
            let pdu: Vec<u8> = std::iter::once(function).chain(body).collect();
            match parse(&pdu) {
                Ok(Request::Read { start, count, .. }) => prop_assert!(u32::from(start) + u32::from(count) <= 65_536),
                Ok(Request::WriteCoils { start, coils }) => prop_assert!(usize::from(start) + coils.len() <= 65_536),
                Ok(Request::WriteRegisters { start, words }) => prop_assert!(usize::from(start) + words.len() <= 65_536),
                Ok(Request::ReadWrite { write_start, words, .. }) => prop_assert!(usize::from(write_start) + words.len() <= 65_536),
                Err(_) => {}
            }
        }
    }
}
