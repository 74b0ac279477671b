package main

import (
	"encoding/binary"
	"math/bits"
)

// setupPacket begins each control transfer (USB table 9-2). USB's own byte order is little-endian, inside USB/IP's
// big-endian messages.
type setupPacket struct {
	RequestType, Request uint8
	Value, Index, Length uint16
}

// fromWire mends the byte order of a packet that was read as big-endian.
func (s setupPacket) fromWire() setupPacket {
	s.Value, s.Index, s.Length = bits.ReverseBytes16(s.Value), bits.ReverseBytes16(s.Index), bits.ReverseBytes16(s.Length)
	return s
}

// Bits of bmRequestType, and standard requests (USB tables 9-2 and 9-4).
const (
	requestToHost   = 0x80
	requestTypeMask = 0x60
	requestStandard = 0x00
	requestClass    = 0x20
	getDescriptor   = 6
	setInterface    = 11
)

// Class requests and the controls of a VideoStreaming interface (UVC 4.2, A.8, A.9.7).
const (
	setCur  = 0x01
	getCur  = 0x81
	getMin  = 0x82
	getMax  = 0x83
	getLen  = 0x85
	getInfo = 0x86
	getDef  = 0x87

	probeControl  = 1
	commitControl = 2
)

// negotiation is the data of the probe and commit controls (UVC 1.0, table 4-47).
type negotiation struct {
	Hint                   uint16
	FormatIndex            uint8
	FrameIndex             uint8
	FrameInterval          uint32 // 100 ns
	KeyFrameRate           uint16
	PFrameRate             uint16
	CompQuality            uint16
	CompWindowSize         uint16
	Delay                  uint16
	MaxVideoFrameSize      uint32 // bytes
	MaxPayloadTransferSize uint32 // bytes
}

// negotiated is what any negotiation about that format comes to: it has one size and one rate.
func (m model) negotiated(format uint8) []byte {
	data, _ := binary.Append(nil, binary.LittleEndian, negotiation{ // its size is fixed
		FormatIndex:            format,
		FrameIndex:             1,
		FrameInterval:          m.frameInterval(),
		MaxVideoFrameSize:      m.maxFrameSize(format),
		MaxPayloadTransferSize: m.maxPayload(),
	})
	return data
}

// control answers a transfer on endpoint 0; ok is false where the endpoint stalls, which says "no such thing".
func (m model) control(s setupPacket, format uint8) (data []byte, ok bool) {
	switch s.RequestType & requestTypeMask {
	case requestStandard:
		return m.standard(s)
	case requestClass:
		return m.class(s, format)
	}
	return nil, false
}

func (m model) standard(s setupPacket) (data []byte, ok bool) {
	if s.RequestType&requestToHost == 0 {
		return nil, true // SET_CONFIGURATION, SET_INTERFACE, CLEAR_FEATURE: nothing to keep
	}
	if s.Request != getDescriptor {
		return make([]byte, s.Length), true // GET_STATUS and the like: all zero
	}
	switch uint8(s.Value >> 8) {
	case typeDevice:
		data = deviceDescriptor()
	case typeConfiguration:
		data = m.configurationDescriptor()
	case typeString:
		data = m.stringDescriptor(uint8(s.Value))
	}
	return data, data != nil
}

func (m model) class(s setupPacket, format uint8) (data []byte, ok bool) {
	selector := s.Value >> 8
	if uint8(s.Index) != streamingInterface || selector != probeControl && selector != commitControl {
		return nil, false
	}
	switch s.Request {
	case setCur:
		return nil, true
	case getCur, getMin, getMax, getDef:
		return m.negotiated(format), true
	case getLen:
		return []byte{uint8(binary.Size(negotiation{})), 0}, true
	case getInfo:
		return []byte{3}, true // GET and SET are supported
	}
	return nil, false
}

// startsStream tells whether the transfer commits a negotiation, which the driver does each time it begins to stream.
func (s setupPacket) startsStream() bool {
	return s.RequestType&requestTypeMask == requestClass && s.Request == setCur && s.Value>>8 == commitControl
}

// choosesFormat tells which format a probe or commit asks for, where it is one.
func (s setupPacket) choosesFormat(data []byte) (format uint8, ok bool) {
	const formatIndex = 2 // where it stands in a negotiation
	if s.RequestType&requestTypeMask != requestClass || s.Request != setCur || len(data) <= formatIndex {
		return 0, false
	}
	return data[formatIndex], data[formatIndex] > 0
}

// startsIsochronous tells whether the transfer takes the setting that has bandwidth.
func (s setupPacket) startsIsochronous() bool {
	return s.RequestType&requestTypeMask == requestStandard && s.Request == setInterface &&
		uint8(s.Index) == streamingInterface && s.Value > 0
}
