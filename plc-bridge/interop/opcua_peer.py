"""asyncua on both ends: a foreign client of our soft PLC, and a foreign PLC for our client half."""

import asyncio
import logging
import tempfile

from asyncua import Client, Server as UaServer, ua
from asyncua.sync import Client as SyncClient

from peer import Program, Report, Server, argument, check_drive, check_refusing, free_port, near, obey_protection

NAMESPACE = "urn:catholyte:interop"


async def serve(port):
    """A PLC whose level follows its valve and whose pump runs when it is started.

    The types differ from our own soft PLC on purpose: a Float, an Int32 heartbeat, an Int64 counter.
    """
    server = UaServer()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/plant/")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await server.register_namespace("urn:something:else")
    index = await server.register_namespace(NAMESPACE)
    folder = await server.nodes.objects.add_folder(index, "Field")

    async def variable(name, value, kind, writable=False):
        node = await folder.add_variable(ua.NodeId(name, index), name, ua.Variant(value, kind))
        if writable:
            await node.set_writable()
        return node

    level = await variable("LT-101", 0.0, ua.VariantType.Double)
    running = await variable("P-101.running", False, ua.VariantType.Boolean)
    pressure = await variable("PT-101", 1.0, ua.VariantType.Float)
    counter = await variable("FQ-101", 0, ua.VariantType.Int64)
    valve = await variable("FV-101", 0.0, ua.VariantType.Double, True)
    pump = await variable("P-101.start", False, ua.VariantType.Boolean, True)
    speed = await variable("SC-101", 0.0, ua.VariantType.Float, True)
    heartbeat = await variable("Heartbeat", 0, ua.VariantType.Int32, True)

    async def set_protected(to):
        for node in (valve, pump, speed, heartbeat):
            await node.set_writable(not to)

    obey_protection(asyncio.get_running_loop(), set_protected)
    async with server:
        print("ready", flush=True)
        count = 0
        while True:
            count += 1
            await level.write_value(ua.Variant(await valve.read_value(), ua.VariantType.Double))
            await running.write_value(await pump.read_value())
            await pressure.write_value(ua.Variant(1.0 + count % 100 / 64, ua.VariantType.Float))
            await counter.write_value(ua.Variant(count, ua.VariantType.Int64))
            await asyncio.sleep(0.05)


class Ears:
    def __init__(self):
        self.heard = {}
        self.news = asyncio.Event()

    def datachange_notification(self, node, value, data):
        self.heard.setdefault(node.nodeid.Identifier, []).append(value)
        self.news.set()

    async def hears(self, name, expected, limit=10.0):
        async def listen():
            while not any(expected(value) for value in self.heard.get(name, [])):
                self.news.clear()
                await self.news.wait()
            return True

        try:
            return await asyncio.wait_for(listen(), limit)
        except asyncio.TimeoutError:
            return False


async def refusal(work):
    """The status code with which a call is refused, by name."""
    try:
        await work
        return "Good"
    except ua.UaStatusCodeError as error:
        return ua.status_codes.get_name_and_doc(error.code)[0]


