package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// muxer writes JPEGs with their times as a Matroska file of one V_MJPEG track (RFC 8794, EBML; RFC 9559, Matroska; the codec's mapping:
// matroska.org/technical/codec_specs.html). Every picture is a key frame, the file ends with an index (Cues), and the header says where
// it is and how long the video lasts: so any player can seek at once.
//
// Pictures are gathered into clusters of about a second, each written by one call, with its size in front. A muxer is written by us and
// not taken from a library because the page needs to know where each picture lies in the file, and because it allocates nothing for a
// picture.
type muxer struct {
	out     output
	written int64         // bytes of the file so far
	began   time.Duration // capture time of the first picture
	last    time.Duration // of the last picture, from the first
	cluster []byte        // not yet written
	opened  time.Duration // the cluster's time, from the first picture
	body    int64         // offset of the segment's content
	cues    []cue
	frames  []Frame
}

// output is the file that a muxer writes.
type output interface {
	io.Writer
	io.WriterAt
}

// Frame says where a picture lies in a clip.
type Frame struct {
	Time   time.Duration // since the clip's first picture
	Offset int64         // of its JPEG in the file, in bytes
	Size   int           // of its JPEG, in bytes
}

type cue struct {
	time   time.Duration
	offset int64 // of the cluster, in the segment
}

// IDs of elements, RFC 8794 section 11.2 and RFC 9559 section 5.1.
const (
	idEBML        = 0x1a45dfa3
	idSegment     = 0x18538067
	idSeekHead    = 0x114d9b74
	idSeek        = 0x4dbb
	idSeekID      = 0x53ab
	idSeekAt      = 0x53ac
	idInfo        = 0x1549a966
	idScale       = 0x2ad7b1
	idDuration    = 0x4489
	idDate        = 0x4461
	idMuxer       = 0x4d80
	idWriter      = 0x5741
	idTracks      = 0x1654ae6b
	idTrack       = 0xae
	idNumber      = 0xd7
	idUID         = 0x73c5
	idType        = 0x83
	idLacing      = 0x9c
	idCodec       = 0x86
	idVideo       = 0xe0
	idWidth       = 0xb0
	idHeight      = 0xba
	idCluster     = 0x1f43b675
	idTimestamp   = 0xe7
	idSimpleBlock = 0xa3
	idCues        = 0x1c53bb6b
	idCuePoint    = 0xbb
	idCueTime     = 0xb3
	idCueTrack    = 0xb7
	idCuePlace    = 0xf1
	idCuePosition = 0xf7
)

const (
	clusterTime  = time.Second
	clusterBytes = 1 << 20
	// wideSize is the length of an element's size field that is filled in later.
	wideSize = 8
)

// newMuxer writes the header of a video of that size, which began at the wall time date.
func newMuxer(out output, width, height int, date time.Time, cluster []byte) (*muxer, error) {
	m := &muxer{out: out, cluster: cluster[:0]}
	head := element(nil, idEBML, join(
		number(0x4286, 1), number(0x42f7, 1), number(0x42f2, 4), number(0x42f3, 8), // EBML version 1, IDs up to 4 bytes, sizes up to 8
		element(nil, 0x4282, []byte("matroska")), number(0x4287, 4), number(0x4285, 2)))
	head = appendID(head, idSegment)
	head = appendWide(head, 1<<56-1) // unknown until close
	m.body = int64(len(head))
	head = append(head, seekHead(0)...)
	head = element(head, idInfo, join(
		number(idScale, uint64(time.Millisecond)),
		element(nil, idDuration, binary.BigEndian.AppendUint64(nil, math.Float64bits(0))),
		element(nil, idDate, binary.BigEndian.AppendUint64(nil, uint64(date.Sub(epoch)))),
		element(nil, idMuxer, []byte("edged")), element(nil, idWriter, []byte("edged"))))
	head = element(head, idTracks, element(nil, idTrack, join(
		number(idNumber, 1), number(idUID, 1), number(idType, 1), number(idLacing, 0), element(nil, idCodec, []byte("V_MJPEG")),
		element(nil, idVideo, join(number(idWidth, uint64(width)), number(idHeight, uint64(height)))))))
	return m, m.write(head)
}

// epoch is where Matroska's dates begin.
var epoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// seekHead points to the index at that offset in the segment. Its length does not depend on the offset.
func seekHead(cues int64) []byte {
	at := binary.BigEndian.AppendUint64(nil, uint64(cues))
	return element(nil, idSeekHead, element(nil, idSeek, join(element(nil, idSeekID, appendID(nil, idCues)), element(nil, idSeekAt, at))))
}

