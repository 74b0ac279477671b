package picture

// Crop is the number of pixels to leave out at each side of a picture as the camera sent it.
type Crop struct{ Left, Top, Right, Bottom int }

// Orientation is one of EXIF's eight. 0 means upright, or for a JPEG what its own header says.
type Orientation int

// The orientations that come from turning alone. The picture stands upright after a clockwise turn by so many degrees.
const (
	Upright   Orientation = 1
	Turned180 Orientation = 3
	Turned90  Orientation = 6
	Turned270 Orientation = 8
)

// maxRatio bounds both numbers of a pixel's shape.
const maxRatio = 65535

// Ratio returns the shape of a pixel as a Format holds it: both numbers as small as they get. It returns 0, 0 where one of them is 0.
func Ratio(width, height uint64) (int, int) {
	if width == 0 || height == 0 {
		return 0, 0
	}
	for a, b := width, height; ; a, b = b, a%b {
		if b == 0 {
			width, height = width/a, height/a
			break
		}
	}
	for width > maxRatio || height > maxRatio {
		width, height = max(1, (width+1)/2), max(1, (height+1)/2)
	}
	return int(width), int(height)
}