async def check_soft_plc(report, plc, endpoint):
    async with Client(endpoint) as client:
        report.check("asyncua connects and finds the namespace", NAMESPACE in await client.get_namespace_array())
        index = await client.get_namespace_index(NAMESPACE)
        node = lambda name: client.get_node(ua.NodeId(name, index))
        folder = await client.nodes.objects.get_child(f"{index}:PLC-1")
        names = sorted([(await child.read_browse_name()).Name for child in await folder.get_children()])
        expected = sorted(["Heartbeat", "WatchdogFired", "LT-101", "FV-101", "P-101.running", "P-101.start", "PT-101", "SC-101", "FQ-101"])
        report.check("browsing finds every tag below the device", names == expected, names)
        report.check("the level is 40 %", near(await node("LT-101").read_value(), 40.0))
        kind = await node("P-101.start").read_data_type_as_variant_type()
        report.check("a switch is a Boolean", kind == ua.VariantType.Boolean)

        ears = Ears()
        subscription = await client.create_subscription(100, ears)
        wanted = ["LT-101", "FQ-101", "FV-101", "PLC-1.WatchdogFired"]
        await subscription.subscribe_data_change([node(name) for name in wanted])
        report.check("the subscription tells the level", await ears.hears("LT-101", lambda value: near(value, 40.0)))
        report.check("the counter counts", await ears.hears("FQ-101", lambda value: value > ears.heard["FQ-101"][0] + 5))

        await node("FV-101").write_value(ua.Variant(55.5, ua.VariantType.Double))
        report.check("an output reads back", near(await node("FV-101").read_value(), 55.5))
        report.check("the level follows the valve", await ears.hears("LT-101", lambda value: near(value, 55.5)))
        write = lambda name, value, kind: refusal(node(name).write_value(ua.Variant(value, kind)))
        kinds = ua.VariantType
        report.check("a String into a Double is refused", await write("FV-101", "12", kinds.String) == "BadTypeMismatch")
        report.check("an Int32 into a Double is refused", await write("FV-101", 12, kinds.Int32) == "BadTypeMismatch")
        report.check("a Double into a Boolean is refused", await write("P-101.start", 1.0, kinds.Double) == "BadTypeMismatch")
        report.check("NaN is refused", await write("FV-101", float("nan"), kinds.Double) == "BadOutOfRange")
        report.check("an input is not writable", await write("LT-101", 1.0, kinds.Double) in ("BadNotWritable", "BadUserAccessDenied"))
        report.check("the refused writes changed nothing", near(await node("FV-101").read_value(), 55.5))

        await node("Heartbeat").write_value(ua.Variant(1, ua.VariantType.UInt32))
        report.check("a silent heartbeat fires the watchdog", await ears.hears("PLC-1.WatchdogFired", lambda value: value is True))
        report.check("outputs stand at their fail values", await ears.hears("FV-101", lambda value: near(value, 100.0)))
        report.check("writes are refused then", await write("FV-101", 1.0, kinds.Double) == "BadInvalidState")
        await node("Heartbeat").write_value(ua.Variant(2, ua.VariantType.UInt32))
        await node("FV-101").write_value(ua.Variant(20.0, ua.VariantType.Double))
        report.check("a moving heartbeat takes them back", near(await node("FV-101").read_value(), 20.0))
        told = plc.wait(lambda line: line.get("plc") == "opcua" and near(line["outputs"]["FV-101"], 20.0))
        report.check("the soft PLC drives the command", told)
        await subscription.delete()


def main():
    logging.disable(logging.CRITICAL)
    if argument("--serve"):
        asyncio.run(serve(int(argument("--serve"))))
        return
    report = Report("asyncua")
    with tempfile.TemporaryDirectory() as pki:
        plc = Program(argument("--soft-plc"), "--pki", pki)
        endpoints = plc.wait(lambda line: "opcua" in line)
        asyncio.run(check_soft_plc(report, plc, endpoints["opcua"]))
        plc.close()

        port = free_port()
        server = Server(__file__, port)

        def read_outputs():
            with SyncClient(f"opc.tcp://127.0.0.1:{port}/plant/") as client:
                index = client.get_namespace_index(NAMESPACE)
                read = lambda name: client.get_node(ua.NodeId(name, index)).read_value()
                return {"heartbeat": read("Heartbeat"), "SC-101": read("SC-101"), "P-101.start": read("P-101.start")}

        new_drive = lambda: Program(argument("--drive"), "--opcua", f"opc.tcp://127.0.0.1:{port}/plant/", "--pki", pki)
        drive = new_drive()
        try:
            check_drive(report, drive, server, read_outputs)
            drive.close()
            server.kill()
            server.start()
            check_refusing(report, new_drive, server, read_outputs, "BadUserAccessDenied")
        finally:
            drive.close()
            server.kill()
    report.summary()


if __name__ == "__main__":
    main()
