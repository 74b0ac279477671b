package watch

import (
	"math"

	"edged/follow"
	"edged/infer"
	"edged/internal/config"
	"edged/models"
)

// spareSlots lets the camera go on while the pipeline, after a slow run of the model, catches up with a whole window.
const spareSlots = 4

// Slots is the number of frames in a camera's ring for a model that takes windows of that many frames.
func Slots(frames int) int { return frames + spareSlots }

// PictureMemory is the bytes that a view's pictures take: in the ring, in the model's window and, where it follows, as the background. A manifest's numbers are bounded, but their product
// may not fit an int of 32 bits.
func PictureMemory(v config.View, f models.Manifest) int64 {
	slots := int64(Slots(f.Frames))
	if v.Follow.On {
		return slots*infer.PictureBytes + f.WindowBytes() + follow.MemoryBytes(infer.MiddleSide, infer.MiddleSide)
	}
	return slots*int64(f.FrameBytes()) + f.WindowBytes()
}

// LeastSize is the picture size in which each view has twice the model's pixels in each direction. A smaller picture would show the
// sensor's noise, and what the camera skips to make it small. A view that follows cuts its targets out of a larger picture.
func LeastSize(views []config.View, m models.Manifest) (width, height int) {
	for _, v := range views {
		w, h := 2*m.Width, 2*m.Height
		if v.Follow.On {
			w, h = max(w, infer.MiddleSide), max(h, infer.MiddleSide)
		}
		width, height = max(width, int(math.Ceil(float64(w)/v.Area[2]))), max(height, int(math.Ceil(float64(h)/v.Area[3])))
	}
	return width, height
}

// LeastSize is that of the camera's views.
func (c *Camera) LeastSize() (width, height int) { return c.width, c.height }
