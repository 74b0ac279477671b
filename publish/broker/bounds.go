package broker

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"edged/internal/lograte"
)

const (
	// maxTopicBytes and maxLevels bound topics and filters: the server library needs time that grows with the square of the levels,
	// and holds a lock meanwhile. edged's own topics have at most 7 levels.
	maxTopicBytes = 1 << 10
	maxLevels     = 32
	// maxRetainedBytes may be retained, maxFilterBytes be taken by subscriptions, maxInflightBytes wait for acknowledgements.
	maxRetainedBytes = 16 << 20
	maxFilterBytes   = 32 << 20
	maxInflightBytes = 16 << 20
	// levelBytes and entryBytes are about what the server library needs for a level of a topic and for an entry at its end.
	levelBytes, entryBytes = 1 << 10, 1 << 10
)

// bounds is the hook that bounds what clients may store in the broker, in bytes. It lets every client in, and to every topic that is
// short enough: whatever reaches a loopback address is on this machine.
type bounds struct {
	mqtt.HookBase
	server *mqtt.Server
	log    *slog.Logger
	lines  lograte.Limit

	mu       sync.Mutex
	retained retained
	filters  filters
	inflight inflight
}

func newBounds(server *mqtt.Server, log *slog.Logger) *bounds {
	return &bounds{
		server: server, log: log, lines: lograte.Limit{Every: 10 * time.Second},
		retained: retained{sizes: map[string]int{}, topics: tree{}},
		filters:  filters{clients: map[string]map[string]bool{}, levels: tree{}},
		inflight: inflight{clients: map[string]map[uint16]int{}},
	}
}

// ID names the hook.
func (*bounds) ID() string { return "bounds" }

// Provides lists the methods that the server library calls.
func (*bounds) Provides(b byte) bool {
	return bytes.IndexByte([]byte{
		mqtt.OnConnect, mqtt.OnConnectAuthenticate, mqtt.OnACLCheck, mqtt.OnSessionEstablished,
		mqtt.OnPublish, mqtt.OnWill, mqtt.OnRetainMessage,
		mqtt.OnSubscribe, mqtt.OnSubscribed, mqtt.OnUnsubscribed,
		mqtt.OnQosPublish, mqtt.OnQosComplete, mqtt.OnQosDropped,
	}, b) >= 0
}

func (b *bounds) warn(text string, args ...any) {
	if suppressed, ok := b.lines.Take(); ok {
		b.log.Warn(text, append(args, "lines_suppressed", suppressed)...)
	}
}

func tooLong(topic string) bool {
	return len(topic) > maxTopicBytes || strings.Count(topic, "/") >= maxLevels
}

var errWill = errors.New("broker: the topic of the last will is too long")

// OnConnect refuses a client whose last will has a topic that is too long.
func (b *bounds) OnConnect(_ *mqtt.Client, connect packets.Packet) error {
	if tooLong(connect.Connect.WillTopic) {
		b.warn(errWill.Error())
		return errWill
	}
	return nil
}

// OnConnectAuthenticate lets every client in.
func (*bounds) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

// OnACLCheck refuses topics and filters that are too long.
func (b *bounds) OnACLCheck(_ *mqtt.Client, topic string, write bool) bool {
	if !tooLong(topic) {
		return true
	}
	b.warn("broker: a topic is too long", "bytes", len(topic), "levels", strings.Count(topic, "/")+1, "published", write)
	return false
}

// OnPublish delivers a message that there is no room to retain without retaining it.
func (b *bounds) OnPublish(_ *mqtt.Client, message packets.Packet) (packets.Packet, error) {
	if message.FixedHeader.Retain {
		message.FixedHeader.Retain = b.retain(message.TopicName, len(message.Payload))
	}
	return message, nil
}

// OnRetainMessage counts what is retained now: of two messages that came at the same time the earlier one may have won.
func (b *bounds) OnRetainMessage(_ *mqtt.Client, message packets.Packet, _ int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, _ := b.server.Topics.Retained.Get(message.TopicName)
	b.retained.correct(message.TopicName, len(now.Payload))
}

// OnWill does the same as OnPublish for a last will.
func (b *bounds) OnWill(_ *mqtt.Client, will mqtt.Will) (mqtt.Will, error) {
	if will.Retain {
		will.Retain = b.retain(will.TopicName, len(will.Payload))
	}
	return will, nil
}

func (b *bounds) retain(topic string, bytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.retained.set(topic, bytes) {
		return true
	}
	b.warn("broker: there is no room for another retained message", "topic", topic, "bytes", bytes, "bytes_retained", b.retained.bytes)
	return false
}

// OnSubscribe makes the filters invalid that there is no room for, so that the server library refuses them.
func (b *bounds) OnSubscribe(c *mqtt.Client, subscribe packets.Packet) packets.Packet {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range subscribe.Filters {
		filter := subscribe.Filters[i].Filter
		if !tooLong(filter) && !b.filters.add(c.ID, filter) {
			b.warn("broker: there is no room for another subscription", "bytes", b.filters.bytes())
			subscribe.Filters[i].Filter = ""
		}
	}
	return subscribe
}

// OnSubscribed counts only what the server library has accepted.
func (b *bounds) OnSubscribed(c *mqtt.Client, subscribe packets.Packet, codes []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, s := range subscribe.Filters {
		if _, exists := c.State.Subscriptions.Get(s.Filter); codes[i] >= packets.ErrUnspecifiedError.Code && !exists {
			b.filters.remove(c.ID, s.Filter)
		}
	}
}

