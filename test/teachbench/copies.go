package main

// pictures are the frames of one window, each [height,width,3] u8 RGB, the oldest first.
type pictures struct {
	width, height int
	frames        [][]byte
}

// change alters pictures. All frames of a window change in the same way.
type change struct {
	right, down float64 // how far what they show moves, as a part of the width and the height
	zoom        float64 // 2: twice as large
	light       float64 // 2: twice as bright
	mirrored    bool    // left and right exchanged
}

// changes are what copiesOfPictures makes. They are small: the camera stands still, and the action happens at about the same place.
var changes = []change{
	{right: 0.07, zoom: 1, light: 1}, {right: -0.07, zoom: 1, light: 1},
	{down: 0.07, zoom: 1, light: 1}, {down: -0.07, zoom: 1, light: 1},
	{zoom: 1.18, light: 1}, {zoom: 0.85, light: 1},
	{zoom: 1, light: 0.65}, {zoom: 1, light: 1.4},
}

// copiesOfPictures returns altered pictures of the same action: moved to each side, larger, smaller, darker and lighter. Mirror adds each of them, and the
// pictures themselves, with left and right exchanged; that is wrong for an action that goes to one side.
func copiesOfPictures(p pictures, mirror bool) (copies []pictures) {
	for _, c := range changes {
		copies = append(copies, c.apply(p))
	}
	if !mirror {
		return copies
	}
	copies = append(copies, change{zoom: 1, light: 1, mirrored: true}.apply(p))
	for _, c := range changes {
		c.mirrored = true
		copies = append(copies, c.apply(p))
	}
	return copies
}

func (c change) apply(p pictures) pictures {
	altered := pictures{width: p.width, height: p.height}
	columns, rows := c.sources(p.width, c.right, c.mirrored), c.sources(p.height, c.down, false)
	var levels [256]byte
	for v := range levels {
		levels[v] = byte(min(float64(v)*c.light+0.5, 255))
	}
	for _, frame := range p.frames {
		made := make([]byte, 0, len(frame))
		for _, y := range rows {
			row := frame[y*p.width*3 : (y+1)*p.width*3]
			for _, x := range columns {
				made = append(made, levels[row[3*x]], levels[row[3*x+1]], levels[row[3*x+2]])
			}
		}
		altered.frames = append(altered.frames, made)
	}
	return altered
}

// sources returns for each of n pixels of a side which pixel it comes from. What lies beyond the picture's edge looks like the edge.
func (c change) sources(n int, shift float64, mirrored bool) []int {
	from, middle := make([]int, n), float64(n)/2
	for i := range from {
		at := (float64(i)+0.5-middle-shift*float64(n))/c.zoom + middle
		from[i] = min(max(int(at), 0), n-1)
		if mirrored {
			from[i] = n - 1 - from[i]
		}
	}
	return from
}
