package main

import (
	"encoding/binary"
	"slices"
	"time"
	"unicode/utf16"
)

// Descriptors of a camera with MJPEG, and YUYV where it is wanted, of one frame size: USB 2.0 chapter 9 ("USB"), and the USB Device Class
// Definition for Video Devices 1.0 ("UVC"). Numbers longer than a byte are little-endian.

// Descriptor types: USB table 9-5, UVC appendix A.
const (
	typeDevice               = 0x01
	typeConfiguration        = 0x02
	typeString               = 0x03
	typeInterface            = 0x04
	typeEndpoint             = 0x05
	typeInterfaceAssociation = 0x0b
	typeClassInterface       = 0x24 // CS_INTERFACE
)

// Classes and their subtypes of CS_INTERFACE descriptors: UVC appendix A.
const (
	classVideo            = 0x0e
	subclassControl       = 0x01
	subclassStreaming     = 0x02
	subclassCollection    = 0x03
	controlHeader         = 0x01
	controlInputTerminal  = 0x02
	controlOutputTerminal = 0x03
	streamingInputHeader  = 0x01
	streamingFormatRaw    = 0x04
	streamingFrameRaw     = 0x05
	streamingFormatMJPEG  = 0x06
	streamingFrameMJPEG   = 0x07
	streamingColorFormat  = 0x0d
)

// The camera's own numbers.
const (
	controlInterface   = 0
	streamingInterface = 1
	streamingEndpoint  = 1
	formatMJPEG        = 1
	formatYUYV         = 2
	cameraTerminal     = 1 // UVC: the lens, feeding ...
	streamingTerminal  = 2 // ... the USB output
	bulkPayload        = 16384
	bulkPacket         = 512  // the only size at high speed
	isochronousPacket  = 1024 // one a microframe: 8 MB/s
)

// model is what sets one camera apart from another.
type model struct {
	clip        *clip
	interval    time.Duration // between frames
	serial      string
	yuyv        bool // offered beside MJPEG
	isochronous bool // else bulk
}

// frameInterval in UVC's unit of 100 ns.
func (m model) frameInterval() uint32 { return uint32(m.interval / (100 * time.Nanosecond)) }

// maxFrameSize in bytes: any JPEG of the clip fits, and a raw picture exactly.
func (m model) maxFrameSize(format uint8) uint32 {
	size := int(m.clip.width) * int(m.clip.height) * 2
	if format == formatYUYV {
		return uint32(size)
	}
	for _, jpeg := range m.clip.frames {
		size = max(size, len(jpeg))
	}
	return uint32(size)
}

// maxPayload in bytes: of one bulk transfer, or of one isochronous packet.
func (m model) maxPayload() uint32 {
	if m.isochronous {
		return isochronousPacket
	}
	return bulkPayload
}

// descriptor puts bLength and bDescriptorType in front of the fields, whose Go types give their sizes.
func descriptor(kind uint8, fields ...any) []byte {
	d := []byte{0, kind}
	for _, f := range fields {
		d, _ = binary.Append(d, binary.LittleEndian, f) // fails on types of no fixed size only
	}
	d[0] = uint8(len(d))
	return d
}

type (
	u8  = uint8
	u16 = uint16
	u32 = uint32
)

// deviceDescriptor: USB table 9-8. Class "miscellaneous" says that an interface association follows (UVC 3.1).
func deviceDescriptor() []byte {
	return descriptor(typeDevice,
		u16(0x0200),               // bcdUSB
		u8(0xef), u8(0x02), u8(1), // bDeviceClass, bDeviceSubClass, bDeviceProtocol
		u8(64),                   // bMaxPacketSize0
		u16(0x1d6b), u16(0x0102), // idVendor (Linux Foundation), idProduct
		u16(0x0010),         // bcdDevice
		u8(1), u8(2), u8(3), // iManufacturer, iProduct, iSerialNumber
		u8(1)) // bNumConfigurations
}

// stringDescriptor: USB 9.6.7. Index 0 lists the languages: US English alone.
func (m model) stringDescriptor(index uint8) []byte {
	texts := []string{"edged", "UVC simulator", m.serial}
	switch {
	case index == 0:
		return descriptor(typeString, u16(0x0409))
	case int(index) <= len(texts):
		return descriptor(typeString, utf16.Encode([]rune(texts[index-1])))
	}
	return nil
}

// configurationDescriptor is the configuration with everything under it, as the host asks for it (USB 9.4.3).
func (m model) configurationDescriptor() []byte {
	body := slices.Concat(
		descriptor(typeInterfaceAssociation,
			u8(controlInterface), u8(2), // bFirstInterface, bInterfaceCount
			u8(classVideo), u8(subclassCollection), u8(0), // bFunctionClass, bFunctionSubClass, bFunctionProtocol
			u8(2)), // iFunction
		controlDescriptors(),
		m.streamingDescriptors())
	head := descriptor(typeConfiguration,
		u16(9+len(body)), // wTotalLength
		u8(2),            // bNumInterfaces
		u8(1), u8(0),     // bConfigurationValue, iConfiguration
		u8(0x80), u8(50)) // bmAttributes (bus powered), bMaxPower (100 mA)
	return slices.Concat(head, body)
}

