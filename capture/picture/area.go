package picture

// MaxAreas is how many parts of one picture can be watched.
const MaxAreas = 32

// Area is a part of a picture as it is shown, in fractions of it: 0, 0, 1, 1 is the whole picture.
type Area struct{ X, Y, Width, Height float64 }

// Within reports whether the area is not empty and lies within the picture.
func (a Area) Within() bool {
	const slack = 1e-9 // 0.7 + 0.3 may be more than 1
	return a.X >= 0 && a.Y >= 0 && a.Width > 0 && a.Height > 0 && a.X+a.Width <= 1+slack && a.Y+a.Height <= 1+slack
}
