//! What a Modbus master that is not ours gets from a soft PLC.

use std::time::Duration;

use model::Quality;
use plc_bridge::WatchdogState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_modbus::client::{Client, Context, tcp};
use tokio_modbus::{ExceptionCode, Request, Response, Slave};

use crate::field::*;

async fn master(field: &Field, unit: u8) -> Context {
    tcp::attach_slave(TcpStream::connect(field.plc.address()).await.unwrap(), Slave(unit))
}

async fn registers(master: &mut Context, request: Request<'_>) -> Vec<u16> {
    match master.call(request).await.unwrap().unwrap() {
        Response::ReadInputRegisters(words) | Response::ReadHoldingRegisters(words) => words,
        other => panic!("{other:?}"),
    }
}

async fn refusal(master: &mut Context, request: Request<'_>) -> ExceptionCode {
    master.call(request).await.unwrap().unwrap_err()
}

#[tokio::test]
async fn tables_show_inputs_and_read_back_outputs() {
    let field = field(Wire::Modbus).await;
    let mut master = master(&field, 1).await;
    assert_eq!(registers(&mut master, Request::ReadInputRegisters(0, 1)).await, [13824]);
    let pressure = 1.25f32.to_bits();
    let words = registers(&mut master, Request::ReadInputRegisters(8, 2)).await;
    assert_eq!(words, [(pressure >> 16) as u16, pressure as u16]);
    assert_eq!(
        registers(&mut master, Request::ReadInputRegisters(1, 7)).await,
        [0; 7],
        "a gap reads as zero"
    );

    // Valve and speed in one write, and read back from the memory's own values.
    let speed = 990.5f32.to_bits();
    let command = [6912, (speed >> 16) as u16, speed as u16];
    master.call(Request::WriteMultipleRegisters(10, command.as_slice().into())).await.unwrap().unwrap();
    assert_eq!((field.memory.output(VALVE), field.memory.output(SPEED)), (25.0, 990.5));
    assert_eq!(registers(&mut master, Request::ReadHoldingRegisters(10, 3)).await, command);

    master.call(Request::WriteSingleCoil(5, false)).await.unwrap().unwrap();
    assert_eq!(field.memory.output(PUMP), 0.0);
    let both = Request::ReadWriteMultipleRegisters(10, 1, 10, [13824].as_slice().into());
    let Response::ReadWriteMultipleRegisters(words) = master.call(both).await.unwrap().unwrap() else {
        panic!()
    };
    assert_eq!((words, field.memory.output(VALVE)), (vec![13824], 50.0));

    field.memory.set_input(LEVEL, 50.0, Quality::BadSensorFailure);
    assert_eq!(registers(&mut master, Request::ReadInputRegisters(0, 1)).await, [0x7FFF]);
}

#[tokio::test]
async fn every_wrong_request_gets_its_exception_and_changes_nothing() {
    let field = field(Wire::Modbus).await;
    let mut master = master(&field, 1).await;
    use ExceptionCode::{IllegalDataAddress, IllegalDataValue, IllegalFunction};
    let words = |count: usize| vec![0u16; count];
    let speed_of_nan = f32::NAN.to_bits();
    let nan = [(speed_of_nan >> 16) as u16, speed_of_nan as u16];
    for (request, expected) in [
        (Request::ReadInputRegisters(9, 2), IllegalDataAddress),
        (Request::ReadInputRegisters(65_535, 1), IllegalDataAddress),
        (Request::ReadInputRegisters(0, 126), IllegalDataValue),
        (Request::ReadCoils(0, 0), IllegalDataValue),
        (Request::ReadDiscreteInputs(0, 2001), IllegalDataValue),
        (Request::ReadCoils(6, 1), IllegalDataAddress),
        // A gap, half a value, and the middle of one.
        (Request::WriteSingleRegister(9, 1), IllegalDataAddress),
        (Request::WriteSingleRegister(11, 1), IllegalDataAddress),
        (Request::WriteSingleRegister(12, 1), IllegalDataAddress),
        (Request::WriteMultipleRegisters(10, words(4).into()), IllegalDataAddress),
        (Request::WriteMultipleRegisters(11, nan.as_slice().into()), IllegalDataValue),
        // Far outside the analogue range of the valve.
        (Request::WriteSingleRegister(10, 60_000), IllegalDataValue),
        (Request::WriteSingleCoil(4, true), IllegalDataAddress),
        (Request::Custom(0x41, [1, 2, 3].as_slice().into()), IllegalFunction),
        (Request::ReportServerId, IllegalFunction),
        (Request::MaskWriteRegister(10, 1, 1), IllegalFunction),
    ] {
        let text = format!("{request:?}");
        assert_eq!(refusal(&mut master, request).await, expected, "{text}");
    }
    let mut values = Vec::new();
    field.memory.copy_values(&mut values);
    assert_eq!(values, WARM);
}

