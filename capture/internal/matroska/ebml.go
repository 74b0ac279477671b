package matroska

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
)

// scanner reads the elements of EBML (RFC 8794): an ID, a size, and what the element holds.
type scanner struct{ r *bufio.Reader }

// element reads an element's ID and size. Size -1 is unknown. io.EOF means that the stream ended before the element.
func (s scanner) element() (id uint32, size int64, err error) {
	first, err := s.r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	length := 1
	for mask := byte(0x80); first&mask == 0; mask >>= 1 {
		if length++; length > 4 {
			return 0, 0, fmt.Errorf("no element where one must start (%#x)", first)
		}
	}
	id = uint32(first)
	for range length - 1 {
		b, err := s.r.ReadByte()
		if err != nil {
			return 0, 0, unexpected(err)
		}
		id = id<<8 | uint32(b)
	}
	size, _, err = s.variable()
	return id, size, unexpected(err)
}

// variable reads a number of variable length. The position of its first set bit is its length in bytes. Where all other bits are
// set, the number is unknown: -1.
func (s scanner) variable() (n int64, length int, err error) {
	first, err := s.r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	length, mask := 1, byte(0x80)
	for ; first&mask == 0; mask >>= 1 {
		if length++; length > 8 {
			return 0, 0, errors.New("size of more than 8 bytes")
		}
	}
	n = int64(first &^ mask)
	for range length - 1 {
		b, err := s.r.ReadByte()
		if err != nil {
			return 0, 0, err
		}
		n = n<<8 | int64(b)
	}
	if n == 1<<(7*length)-1 {
		return -1, length, nil
	}
	return n, length, nil
}

func (s scanner) unsigned(size int64) (n uint64, err error) {
	if size < 0 || size > 8 {
		return 0, fmt.Errorf("number of %d bytes", size)
	}
	for range size {
		b, err := s.r.ReadByte()
		if err != nil {
			return 0, err
		}
		n = n<<8 | uint64(b)
	}
	return n, nil
}

func (s scanner) float(size int64) (float64, error) {
	n, err := s.unsigned(size)
	switch {
	case err != nil:
		return 0, err
	case size == 4:
		return float64(math.Float32frombits(uint32(n))), nil
	case size == 8:
		return math.Float64frombits(n), nil
	case size == 0:
		return 0, nil
	}
	return 0, fmt.Errorf("floating-point number of %d bytes", size)
}

// text reads at most the first most bytes of what the element holds, and skips the rest.
func (s scanner) text(size, most int64) (string, error) {
	if size < 0 {
		return "", errors.New("unknown size")
	}
	text := make([]byte, min(size, most))
	if _, err := io.ReadFull(s.r, text); err != nil {
		return "", err
	}
	return string(text), s.skip(size - int64(len(text)))
}

// skip reads over size bytes. Discard takes an int, which has 31 bits on some machines.
func (s scanner) skip(size int64) error {
	if size < 0 {
		return errors.New("unknown size")
	}
	for size > 0 {
		n, err := s.r.Discard(int(min(size, math.MaxInt32)))
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

// unexpected turns the stream's end into an error where more must come.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
