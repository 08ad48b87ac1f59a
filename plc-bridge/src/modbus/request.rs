//! One request to a Modbus device, and the three ways in which it ends: an answer, a no, or the end of the
//! connection.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::time::Duration;

use model::ModbusTable;
use tokio::time::timeout;
use tokio_modbus::client::{Client as _, Context};
use tokio_modbus::{ExceptionCode, ProtocolError, Request, Response};

use super::plan::Block;

/// Why a connection ended.
pub(super) struct Lost(pub(super) String);

/// The device's "no", which leaves the connection usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Exception(ExceptionCode),
    /// It says that it has written something, and not what it was asked to write.
    AnotherWrite,
}

/// The crate's typed readers assert on what the peer sends; `call` does not.
pub(super) async fn call(
    connection: &mut Context,
    limit: Duration,
    request: Request<'_>,
) -> Result<Result<Response, Refused>, Lost> {
    match timeout(limit, connection.call(request)).await {
        Ok(Ok(answer)) => Ok(answer.map_err(Refused::Exception)),
        Ok(Err(error)) => Err(Lost(broken(&error))),
        Err(_) => Err(Lost(format!("no answer in {limit:?}"))),
    }
}

/// A write is done when the answer repeats what was asked: register, and value or count.
pub(super) async fn write(
    connection: &mut Context,
    limit: Duration,
    request: Request<'_>,
) -> Result<Result<(), Refused>, Lost> {
    let wanted = echo(&request);
    let answer = call(connection, limit, request).await?;
    Ok(answer.and_then(|answer| match wanted == Some(answer) {
        true => Ok(()),
        false => Err(Refused::AnotherWrite),
    }))
}

fn echo(request: &Request<'_>) -> Option<Response> {
    // No request carries more than a count has room for.
    let count = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
    Some(match request {
        Request::WriteSingleCoil(at, on) => Response::WriteSingleCoil(*at, *on),
        Request::WriteMultipleCoils(at, coils) => Response::WriteMultipleCoils(*at, count(coils.len())),
        Request::WriteSingleRegister(at, word) => Response::WriteSingleRegister(*at, *word),
        Request::WriteMultipleRegisters(at, words) => {
            Response::WriteMultipleRegisters(*at, count(words.len()))
        }
        _ => return None,
    })
}

/// When the device closes the connection the transport tells whatever error number stood there last: none, or one of
/// a call that only had to wait.
fn broken(error: &tokio_modbus::Error) -> String {
    use ErrorKind as Kind;
    const IN_PROGRESS: i32 = 115;
    if let tokio_modbus::Error::Transport(error) = error
        && (matches!(error.raw_os_error(), Some(0 | IN_PROGRESS))
            || matches!(
                error.kind(),
                Kind::WouldBlock
                    | Kind::Interrupted
                    | Kind::NotFound
                    | Kind::ConnectionReset
                    | Kind::ConnectionAborted
                    | Kind::BrokenPipe
                    | Kind::UnexpectedEof
            ))
    {
        return "the device closed the connection".to_owned();
    }
    match error {
        // Its own text holds the whole request and answer as the program has them.
        tokio_modbus::Error::Protocol(ProtocolError::HeaderMismatch { .. }) => {
            "it answered another request than the one that was asked".to_owned()
        }
        tokio_modbus::Error::Protocol(ProtocolError::FunctionCodeMismatch { .. }) => {
            "it answered with another function than the one that was asked".to_owned()
        }
        tokio_modbus::Error::Transport(_) => format!("the connection broke: {error}"),
    }
}

pub(super) async fn read(
    connection: &mut Context,
    limit: Duration,
    block: &Block,
) -> Result<Result<Response, Refused>, Lost> {
    let (start, count) = (block.start, block.count);
    let request = match block.table {
        ModbusTable::Coil => Request::ReadCoils(start, count),
        ModbusTable::DiscreteInput => Request::ReadDiscreteInputs(start, count),
        ModbusTable::InputRegister => Request::ReadInputRegisters(start, count),
        ModbusTable::HoldingRegister => Request::ReadHoldingRegisters(start, count),
    };
    call(connection, limit, request).await
}

pub(super) fn write_registers(start: u16, words: &[u16]) -> Request<'_> {
    match words {
        [word] => Request::WriteSingleRegister(start, *word),
        _ => Request::WriteMultipleRegisters(start, Cow::Borrowed(words)),
    }
}

pub(super) fn write_coils(start: u16, words: &[u16]) -> Request<'static> {
    match words {
        [word] => Request::WriteSingleCoil(start, *word != 0),
        _ => Request::WriteMultipleCoils(start, words.iter().map(|word| *word != 0).collect()),
    }
}

/// As the specification names it: `Modbus exception 4, server device failure`.
impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exception(code) => {
                write!(f, "Modbus exception {}, {}", u8::from(*code), code.to_string().to_lowercase())
            }
            Self::AnotherWrite => {
                f.write_str("its answer names another register, value or count than was written")
            }
        }
    }
}

impl Refused {
    /// The device itself does not answer its gateway: as good as gone.
    pub(super) fn means_absence(self) -> bool {
        use ExceptionCode::{GatewayPathUnavailable, GatewayTargetDevice};
        matches!(self, Self::Exception(GatewayPathUnavailable | GatewayTargetDevice))
    }

    /// A smaller block may be welcome.
    pub(super) fn names_an_address(self) -> bool {
        use ExceptionCode::{IllegalDataAddress, IllegalDataValue};
        matches!(self, Self::Exception(IllegalDataAddress | IllegalDataValue))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio_modbus::{Error, FunctionCode, ProtocolError, Response};

    use super::broken;

    #[test]
    fn an_answer_to_something_else_is_told_in_words_and_not_as_the_program_has_it() {
        let answer = || Ok(Response::ReadHoldingRegisters(vec![1, 2, 3]));
        let message = "expected/request = Header { transaction_id: 7, unit_id: 1 }".to_owned();
        let header = Error::Protocol(ProtocolError::HeaderMismatch { message, result: answer() });
        assert_eq!(broken(&header), "it answered another request than the one that was asked");
        let request = FunctionCode::ReadCoils;
        let code = Error::Protocol(ProtocolError::FunctionCodeMismatch { request, result: answer() });
        assert_eq!(broken(&code), "it answered with another function than the one that was asked");
    }

    #[test]
    fn a_close_is_told_as_one_whatever_number_stood_there_and_trouble_of_the_network_by_its_name() {
        let told = |number| broken(&Error::Transport(io::Error::from_raw_os_error(number)));
        let (success, again, in_progress, reset) = (0, 11, 115, 104);
        for number in [success, again, in_progress, reset] {
            assert_eq!(told(number), "the device closed the connection");
        }
        let (unreachable, timed_out) = (113, 110);
        assert!(told(unreachable).contains("o route to host"), "{}", told(unreachable));
        assert!(told(timed_out).contains("timed out"), "{}", told(timed_out));
    }
}