// controlDescriptors: the VideoControl interface with a camera terminal wired to a streaming terminal (UVC 3.7).
func controlDescriptors() []byte {
	terminals := slices.Concat(
		descriptor(typeClassInterface, u8(controlInputTerminal),
			u8(cameraTerminal), u16(0x0201), // bTerminalID, wTerminalType (ITT_CAMERA)
			u8(0), u8(0), // bAssocTerminal, iTerminal
			u16(0), u16(0), u16(0), // focal lengths: no zoom
			u8(3), [3]u8{}), // bControlSize, bmControls: none
		descriptor(typeClassInterface, u8(controlOutputTerminal),
			u8(streamingTerminal), u16(0x0101), // bTerminalID, wTerminalType (TT_STREAMING)
			u8(0), u8(cameraTerminal), u8(0))) // bAssocTerminal, bSourceID, iTerminal
	return slices.Concat(
		interfaceDescriptor(controlInterface, 0, 0, subclassControl),
		descriptor(typeClassInterface, u8(controlHeader),
			u16(0x0100),                    // bcdUVC
			u16(13+len(terminals)),         // wTotalLength of the class's descriptors
			u32(48_000_000),                // dwClockFrequency, Hz
			u8(1), u8(streamingInterface)), // bInCollection, baInterfaceNr
		terminals)
}

// streamingDescriptors: the VideoStreaming interface (UVC 3.9). A bulk endpoint stands in the only alternate setting; an
// isochronous one in setting 1, so that setting 0 takes no bandwidth (UVC 2.4.3).
func (m model) streamingDescriptors() []byte {
	const in = 0x80 | streamingEndpoint
	if !m.isochronous {
		return slices.Concat(
			interfaceDescriptor(streamingInterface, 0, 1, subclassStreaming),
			m.formatDescriptors(),
			descriptor(typeEndpoint, u8(in), u8(2), u16(bulkPacket), u8(0)))
	}
	return slices.Concat(
		interfaceDescriptor(streamingInterface, 0, 0, subclassStreaming),
		m.formatDescriptors(),
		interfaceDescriptor(streamingInterface, 1, 1, subclassStreaming),
		descriptor(typeEndpoint, u8(in), u8(5), u16(isochronousPacket), u8(1))) // asynchronous; each microframe
}

// yuy2 is the GUID of YUYV (UVC Uncompressed payload, 2.2).
var yuy2 = [16]byte{'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}

// formatDescriptors: each format with one frame size at one rate.
func (m model) formatDescriptors() []byte {
	formats := slices.Concat(
		descriptor(typeClassInterface, u8(streamingFormatMJPEG), // UVC Motion-JPEG payload, 3.1
			u8(formatMJPEG), u8(1), // bFormatIndex, bNumFrameDescriptors
			u8(1),                       // bmFlags: samples of fixed size
			u8(1),                       // bDefaultFrameIndex
			u8(0), u8(0), u8(0), u8(0)), // aspect ratio, interlacing, copy protection: none
		m.frameDescriptor(streamingFrameMJPEG, formatMJPEG))
	count := uint8(1)
	if m.yuyv {
		count = 2
		formats = slices.Concat(formats,
			descriptor(typeClassInterface, u8(streamingFormatRaw), // UVC Uncompressed payload, 3.1
				u8(formatYUYV), u8(1), // bFormatIndex, bNumFrameDescriptors
				yuy2, u8(16), // guidFormat, bBitsPerPixel
				u8(1),                       // bDefaultFrameIndex
				u8(0), u8(0), u8(0), u8(0)), // as above
			m.frameDescriptor(streamingFrameRaw, formatYUYV))
	}
	header := descriptor(typeClassInterface, u8(streamingInputHeader),
		count, u16(13+int(count)+len(formats)), // bNumFormats, wTotalLength
		u8(0x80|streamingEndpoint), u8(0), // bEndpointAddress, bmInfo
		u8(streamingTerminal), // bTerminalLink
		u8(0), u8(0), u8(0),   // no still capture, no trigger
		u8(1), make([]byte, count)) // bControlSize, bmaControls of each format: none
	return slices.Concat(header, formats)
}

// frameDescriptor is the only one of its format, with the colours that follow it.
func (m model) frameDescriptor(kind, format uint8) []byte {
	return slices.Concat(
		descriptor(typeClassInterface, kind,
			u8(1), u8(0), // bFrameIndex, bmCapabilities
			m.clip.width, m.clip.height,
			u32(1_000_000), u32(100_000_000), // dwMinBitRate, dwMaxBitRate
			m.maxFrameSize(format),    // dwMaxVideoFrameBufferSize
			m.frameInterval(),         // dwDefaultFrameInterval
			u8(1), m.frameInterval()), // bFrameIntervalType: one discrete interval
		descriptor(typeClassInterface, u8(streamingColorFormat),
			u8(1), u8(1), u8(4))) // BT.709 primaries and transfer, SMPTE 170M (BT.601) matrix
}

// interfaceDescriptor: USB table 9-12.
func interfaceDescriptor(number, alternate, endpoints, subclass uint8) []byte {
	return descriptor(typeInterface, number, alternate, endpoints, u8(classVideo), subclass, u8(0), u8(0))
}
