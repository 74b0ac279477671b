package watch

import "time"

// wipeTries and wipeAgain: for about a second edged tries to erase a picture that the model is just reading.
const (
	wipeTries = 100
	wipeAgain = 10 * time.Millisecond
)

// SetStatus notes that the camera went online or offline. When it goes offline the window is emptied at once, which ends the actions
// in progress, and the pictures are erased: nobody can need them, and the camera may stay away for long.
func (c *Camera) SetStatus(online bool, reason error) {
	c.online.Store(online)
	if !online {
		c.reason.Store(&reason)
		c.Ring.Reset()
		for try := 1; !c.Ring.Wipe() && try < wipeTries; try++ {
			time.Sleep(wipeAgain)
		}
		c.wipeDecoders()
	}
}

// Online reports whether the camera delivers pictures.
func (c *Camera) Online() bool { return c.online.Load() }

// Reason is why the camera is offline; nil if it is online or was not opened yet.
func (c *Camera) Reason() error {
	if reason := c.reason.Load(); reason != nil && !c.online.Load() {
		return *reason
	}
	return nil
}
