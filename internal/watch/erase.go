package watch

// erase makes sure, while no view is enabled, that no picture stays in memory. (The driver's own buffers stay; edged does not look at
// them.) Actions in progress end.
func (c *Camera) erase() {
	if !c.erasing {
		c.sampler.Reset()
		c.Ring.Reset()
		c.wipeDecoders()
		c.Taps.Wipe()
	}
	c.erasing = true
	c.erased = c.erased || c.Ring.Wipe()
}

// blankDisabled erases the pictures of disabled views, so that the slot shows nothing of what was there before.
func (c *Camera) blankDisabled(slot []byte, enabled uint32) {
	for i, v := range c.Views {
		if enabled>>i&1 == 0 {
			clear(v.part(slot))
		}
	}
}

func (c *Camera) wipeDecoders() {
	if c.decoder != nil {
		c.decoder.Wipe()
	}
	for _, v := range c.Views {
		v.middle.wipe()
	}
}
