// Package cluster shows a node at a broker cluster: three NATS servers with JetStream and their MQTT listeners, of which any
// may die. It is a module of its own, since edged itself needs no NATS.
package cluster

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/nats-io/nats-server/v2/server"

	"edged/internal/background"
	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/testkit"
	"edged/publish"
)

const size = 3

// node is one server of the cluster.
type node struct {
	options *server.Options
	running *server.Server
	url     string // of its MQTT listener
}

func freePort(t *testing.T) int {
	t.Helper()
	address, err := net.ResolveTCPAddr("tcp", testkit.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	return address.Port
}

// startCluster runs the servers on loopback ports until the test ends, and waits until they have a leader for MQTT's streams.
func startCluster(t *testing.T) []*node {
	t.Helper()
	nodes := make([]*node, size)
	routes := make([]*url.URL, size)
	for i := range nodes {
		port := freePort(t)
		routes[i] = &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)}
		nodes[i] = &node{options: &server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 256 << 20,
			Cluster: server.ClusterOpts{Name: "edged", Host: "127.0.0.1", Port: port},
			MQTT:    server.MQTTOpts{Host: "127.0.0.1", Port: freePort(t), StreamReplicas: size},
		}}
		nodes[i].url = fmt.Sprintf("tcp://127.0.0.1:%d", nodes[i].options.MQTT.Port)
	}
	for _, n := range nodes {
		n.options.Routes = routes
		n.start(t)
		t.Cleanup(n.stop)
	}
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		ready := 0
		for _, n := range nodes {
			if n.running.ReadyForConnections(time.Second) && n.running.JetStreamIsCurrent() {
				ready++
			}
		}
		if ready == size {
			return nodes
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d servers are ready", ready, size)
		}
	}
}

func (n *node) start(t *testing.T) {
	t.Helper()
	s, err := server.NewServer(n.options)
	if err != nil {
		t.Fatal(err)
	}
	n.running = s
	s.Start()
}

func (n *node) stop() {
	n.running.Shutdown()
	n.running.WaitForShutdown()
}

// collect is a subscriber that drops duplicates by id, as the README tells subscribers to.
type collect struct {
	mu       sync.Mutex
	events   map[string]int
	messages int
}

func (c *collect) take(_ mqtt.Client, m mqtt.Message) {
	var e struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(m.Payload(), &e)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events[e.ID]++
	c.messages++
}

func (c *collect) count() (different, messages int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.events), c.messages
}

// subscribe keeps a session over connections, at whichever server answers.
func subscribe(t *testing.T, nodes []*node) *collect {
	t.Helper()
	c := &collect{events: map[string]int{}}
	options := mqtt.NewClientOptions().SetClientID("subscriber").SetCleanSession(false).SetKeepAlive(5 * time.Second).
		SetPingTimeout(2 * time.Second).SetConnectTimeout(2 * time.Second).
		SetConnectRetry(true).SetConnectRetryInterval(200 * time.Millisecond).SetMaxReconnectInterval(500 * time.Millisecond)
	for i := range nodes {
		options.AddBroker(nodes[(i+1)%size].url) // not the publishers' first
	}
	subscribed := make(chan struct{}, 100)
	options.SetOnConnectHandler(func(client mqtt.Client) {
		if token := client.Subscribe("edged/+/front/event", 1, c.take); token.WaitTimeout(10*time.Second) && token.Error() == nil {
			subscribed <- struct{}{}
		}
	})
	client := mqtt.NewClient(options)
	client.Connect()
	t.Cleanup(func() { client.Disconnect(0) })
	select {
	case <-subscribed:
	case <-time.After(60 * time.Second):
		t.Fatal("the subscriber found no server")
	}
	return c
}

// runPublisher runs a node that knows all servers.
func runPublisher(t *testing.T, name string, nodes []*node) *publish.Publisher {
	t.Helper()
	p := &publish.Publisher{
		Broker: nodes[0].url, Brokers: []string{nodes[1].url, nodes[2].url}, Node: name,
		Cameras: []publish.Camera{{Name: "front", Labels: []string{"wave"}}}, QueueLength: 5000,
	}
	if err := p.Initialize(); err != nil {
		t.Fatal(err)
	}
	if err := p.Outbox.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(background.Start(p.Run))
	return p
}

func publishWave(t *testing.T, p *publish.Publisher, e sink.Event) {
	t.Helper()
	view, err := p.View("front")
	if err != nil {
		t.Fatal(err)
	}
	wave, err := view.Action("wave")
	if err != nil {
		t.Fatal(err)
	}
	wave.PublishEvent(e)
}

// Two nodes and a subscriber lose nothing while each server in turn is killed and comes back.
func TestNothingIsLostWhenServersDie(t *testing.T) {
	nodes := startCluster(t)
	c := subscribe(t, nodes)
	publishers := []*publish.Publisher{runPublisher(t, "kitchen", nodes), runPublisher(t, "yard", nodes)}
	handed := 0
	stream := func(d time.Duration) {
		for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			handed++
			now := clock.Monotonic()
			for _, p := range publishers {
				publishWave(t, p, sink.Event{ID: sink.ID{Run: p.Node, N: uint64(handed)}, Phase: sink.Start, Start: now, Newest: now})
			}
		}
	}
	stream(2 * time.Second)
	for i, n := range nodes {
		n.stop()
		stream(4 * time.Second)
		n.start(t)
		stream(3 * time.Second)
		t.Logf("server %d died and came back: %d events handed over by each node", i, handed)
	}
	want := handed * len(publishers)
	deadline := time.Now().Add(2 * time.Minute)
	for {
		got, messages := c.count()
		if got == want {
			t.Logf("%d events, none lost, %d repeated (same id)", got, messages-got)
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d events arrived; still waiting at the nodes: %d and %d",
				got, want, publishers[0].Counters().EventsWaiting, publishers[1].Counters().EventsWaiting)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for i, p := range publishers {
		if n := p.Counters(); n.Connects < 2 || n.EventsDropped > 0 {
			t.Errorf("node %d: %d connections, %d events dropped", i, n.Connects, n.EventsDropped)
		}
	}
}
