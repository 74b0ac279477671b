package sink

// List hands everything to each of its sinks, in order.
type List []Sink

// Event implements Sink.
func (l List) Event(e Event) {
	for _, s := range l {
		s.Event(e)
	}
}

// Window implements Sink.
func (l List) Window(w Window) {
	for _, s := range l {
		s.Window(w)
	}
}

// Camera implements Sink.
func (l List) Camera(c Camera) {
	for _, s := range l {
		s.Camera(c)
	}
}

// View implements Sink.
func (l List) View(v View) {
	for _, s := range l {
		s.View(v)
	}
}

// Visit implements Sink.
func (l List) Visit(v Visit) {
	for _, s := range l {
		s.Visit(v)
	}
}
