package matroska

// Element IDs of a track, RFC 9559, section 5.1.4.
const (
	idTrackEntry       = 0xae
	idTrackNumber      = 0xd7
	idTrackType        = 0x83
	idCodecID          = 0x86
	idCodecPrivate     = 0x63a2
	idContentEncodings = 0x6d80
	idVideo            = 0xe0
	idStereoMode       = 0x53b8
	idPixelWidth       = 0xb0
	idPixelHeight      = 0xba
	idCropBottom       = 0x54aa
	idCropTop          = 0x54bb
	idCropLeft         = 0x54cc
	idCropRight        = 0x54dd
	idDisplayWidth     = 0x54b0
	idDisplayHeight    = 0x54ba
	idDisplayUnit      = 0x54b2
	idFourCC           = 0x2eb524
	idColour           = 0x55b0
	idMatrix           = 0x55b1
	idBits             = 0x55b2
	idRange            = 0x55b9
	idProjection       = 0x7670
	idRoll             = 0x7675
)

// track is what a stream says of one of its tracks.
type track struct {
	number, kind  uint64
	codec         string
	private       string // the first bytes of what the codec must know
	encoded       bool   // the frames are compressed or encrypted once more
	stereo        uint64
	width, height uint64
	crop          struct{ left, top, right, bottom uint64 }
	display       struct{ width, height, unit uint64 }
	fourcc        string
	matrix        uint64 // of Y'CbCr, as in ITU-T H.273
	bits          uint64 // of a sample; 0: not said
	levels        uint64 // the range: 1 is that of video, 2 the full one
	roll          float64
}

// isVideo is the TrackType of video.
const isVideo = 1

// maxTracks bounds the tracks of a stream, and maxText the text of an element, in bytes.
const (
	maxTracks = 128
	maxText   = 128
)

// set stores the element if it belongs to a track. Otherwise it returns false and has read nothing.
func (t *track) set(s scanner, id uint32, size int64) (known bool, err error) {
	if n := t.unsigned(id); n != nil {
		*n, err = s.unsigned(size)
		return true, err
	}
	switch id {
	case idCodecID:
		t.codec, err = s.text(size, maxText)
	case idCodecPrivate:
		t.private, err = s.text(size, maxText)
	case idFourCC:
		t.fourcc, err = s.text(size, maxText)
	case idContentEncodings:
		t.encoded, err = true, s.skip(size)
	case idRoll:
		t.roll, err = s.float(size)
	default:
		return false, nil
	}
	return true, err
}

// unsigned returns where the track keeps the element's number, or nil.
func (t *track) unsigned(id uint32) *uint64 {
	switch id {
	case idTrackNumber:
		return &t.number
	case idTrackType:
		return &t.kind
	case idStereoMode:
		return &t.stereo
	case idPixelWidth:
		return &t.width
	case idPixelHeight:
		return &t.height
	case idCropLeft:
		return &t.crop.left
	case idCropTop:
		return &t.crop.top
	case idCropRight:
		return &t.crop.right
	case idCropBottom:
		return &t.crop.bottom
	case idDisplayWidth:
		return &t.display.width
	case idDisplayHeight:
		return &t.display.height
	case idDisplayUnit:
		return &t.display.unit
	case idMatrix:
		return &t.matrix
	case idBits:
		return &t.bits
	case idRange:
		return &t.levels
	}
	return nil
}