// OnUnsubscribed is also called when a session ends.
func (b *bounds) OnUnsubscribed(c *mqtt.Client, unsubscribe packets.Packet) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range unsubscribe.Filters {
		b.filters.remove(c.ID, s.Filter)
	}
}

// OnQosPublish forgets a message that there is no room to keep until its acknowledgement. It is sent once nevertheless, to a client that
// is connected.
func (b *bounds) OnQosPublish(c *mqtt.Client, message packets.Packet, _ int64, _ int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.inflight.add(c.ID, message.PacketID, entryBytes+len(message.Payload)) {
		return
	}
	c.State.Inflight.IncreaseSendQuota() // the server library decreases it right after this
	if c.State.Inflight.Delete(message.PacketID) {
		atomic.AddInt64(&b.server.Info.Inflight, -1)
	}
	b.warn("broker: there is no room for another message that waits for its acknowledgement", "client", c.ID, "topic", message.TopicName)
}

// OnQosComplete is called for an acknowledged message.
func (b *bounds) OnQosComplete(c *mqtt.Client, acknowledgement packets.Packet) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inflight.remove(c.ID, acknowledgement.PacketID)
}

// OnQosDropped is called for a message that will not be sent any more.
func (b *bounds) OnQosDropped(c *mqtt.Client, message packets.Packet) { b.OnQosComplete(c, message) }

// OnSessionEstablished counts what a client takes over from its former connection.
func (b *bounds) OnSessionEstablished(c *mqtt.Client, _ packets.Packet) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, message := range c.State.Inflight.GetAll(false) {
		b.inflight.set(c.ID, message.PacketID, entryBytes+len(message.Payload))
	}
}

// filters counts the bytes that subscriptions take.
type filters struct {
	clients map[string]map[string]bool // the filters of each client
	levels  tree
	count   int
}

func (f *filters) bytes() int { return levelBytes*len(f.levels) + entryBytes*f.count }

// add counts a filter. It returns false if there is no room for it.
func (f *filters) add(client, filter string) bool {
	if f.clients[client][filter] {
		return true
	}
	if f.clients[client] == nil {
		f.clients[client] = map[string]bool{}
	}
	f.clients[client][filter] = true
	f.levels.add(filter)
	if f.count++; f.bytes() <= maxFilterBytes {
		return true
	}
	f.remove(client, filter)
	return false
}

func (f *filters) remove(client, filter string) {
	if !f.clients[client][filter] {
		return
	}
	if delete(f.clients[client], filter); len(f.clients[client]) == 0 {
		delete(f.clients, client)
	}
	f.levels.remove(filter)
	f.count--
}

// inflight counts the bytes of messages that wait for acknowledgements.
type inflight struct {
	clients map[string]map[uint16]int // bytes of each message of each client
	bytes   int
}

// add counts a message. It returns false if there is no room for it.
func (f *inflight) add(client string, id uint16, bytes int) bool {
	if f.bytes-f.clients[client][id]+bytes > maxInflightBytes {
		f.remove(client, id)
		return false
	}
	f.set(client, id, bytes)
	return true
}

func (f *inflight) set(client string, id uint16, bytes int) {
	if f.clients[client] == nil {
		f.clients[client] = map[uint16]int{}
	}
	f.bytes += bytes - f.clients[client][id]
	f.clients[client][id] = bytes
}

func (f *inflight) remove(client string, id uint16) {
	f.bytes -= f.clients[client][id]
	if delete(f.clients[client], id); len(f.clients[client]) == 0 {
		delete(f.clients, client)
	}
}

// retained counts what is retained.
type retained struct {
	sizes  map[string]int // bytes of each message with its topic
	topics tree
	bytes  int // of all, with their topics' levels
}

// set counts a message with so many bytes, 0 for one that removes another. It returns false if there is no room for it; then what was
// retained before stays.
func (r *retained) set(topic string, bytes int) bool {
	former := max(0, r.sizes[topic]-len(topic)-entryBytes)
	if r.correct(topic, bytes); r.bytes <= maxRetainedBytes || bytes <= former {
		return true
	}
	r.correct(topic, former)
	return false
}

// correct does the same, but always finds room.
func (r *retained) correct(topic string, bytes int) {
	former, existed := r.sizes[topic]
	size := bytes + len(topic) + entryBytes
	switch {
	case bytes == 0 && existed:
		delete(r.sizes, topic)
		r.bytes -= former + levelBytes*r.topics.remove(topic)
	case bytes > 0 && existed:
		r.sizes[topic] = size
		r.bytes += size - former
	case bytes > 0:
		r.sizes[topic] = size
		r.bytes += size + levelBytes*r.topics.add(topic)
	}
}

// tree counts the topics that go through each level, which is named by the topic up to there.
type tree map[string]int

// add counts a topic, and returns how many levels are new.
func (t tree) add(topic string) (added int) {
	for level := range levels(topic) {
		if t[level]++; t[level] == 1 {
			added++
		}
	}
	return added
}

// remove is the reverse of add.
func (t tree) remove(topic string) (removed int) {
	for level := range levels(topic) {
		if t[level]--; t[level] == 0 {
			delete(t, level)
			removed++
		}
	}
	return removed
}

// levels yields the topic up to each of its levels.
func levels(topic string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := range len(topic) {
			if topic[i] == '/' && !yield(topic[:i]) {
				return
			}
		}
		yield(topic)
	}
}
