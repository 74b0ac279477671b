package broker

import (
	"bytes"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

const (
	maxSessions  = 2 * maxConnections // of clients, connected or not; beyond it the one that is away longest is forgotten
	sessionLasts = 24 * time.Hour     // after the end of its connection
	maxWaiting   = 1024               // messages of QoS 1 and 2 that wait for a subscriber that is away
	smallBytes   = 4 << 10            // size of a small message; events and states are smaller
	maxLarge     = 16                 // messages that may wait when a larger one comes; of snapshots the newest is retained anyway
)

// sessions is the hook that bounds what is kept for subscribers that are away. The server library keeps the subscriptions of a client that
// it forgets. And it has the same limit for messages to a client that is away as for those to one that has just subscribed, which gets
// everything retained at once.
type sessions struct {
	mqtt.HookBase
	server *mqtt.Server
	bounds *bounds
}

func (*sessions) ID() string { return "sessions" }

func (*sessions) Provides(b byte) bool {
	return bytes.IndexByte([]byte{mqtt.OnSessionEstablish, mqtt.OnClientExpired, mqtt.OnQosPublish}, b) >= 0
}

// OnSessionEstablish makes room for one more session.
func (s *sessions) OnSessionEstablish(*mqtt.Client, packets.Packet) {
	all := s.server.Clients.GetAll()
	if len(all) < maxSessions {
		return
	}
	var oldest *mqtt.Client
	for _, c := range all {
		if away := c.StopTime(); away != 0 && (oldest == nil || away < oldest.StopTime()) {
			oldest = c
		}
	}
	if oldest != nil {
		s.OnClientExpired(oldest)
		s.server.Clients.Delete(oldest.ID)
	}
}

// OnClientExpired drops what is kept for a client that the server library forgets.
func (s *sessions) OnClientExpired(c *mqtt.Client) {
	s.server.UnsubscribeClient(c)
	c.ClearInflights()
}

// OnQosPublish drops a message for a client that is away, if too many wait for it already.
func (s *sessions) OnQosPublish(c *mqtt.Client, message packets.Packet, _ int64, _ int) {
	if !c.Closed() {
		return
	}
	waiting, most := c.State.Inflight, maxWaiting
	if len(message.Payload) > smallBytes {
		most = maxLarge
	}
	if waiting.Len() > most && waiting.Delete(message.PacketID) {
		atomic.AddInt64(&s.server.Info.Inflight, -1)
		s.bounds.OnQosDropped(c, message)
	}
}
