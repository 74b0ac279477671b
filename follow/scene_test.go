package follow

import (
	"math"
	"math/rand/v2"
)

// scene draws pictures of a place with a known truth.
type scene struct {
	width, height int
	random        *rand.Rand
	place         []byte // the empty place, [H,W,3]
	rgb           []byte // the newest picture
	gain, offset  float64
	noise         float64 // standard deviation of a pixel
	shiftX        int     // of the whole camera
}

func newScene(width, height int, seed uint64) *scene {
	s := &scene{width: width, height: height, random: rand.New(rand.NewPCG(seed, 7)), gain: 1, noise: 2}
	s.place = make([]byte, width*height*3)
	s.rgb = make([]byte, len(s.place))
	for y := range height {
		for x := range width {
			v := 90 + 40*math.Sin(float64(x)/17)*math.Cos(float64(y)/11) + 25*math.Sin(float64(x*y)/900) + float64((x/24+y/24)%2*20)
			for c := range 3 {
				s.place[3*(y*width+x)+c] = byte(v + float64(10*c))
			}
		}
	}
	return s
}

// draw begins the next picture: the empty place in today's light.
func (s *scene) draw() {
	for y := range s.height {
		for x := range s.width {
			from := 3 * (y*s.width + min(max(x+s.shiftX, 0), s.width-1))
			grain := s.noise * s.random.NormFloat64()
			for c := range 3 {
				s.rgb[3*(y*s.width+x)+c] = clip(s.gain*float64(s.place[from+c]) + s.offset + grain)
			}
		}
	}
}

func clip(v float64) byte { return byte(min(max(v, 0), 255)) }

// person draws someone with a head, a coat and legs that stride, whose feet are at x, y. look tells people apart.
func (s *scene) person(x, y, height float64, look, step int) box {
	w := 0.32 * height
	coat := [][3]float64{{40, 45, 60}, {190, 60, 50}, {225, 225, 215}, {30, 110, 60}, {70, 60, 150}}[look%5]
	swing := math.Sin(float64(step)*1.1) * 0.3 * w
	s.ellipse(x, y-0.92*height, 0.09*height, 0.09*height, [3]float64{200, 160, 135})
	s.ellipse(x, y-0.64*height, w/2, 0.22*height, coat)
	s.ellipse(x+swing, y-0.22*height, w/5, 0.24*height, [3]float64{45, 45, 70})
	s.ellipse(x-swing, y-0.22*height, w/5, 0.24*height, [3]float64{45, 45, 70})
	return box{x - w/2, y - height, x + w/2, y}
}

func (s *scene) ellipse(cx, cy, rx, ry float64, colour [3]float64) {
	for y := int(cy - ry); y <= int(cy+ry); y++ {
		for x := int(cx - rx); x <= int(cx+rx); x++ {
			dx, dy := (float64(x)-cx)/rx, (float64(y)-cy)/ry
			if x < 0 || y < 0 || x >= s.width || y >= s.height || dx*dx+dy*dy > 1 {
				continue
			}
			fold := 12 * math.Sin(float64(x+2*y)/2)
			for c := range 3 {
				s.rgb[3*(y*s.width+x)+c] = clip(s.gain*(colour[c]+fold) + s.offset + s.noise*s.random.NormFloat64())
			}
		}
	}
}

// streak draws a raindrop.
func (s *scene) streak() {
	x, y, n := s.random.IntN(s.width), s.random.IntN(s.height), 4+s.random.IntN(10)
	for k := range n {
		if y+k < s.height {
			for c := range 3 {
				i := 3*((y+k)*s.width+min(x+k/4, s.width-1)) + c
				s.rgb[i] = clip(float64(s.rgb[i]) + 45)
			}
		}
	}
}

// leaves moves the foliage in the box: each patch of it shows, now and then, what is beside it.
func (s *scene) leaves(b box, wind float64) {
	for y := int(b.y0); y < int(b.y1); y++ {
		for x := int(b.x0); x < int(b.x1); x++ {
			px, py := x/5, y/5
			dx := int(wind * 4 * math.Sin(float64(px*7+py*13)+float64(s.random.IntN(3))))
			from := 3 * (y*s.width + min(max(x+dx, 0), s.width-1))
			copy(s.rgb[3*(y*s.width+x):][:3], s.place[from:from+3])
		}
	}
}

// cloud darkens a soft part of the picture around x.
func (s *scene) cloud(x, wide, depth float64) {
	for px := range s.width {
		d := (float64(px) - x) / wide
		shade := 1 - depth*math.Exp(-d*d)
		for y := range s.height {
			for c := range 3 {
				i := 3*(y*s.width+px) + c
				s.rgb[i] = byte(float64(s.rgb[i]) * shade)
			}
		}
	}
}
