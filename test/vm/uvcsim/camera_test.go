package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"testing"
	"time"

	"edged/internal/testkit"
)

// host is the kernel's side of the cable.
type host struct {
	t      *testing.T
	cable  *os.File
	seqnum uint32
}

func plugIn(t *testing.T, isochronous bool) (*host, *camera) {
	t.Helper()
	c := &clip{width: 640, height: 480}
	for shade := range uint8(50) { // so many that frames which are late, and skipped, do not bring the same again
		c.frames = append(c.frames, jpegOf(t, int(c.width), int(c.height), 5*shade))
	}
	kernel, device, err := newCable()
	if err != nil {
		t.Fatal(err)
	}
	cam := newCamera(model{clip: c, interval: 10 * time.Millisecond, isochronous: isochronous}, device)
	h := &host{t: t, cable: os.NewFile(uintptr(kernel), "host")}
	done := make(chan struct{})
	go func() { cam.run(); close(done) }()
	t.Cleanup(func() {
		h.cable.Close()
		<-done
	})
	return h, cam
}

func (h *host) send(command, direction, endpoint uint32, body submitRequest, rest any) uint32 {
	h.t.Helper()
	h.seqnum++
	var b bytes.Buffer
	for _, part := range []any{basicHeader{Command: command, Seqnum: h.seqnum, Direction: direction, Endpoint: endpoint}, body, rest} {
		if err := binary.Write(&b, binary.BigEndian, part); err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := h.cable.Write(b.Bytes()); err != nil {
		h.t.Fatal(err)
	}
	return h.seqnum
}

type reply struct {
	basicHeader
	submitReply
	data    []byte
	packets []isoPacket
}

func (h *host) receive(in bool) reply {
	h.t.Helper()
	var r reply
	h.read(&r.basicHeader)
	h.read(&r.submitReply)
	if r.Command == retSubmit && in {
		r.data = make([]byte, r.ActualLength)
		h.read(r.data)
	}
	if r.Packets > 0 {
		r.packets = make([]isoPacket, r.Packets)
		h.read(r.packets)
	}
	return r
}

func (h *host) read(into any) {
	h.t.Helper()
	if err := binary.Read(h.cable, binary.BigEndian, into); err != nil {
		h.t.Fatal(err)
	}
}

// control makes a control transfer; data goes to the camera where requestType says so.
func (h *host) control(requestType, request uint8, value, index uint16, data []byte) reply {
	h.t.Helper()
	// setupPacket is little-endian on the wire.
	setup := setupPacket{requestType, request, value, index, uint16(len(data))}.fromWire()
	if requestType&requestToHost != 0 {
		h.send(cmdSubmit, directionIn, 0, submitRequest{Length: int32(len(data)), Setup: setup}, []byte{})
		return h.receive(true)
	}
	h.send(cmdSubmit, directionOut, 0, submitRequest{Length: int32(len(data)), Setup: setup}, data)
	return h.receive(false)
}

func (h *host) startStream() {
	h.t.Helper()
	want := make([]byte, binary.Size(negotiation{}))
	if r := h.control(0x21, setCur, commitControl<<8, streamingInterface, want); r.Status != statusOK {
		h.t.Fatalf("commit: status %d", r.Status)
	}
}

// payloads makes one streaming transfer and returns the payloads that it brought.
func (h *host) payloads(isochronous bool) [][]byte {
	h.t.Helper()
	if !isochronous {
		h.send(cmdSubmit, directionIn, streamingEndpoint, submitRequest{Length: bulkPayload, Packets: -1}, []byte{})
		return [][]byte{h.receive(true).data}
	}
	const packets = 8
	wanted := make([]isoPacket, packets)
	for i := range wanted {
		wanted[i] = isoPacket{Offset: uint32(i * isochronousPacket), Length: isochronousPacket}
	}
	h.send(cmdSubmit, directionIn, streamingEndpoint, submitRequest{Length: packets * isochronousPacket, Packets: packets}, wanted)
	r := h.receive(true)
	var all [][]byte
	for _, p := range r.packets {
		all = append(all, r.data[:p.ActualLength])
		r.data = r.data[p.ActualLength:]
	}
	return all
}

// frame puts the payloads of one frame together, as the driver does.
func (h *host) frame(isochronous bool) (jpeg []byte, flags uint8) {
	h.t.Helper()
	for {
		for _, p := range h.payloads(isochronous) {
			if len(p) == 0 {
				continue
			}
			jpeg, flags = append(jpeg, p[headerSize:]...), p[1]
		}
		if flags&headerEndOfFrame != 0 {
			return jpeg, flags
		}
	}
}

func TestStream(t *testing.T) {
	testkit.Slow(t)
	for name, isochronous := range map[string]bool{"bulk": false, "isochronous": true} {
		t.Run(name, func(t *testing.T) {
			h, cam := plugIn(t, isochronous)
			h.startStream()
			at := -1
			for range 5 {
				jpeg, flags := h.frame(isochronous)
				next := indexOf(cam.clip.frames, jpeg)
				if next < 0 {
					t.Fatalf("%d bytes that are no frame of the clip", len(jpeg))
				}
				if flags&headerError != 0 {
					t.Error("error bit on a good frame")
				}
				if next == at {
					t.Errorf("frame %d twice in a row", at)
				}
				at = next
			}
		})
	}
}

func indexOf(frames [][]byte, jpeg []byte) int {
	for i := range frames {
		if bytes.Equal(frames[i], jpeg) {
			return i
		}
	}
	return -1
}

func TestSpoiltFrames(t *testing.T) {
	h, cam := plugIn(t, false)
	h.startStream()
	cam.spoilFrames(errorBit, false)
	if _, flags := h.frame(false); flags&headerError == 0 {
		t.Error("no error bit on the frame that was to be spoilt")
	}
	cam.spoilFrames(truncated, false)
	if jpeg, flags := h.frame(false); flags&headerError != 0 || bytes.HasSuffix(jpeg, []byte{0xff, markerEOI}) {
		t.Errorf("truncated frame: flags %#x, ends with % x", flags, jpeg[len(jpeg)-2:])
	}
	if jpeg, _ := h.frame(false); indexOf(cam.clip.frames, jpeg) < 0 {
		t.Error("the frame after a spoilt one is not whole")
	}
	cam.spoilFrames(frozen, true)
	first, _ := h.frame(false)
	if second, _ := h.frame(false); !bytes.Equal(first, second) {
		t.Error("a frozen camera sends two pictures")
	}
	cam.spoilFrames(garbage, true)
	if picture, _ := h.frame(false); bytes.HasPrefix(picture, []byte{0xff, markerSOI}) {
		t.Error("garbage looks like a JPEG")
	}
	cam.spoilFrames(intact, true)
	if picture, _ := h.frame(false); indexOf(cam.clip.frames, picture) < 0 {
		t.Error("no whole frame after the faults")
	}
}

func TestYUYV(t *testing.T) {
	h, cam := plugIn(t, false)
	cam.yuyv = true
	want := make([]byte, binary.Size(negotiation{}))
	want[2] = formatYUYV
	h.control(0x21, setCur, probeControl<<8, streamingInterface, want)
	got := h.control(0xa1, getCur, probeControl<<8, streamingInterface, make([]byte, len(want)))
	if size := binary.LittleEndian.Uint32(got.data[18:]); got.data[2] != formatYUYV || size != 640*480*2 {
		t.Errorf("format %d with frames of %d bytes", got.data[2], size)
	}
	h.control(0x21, setCur, commitControl<<8, streamingInterface, want)
	if picture, _ := h.frame(false); len(picture) != 640*480*2 {
		t.Errorf("a picture of %d bytes", len(picture))
	}
}

func TestFullBus(t *testing.T) {
	h, cam := plugIn(t, true)
	for _, full := range []bool{true, false} {
		cam.crowd(full)
		want := map[bool]int32{true: statusNoBandwidth, false: statusOK}[full]
		if r := h.control(0x01, setInterface, 1, streamingInterface, nil); r.Status != want {
			t.Errorf("full: %v, status %d", full, r.Status)
		}
	}
}

// A driver that stops streaming takes its transfers back; an answer to one of these would end the connection.
func TestUnlink(t *testing.T) {
	testkit.Slow(t)
	h, cam := plugIn(t, false)
	victim := h.send(cmdSubmit, directionIn, streamingEndpoint, submitRequest{Length: bulkPayload, Packets: -1}, []byte{})
	h.send(cmdUnlink, directionOut, 0, submitRequest{FlagsOrVictim: victim}, []byte{})
	if r := h.receive(true); r.Command != retUnlink || r.Status != statusUnlinked {
		t.Fatalf("reply %d with status %d to an unlink in time", r.Command, r.Status)
	}
	h.startStream()
	if jpeg, _ := h.frame(false); indexOf(cam.clip.frames, jpeg) < 0 {
		t.Error("no whole frame after an unlink")
	}
	h.send(cmdUnlink, directionOut, 0, submitRequest{FlagsOrVictim: victim}, []byte{})
	if r := h.receive(true); r.Command != retUnlink || r.Status != statusOK {
		t.Fatalf("reply %d with status %d to an unlink that comes too late", r.Command, r.Status)
	}
}

func TestUnplug(t *testing.T) {
	testkit.Slow(t)
	h, cam := plugIn(t, false)
	h.startStream()
	h.frame(false)
	cam.close()
	if _, err := io.Copy(io.Discard, h.cable); err != nil {
		t.Errorf("the host sees %v, want the end of the connection", err)
	}
}

func TestUnknownRequestStalls(t *testing.T) {
	testkit.Slow(t)
	h, _ := plugIn(t, false)
	if r := h.control(0xa1, getCur, 0x0200, controlInterface, make([]byte, 2)); r.Status != statusStall {
		t.Errorf("status %d, want a stall", r.Status)
	}
}
