package main

import (
	"encoding/binary"
	"testing"
	"time"

	"edged/internal/testkit"
)

func TestConfigurationDescriptor(t *testing.T) {
	for name, isochronous := range map[string]bool{"bulk": false, "isochronous": true} {
		t.Run(name, func(t *testing.T) {
			m := model{clip: &clip{width: 640, height: 480}, interval: time.Second / 15, isochronous: isochronous, yuyv: isochronous}
			all := m.configurationDescriptor()
			if total := int(binary.LittleEndian.Uint16(all[2:])); total != len(all) {
				t.Errorf("wTotalLength %d, the descriptors have %d bytes", total, len(all))
			}
			count := map[uint8]int{}
			for rest := all; len(rest) > 0; rest = rest[rest[0]:] {
				if rest[0] < 2 || int(rest[0]) > len(rest) {
					t.Fatalf("bLength %d with %d bytes left", rest[0], len(rest))
				}
				count[rest[1]]++
				if rest[1] == typeEndpoint && rest[3]&3 != map[bool]uint8{true: 1, false: 2}[isochronous] {
					t.Errorf("transfer type %d of the endpoint", rest[3]&3)
				}
			}
			interfaces := map[bool]int{true: 3, false: 2}[isochronous] // alternate settings count
			if count[typeInterface] != interfaces || count[typeEndpoint] != 1 {
				t.Errorf("%d interfaces and %d endpoints, want %d and 1", count[typeInterface], count[typeEndpoint], interfaces)
			}
		})
	}
}

func TestHostReadsDescriptors(t *testing.T) {
	testkit.Slow(t)
	h, cam := plugIn(t, false)
	// A host asks for nine bytes first, to learn the total length.
	head := h.control(requestToHost, getDescriptor, typeConfiguration<<8, 0, make([]byte, 9))
	if len(head.data) != 9 {
		t.Fatalf("%d bytes of a descriptor cut to 9", len(head.data))
	}
	total := binary.LittleEndian.Uint16(head.data[2:])
	whole := h.control(requestToHost, getDescriptor, typeConfiguration<<8, 0, make([]byte, total))
	if string(whole.data) != string(cam.configurationDescriptor()) {
		t.Error("the configuration read over the cable differs")
	}
	if product := h.control(requestToHost, getDescriptor, typeString<<8|2, 0x0409, make([]byte, 255)); len(product.data) != 2+2*len("UVC simulator") {
		t.Errorf("product string of %d bytes", len(product.data))
	}
}