// durationOffset is where the duration's eight bytes lie in the segment: behind the SeekHead, the Info's head, and the time scale.
func durationOffset() int64 {
	info := element(nil, idInfo, make([]byte, 60)) // its size field has one byte, as the real one's has
	return int64(len(seekHead(0)) + len(info) - 60 + len(number(idScale, uint64(time.Millisecond))) + 3)
}

// errNotMonotonic is a picture that is not newer than the one before.
var errNotMonotonic = errors.New("record: a picture is not newer than the one before")

// begin starts the next picture's block; the caller appends the JPEG of that size to m.cluster and calls nothing in between.
func (m *muxer) begin(at time.Duration, size int) error {
	if len(m.frames) == 0 {
		m.began = at
	}
	t := at - m.began
	if t < m.last || len(m.frames) > 0 && t == m.last {
		return errNotMonotonic
	}
	if len(m.cluster) > 0 && (t-m.opened >= clusterTime || len(m.cluster)+size > clusterBytes) {
		if err := m.flush(); err != nil {
			return err
		}
	}
	if len(m.cluster) == 0 {
		m.open(t)
	}
	m.last = t
	m.cluster = appendID(m.cluster, idSimpleBlock)
	m.cluster = appendSize(m.cluster, uint64(size)+4)
	m.cluster = append(m.cluster, 0x81) // track 1
	m.cluster = binary.BigEndian.AppendUint16(m.cluster, uint16(millis(t)-millis(m.opened)))
	m.cluster = append(m.cluster, 0x80) // a key frame
	m.frames = append(m.frames, Frame{Time: t, Offset: m.written + int64(len(m.cluster)), Size: size})
	return nil
}

// forget takes back a picture that was begun and did not come.
func (m *muxer) forget() {
	last := m.frames[len(m.frames)-1]
	start := last.Offset - m.written - int64(blockHead(last.Size))
	m.cluster, m.frames = m.cluster[:start], m.frames[:len(m.frames)-1]
}

// blockHead is the length of what stands before a JPEG: the element's ID and size, the track, the time, the flags.
func blockHead(size int) int { return 1 + len(appendSize(nil, uint64(size)+4)) + 4 }

func millis(t time.Duration) int64 { return int64((t + time.Millisecond/2) / time.Millisecond) }

// open begins a cluster at time t, with room for its size.
func (m *muxer) open(t time.Duration) {
	m.opened = t
	m.cluster = appendID(m.cluster, idCluster)
	m.cluster = appendWide(m.cluster, 0)
	m.cluster = append(m.cluster, number(idTimestamp, uint64(millis(t)))...)
	m.cues = append(m.cues, cue{time: t, offset: m.written - m.body})
}

// flush writes the cluster.
func (m *muxer) flush() error {
	if len(m.cluster) == 0 {
		return nil
	}
	const head = 4 + wideSize
	putWide(m.cluster[4:], uint64(len(m.cluster)-head))
	err := m.write(m.cluster)
	m.cluster = m.cluster[:0]
	return err
}

func (m *muxer) write(b []byte) error {
	n, err := m.out.Write(b)
	m.written += int64(n)
	return err
}

// close writes what is left, the index, and what the header has to say of it.
func (m *muxer) close() error {
	if err := m.flush(); err != nil {
		return err
	}
	var points []byte
	for _, c := range m.cues {
		points = element(points, idCuePoint, join(number(idCueTime, uint64(millis(c.time))),
			element(nil, idCuePlace, join(number(idCueTrack, 1), number(idCuePosition, uint64(c.offset))))))
	}
	index := m.written - m.body
	if err := m.write(element(nil, idCues, points)); err != nil {
		return err
	}
	size := appendWide(nil, uint64(m.written-m.body))
	duration := binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(millis(m.duration()))))
	for _, patch := range []struct {
		bytes []byte
		at    int64
	}{{size, m.body - wideSize}, {seekHead(index), m.body}, {duration, m.body + durationOffset()}} {
		if _, err := m.out.WriteAt(patch.bytes, patch.at); err != nil {
			return fmt.Errorf("the header: %w", err)
		}
	}
	return nil
}

// duration includes the time for which the last picture is shown: as long as an average one. A single one is shown for a tenth of a
// second.
func (m *muxer) duration() time.Duration {
	if n := len(m.frames); n > 1 {
		return m.last + m.last/time.Duration(n-1)
	}
	return time.Second / 10
}
