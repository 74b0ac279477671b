package publish

// Snapshot publishes a picture of the view with this path.
func (p *Publisher) Snapshot(path string, jpeg []byte) {
	if v := p.states.views[path]; v != nil {
		v.SetSnapshot(jpeg)
	}
}

// Stats publishes the node's statistics.
func (p *Publisher) Stats(json []byte) { p.SetStats(json) }

// OpenOutbox opens the publisher's outbox in the state folder.
func (p *Publisher) OpenOutbox(stateDir string) error { return p.Outbox.Open(stateDir) }
