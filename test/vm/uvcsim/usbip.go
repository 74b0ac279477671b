package main

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The USB/IP protocol as vhci_hcd speaks it over the cable (kernel: Documentation/usb/usbip_protocol.rst): requests and
// replies of 48 bytes, big-endian, followed by data and, for isochronous transfers, packet descriptors.
const (
	cmdSubmit uint32 = 1
	cmdUnlink uint32 = 2
	retSubmit uint32 = 3
	retUnlink uint32 = 4

	directionOut uint32 = 0
	directionIn  uint32 = 1
)

// Transfer statuses, negative errno values.
const (
	statusOK          int32 = 0
	statusNoBandwidth int32 = -28  // ENOSPC
	statusStall       int32 = -32  // EPIPE: the endpoint stalled
	statusUnlinked    int32 = -104 // ECONNRESET: cancelled before it was answered
)

// maxTransfer bounds what one request may carry; uvcvideo's URBs stay far below.
const maxTransfer = 1 << 20

// basicHeader begins every message (usbip_header_basic).
type basicHeader struct {
	Command, Seqnum, Devid, Direction, Endpoint uint32
}

// submitRequest is the rest of a USBIP_CMD_SUBMIT. Of a USBIP_CMD_UNLINK only the first field is there: the sequence
// number of the request to cancel.
type submitRequest struct {
	FlagsOrVictim uint32
	Length        int32 // of the transfer, bytes
	StartFrame    int32
	Packets       int32 // isochronous packets; -1 (or 0, for control) for any other transfer
	Interval      int32
	Setup         setupPacket
}

// submitReply is the rest of a USBIP_RET_SUBMIT; a USBIP_RET_UNLINK has the status alone.
type submitReply struct {
	Status       int32
	ActualLength int32
	StartFrame   int32
	Packets      int32
	ErrorCount   int32
	_            [8]byte
}

// isoPacket describes one packet of an isochronous transfer.
type isoPacket struct {
	Offset, Length, ActualLength uint32
	Status                       int32
}

// urb is one transfer asked for by the host.
type urb struct {
	seqnum   uint32
	endpoint uint32
	in       bool
	length   int    // the most bytes wanted (in) or sent (out)
	data     []byte // out only
	setup    setupPacket
	packets  []isoPacket // isochronous only
}

// request is either a transfer to make or, where unlink is not 0, the sequence number of one to cancel.
type request struct {
	urb
	unlink uint32
}

func readRequest(r io.Reader) (request, error) {
	var head basicHeader
	var body submitRequest
	if err := binary.Read(r, binary.BigEndian, &head); err != nil {
		return request{}, err
	}
	if err := binary.Read(r, binary.BigEndian, &body); err != nil {
		return request{}, err
	}
	u := urb{seqnum: head.Seqnum, endpoint: head.Endpoint, in: head.Direction == directionIn, length: int(body.Length), setup: body.Setup.fromWire()}
	switch head.Command {
	case cmdUnlink:
		return request{urb: u, unlink: body.FlagsOrVictim}, nil
	case cmdSubmit:
	default:
		return request{}, fmt.Errorf("usbip: unknown command %d", head.Command)
	}
	if u.length < 0 || u.length > maxTransfer || body.Packets > maxTransfer/16 {
		return request{}, fmt.Errorf("usbip: transfer of %d bytes in %d packets is too large", u.length, body.Packets)
	}
	if !u.in {
		u.data = make([]byte, u.length)
		if _, err := io.ReadFull(r, u.data); err != nil {
			return request{}, err
		}
	}
	if body.Packets > 0 {
		u.packets = make([]isoPacket, body.Packets)
		if err := binary.Read(r, binary.BigEndian, u.packets); err != nil {
			return request{}, err
		}
	}
	return request{urb: u}, nil
}

// writeReply answers a transfer. length is the number of bytes moved, data those sent to the host, packets how they
// are spread over an isochronous transfer.
func writeReply(w io.Writer, seqnum uint32, status int32, length int, data []byte, packets []isoPacket) error {
	return writeMessage(w, retSubmit, seqnum,
		submitReply{Status: status, ActualLength: int32(length), Packets: int32(len(packets))}, data, packets)
}

// writeUnlinked answers a cancellation: statusUnlinked where it came in time, statusOK where the transfer was answered before.
func writeUnlinked(w io.Writer, seqnum uint32, status int32) error {
	return writeMessage(w, retUnlink, seqnum, submitReply{Status: status}, nil, nil)
}

func writeMessage(w io.Writer, command, seqnum uint32, body submitReply, data []byte, packets []isoPacket) error {
	var message []byte
	for _, part := range []any{basicHeader{Command: command, Seqnum: seqnum}, body, data, packets} {
		var err error
		if message, err = binary.Append(message, binary.BigEndian, part); err != nil {
			return err
		}
	}
	_, err := w.Write(message)
	return err
}
