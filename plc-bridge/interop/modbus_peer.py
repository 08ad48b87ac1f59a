"""pymodbus on both ends: a foreign master of our soft PLC, and a foreign PLC for our client half."""

import asyncio
import logging
import struct
import subprocess
import shutil
import tempfile

from pymodbus.client import ModbusTcpClient
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from peer import (
    Program, Report, Server, argument, check_drive, check_refusing, free_port, near, obey_protection, until
)

# Coils and registers, one or many, masked, or together with a read.
WRITES = (5, 6, 15, 16, 22, 23)


def single(words):
    return struct.unpack(">f", struct.pack(">HH", *words))[0]


def words_of(value):
    return list(struct.unpack(">HH", struct.pack(">f", value)))


async def serve(port):
    """A PLC whose level follows its valve and whose pump runs when it is started."""
    tables = (
        [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
        [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
        [SimData(0, values=[0] * 20, datatype=DataType.REGISTERS)],
        [SimData(0, values=[0] * 60, datatype=DataType.REGISTERS)],
    )
    protected = False

    async def guard(function, start, address, count, registers, values):
        return ExcCodes.DEVICE_FAILURE if protected and function in WRITES else None

    async def set_protected(to):
        nonlocal protected
        protected = to

    obey_protection(asyncio.get_running_loop(), set_protected)
    server = ModbusTcpServer(SimDevice(1, simdata=tables, action=guard), address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    print("ready", flush=True)
    count = 0
    while True:
        count += 1
        valve = await server.async_getValues(1, 3, 10, 1)
        await server.async_setValues(1, 4, 0, valve)
        pump = await server.async_getValues(1, 1, 5, 1)
        await server.async_setValues(1, 2, 3, pump[:1])
        await server.async_setValues(1, 4, 8, words_of(1.0 + count % 100 / 64))
        await server.async_setValues(1, 4, 40, [count >> 16, count & 0xFFFF])
        await asyncio.sleep(0.05)


def check_soft_plc(report, plc, endpoint):
    host, port = endpoint.rsplit(":", 1)
    client = ModbusTcpClient(host, port=int(port))
    report.check("pymodbus connects", client.connect())
    inputs = lambda address, count: client.read_input_registers(address, count=count, device_id=1).registers
    holding = lambda address, count: client.read_holding_registers(address, count=count, device_id=1).registers

    report.check("the level is 40 %", near(inputs(0, 1)[0] * 100 / 27648, 40.0))
    report.check("the single reads as one", 1.0 <= single(inputs(8, 2)) <= 3.0)
    before = inputs(40, 2)
    report.check("the counter counts", until(lambda: inputs(40, 2) != before))
    report.check("the pump runs", client.read_discrete_inputs(3, count=1, device_id=1).bits[0])
    report.check("a gap reads as zero", inputs(1, 7) == [0] * 7)

    client.write_registers(10, [13824] + words_of(990.5), device_id=1)
    report.check("outputs read back", holding(10, 3) == [13824] + words_of(990.5))
    report.check("the level follows the valve", until(lambda: inputs(0, 1) == [13824]))
    client.write_coil(5, False, device_id=1)
    report.check("the pump stops", until(lambda: not client.read_discrete_inputs(3, count=1, device_id=1).bits[0]))
    client.write_coils(5, [True], device_id=1)
    answer = client.readwrite_registers(read_address=10, read_count=1, write_address=10, values=[6912], device_id=1)
    report.check("read and write in one request", answer.registers == [6912])

    exception = lambda response: response.isError() and response.exception_code
    report.check("illegal address", exception(client.read_input_registers(9000, count=1, device_id=1)) == 2)
    report.check("a write into a gap", exception(client.write_register(9, 1, device_id=1)) == 2)
    report.check("half a value", exception(client.write_register(11, 1, device_id=1)) == 2)
    report.check("a number that is none", exception(client.write_registers(11, words_of(float("nan")), device_id=1)) == 3)
    report.check("illegal function", exception(client.mask_write_register(address=10, and_mask=0, or_mask=1, device_id=1)) == 1)
    report.check("a unit that is not there", exception(client.read_input_registers(0, count=1, device_id=9)) == 11)

    client.write_register(0, 1, device_id=1)
    fired = plc.wait(lambda line: line.get("plc") == "modbus" and line["watchdog"] == "Fired")
    report.check("a silent heartbeat fires the watchdog", fired)
    report.check("outputs stand at their fail values", fired and fired["outputs"]["FV-101"] == 100.0, fired)
    report.check("and read so", holding(10, 1) == [27648])
    report.check("writes are refused then", exception(client.write_register(10, 6912, device_id=1)) == 6)
    client.write_register(0, 2, device_id=1)
    client.write_register(10, 6912, device_id=1)
    report.check("a moving heartbeat takes them back", holding(10, 1) == [6912])
    client.close()

    if shutil.which("mbpoll"):
        command = ["mbpoll", "-m", "tcp", "-p", port, "-a", "1", "-0", "-t", "3", "-r", "0", "-c", "1", "-1", host]
        # The level follows the valve within a tick of the soft PLC.
        shown = lambda: subprocess.run(command, capture_output=True, text=True).stdout
        fine = until(lambda: any(line.split()[:1] == ["[0]:"] and line.split()[1:2] in (["6912"], ["27648"]) for line in shown().splitlines()))
        report.check("mbpoll reads the level", fine, shown())
    else:
        print("  skip  mbpoll is not installed")


def main():
    # pymodbus tells the whole traffic when a peer leaves, which peers here do on purpose.
    logging.disable(logging.CRITICAL)
    if argument("--serve"):
        asyncio.run(serve(int(argument("--serve"))))
        return
    report = Report("pymodbus")
    with tempfile.TemporaryDirectory() as pki:
        plc = Program(argument("--soft-plc"), "--pki", pki)
        endpoints = plc.wait(lambda line: "modbus" in line)
        check_soft_plc(report, plc, endpoints["modbus"])
        plc.close()

    port = free_port()
    server = Server(__file__, port)
    watcher = ModbusTcpClient("127.0.0.1", port=port)

    def read_outputs():
        # Anew each time: the server may have been killed since.
        watcher.close()
        watcher.connect()
        holding = watcher.read_holding_registers(0, count=13, device_id=1).registers
        coil = watcher.read_coils(5, count=1, device_id=1).bits[0]
        return {"heartbeat": holding[0], "SC-101": single(holding[11:13]), "P-101.start": coil}

    new_drive = lambda: Program(argument("--drive"), "--modbus", f"127.0.0.1:{port}")
    drive = new_drive()
    try:
        check_drive(report, drive, server, read_outputs)
        drive.close()
        server.kill()
        server.start()
        check_refusing(report, new_drive, server, read_outputs, "Modbus exception 4, server device failure")
    finally:
        drive.close()
        server.kill()
    report.summary()


if __name__ == "__main__":
    main()