#[tokio::test]
async fn a_foreign_unit_is_not_behind_this_port() {
    let field = field(Wire::Modbus).await;
    let refused = refusal(&mut master(&field, 7).await, Request::ReadInputRegisters(0, 1)).await;
    assert_eq!(refused, ExceptionCode::GatewayTargetDevice);
    for unit in [0, 1, 255] {
        assert_eq!(
            registers(&mut master(&field, unit).await, Request::ReadInputRegisters(0, 1)).await,
            [13824]
        );
    }
}

#[tokio::test]
async fn a_fired_watchdog_refuses_outputs_until_the_heartbeat_moves() {
    let field = field(Wire::Modbus).await;
    let mut master = master(&field, 1).await;
    let write = |register, word| Request::WriteSingleRegister(register, word);
    master.call(write(10, 6912)).await.unwrap().unwrap();
    assert_eq!(field.memory.watchdog(), WatchdogState::Unarmed, "outputs alone arm nothing");
    master.call(write(0, 5)).await.unwrap().unwrap();
    field.clock.advance(Duration::from_secs(1));
    assert_eq!(registers(&mut master, Request::ReadHoldingRegisters(10, 1)).await, [27648], "fail value");
    assert_eq!(refusal(&mut master, write(10, 6912)).await, ExceptionCode::ServerDeviceBusy);
    master.call(write(0, 5)).await.unwrap().unwrap();
    assert_eq!(
        refusal(&mut master, write(10, 6912)).await,
        ExceptionCode::ServerDeviceBusy,
        "it stood still"
    );
    master.call(write(0, 6)).await.unwrap().unwrap();
    assert_eq!(field.memory.output(VALVE), 100.0, "the fail value stays until the next command");
    master.call(write(10, 6912)).await.unwrap().unwrap();
    assert_eq!(field.memory.output(VALVE), 25.0);
}

#[tokio::test]
async fn a_write_protected_plc_is_read_and_takes_neither_outputs_nor_heartbeat() {
    let field = field(Wire::Modbus).await;
    let mut master = master(&field, 1).await;
    field.memory.set_write_protected(true);
    for request in [
        Request::WriteSingleRegister(0, 5),
        Request::WriteSingleRegister(10, 6912),
        Request::WriteSingleCoil(5, false),
    ] {
        assert_eq!(refusal(&mut master, request).await, ExceptionCode::ServerDeviceFailure);
    }
    assert_eq!(registers(&mut master, Request::ReadInputRegisters(0, 1)).await, [13824]);
    assert_eq!(registers(&mut master, Request::ReadHoldingRegisters(0, 1)).await, [0]);
    assert_eq!((field.memory.output(VALVE), field.memory.watchdog()), (40.0, WatchdogState::Unarmed));
}

#[tokio::test]
async fn requests_that_come_together_or_in_pieces_are_all_answered() {
    let field = field(Wire::Modbus).await;
    let mut stream = TcpStream::connect(field.plc.address()).await.unwrap();
    let request = |transaction: u8| [0, transaction, 0, 0, 0, 6, 1, 4, 0, 0, 0, 1];
    let bytes: Vec<u8> = (0..100).flat_map(request).collect();
    for piece in bytes.chunks(7) {
        stream.write_all(piece).await.unwrap();
    }
    for transaction in 0..100 {
        let mut answer = [0; 11];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, [0, transaction, 0, 0, 0, 5, 1, 4, 2, 0x36, 0x00]);
    }
}
