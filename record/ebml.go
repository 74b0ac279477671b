package record

import (
	"encoding/binary"
	"math/bits"
)

// The few forms of EBML (RFC 8794) that a clip needs.

// element appends an element with that content.
func element(dst []byte, id uint32, content []byte) []byte {
	dst = appendID(dst, id)
	dst = appendSize(dst, uint64(len(content)))
	return append(dst, content...)
}

// number is an element that holds an unsigned number.
func number(id uint32, v uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return element(nil, id, b[min(7, bits.LeadingZeros64(v)/8):])
}

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// appendID appends an ID, whose length marker is a part of it.
func appendID(dst []byte, id uint32) []byte {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], id)
	return append(dst, b[bits.LeadingZeros32(id)/8:]...)
}

// appendSize appends a size in as few bytes as it needs. All ones would mean an unknown one.
func appendSize(dst []byte, size uint64) []byte {
	length := 1
	for size >= 1<<(7*length)-1 {
		length++
	}
	for i := length - 1; i >= 0; i-- {
		b := byte(size >> (8 * i))
		if i == length-1 {
			b |= 1 << (8 - length)
		}
		dst = append(dst, b)
	}
	return dst
}

// appendWide appends a size in wideSize bytes.
func appendWide(dst []byte, size uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, size|1<<56)
}

func putWide(dst []byte, size uint64) { binary.BigEndian.PutUint64(dst, size|1<<56) }
