//! Field to image and back: Modbus TCP and OPC UA, client and server halves
