// Fleet measures what many boards mean to one mosquitto: thousands of edged's own publishers, each with a connection, a last
// will, retained states, Home Assistant's discovery, events of QoS 1 and statistics, and one subscriber that wants everything.
//
//	go run ./test/fleet -nodes 2000
//
// prints the table of docs/fleet.md. It starts mosquitto and, as a process of its own, the boards.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"time"
)

var (
	nodes   = flag.Int("nodes", 2000, "boards")
	actions = flag.Duration("action-every", time.Minute, "from one action of a board to its next")
	steady  = flag.Duration("steady", 2*time.Minute, "how long normal life is watched")
	boards  = flag.String("boards", "", "the broker's address: be the boards (fleet starts itself so)")
)

func main() {
	flag.Parse()
	if *boards != "" {
		beBoards(*boards)
		return
	}
	if err := measure(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// measure runs the phases of a fleet's life, each a row.
func measure(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := newBroker(ctx, dir)
	if err != nil {
		return err
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	defer b.stop()
	sub := subscribe(b.address)
	defer sub.close()
	f, err := startFleet(ctx, b.address)
	if err != nil {
		return err
	}
	defer f.kill()

	fmt.Printf("%d boards, an action each every %v, mosquitto, one subscriber to everything\n\n", *nodes, *actions)
	fmt.Println("| phase | seconds | messages in | to the subscriber | broker's CPU, s | broker's memory, MB | boards' CPU, s |")
	fmt.Println("|---|---|---|---|---|---|---|")
	phase := func(name string, until func() bool) error {
		return row(name, b, f, sub, until)
	}
	announced := 0 // messages that the boards will have sent once each has said everything about itself
	all := func() bool {
		s := f.now()
		return s.Connected == *nodes && s.Waiting <= *nodes/100 && s.Sent >= announced && sub.seen(online) == *nodes
	}
	announced = announcement * *nodes
	if err := phase("all are switched on at once", all); err != nil {
		return err
	}
	end := time.Now().Add(*steady)
	if err := phase("normal life", func() bool { return time.Now().After(end) }); err != nil {
		return err
	}
	b.stop()
	f.await(func(s state) bool { return s.Connected == 0 })
	if err := b.start(ctx); err != nil {
		return err
	}
	sub.forget()
	announced = f.sent() + announcement**nodes
	if err := phase("the broker restarts, without its memory", all); err != nil {
		return err
	}
	sub.forget()
	f.kill()
	return phase("all lose their power: last wills", func() bool { return sub.seen(offline) == *nodes })
}

// patience bounds a phase.
const patience = 10 * time.Minute

// row waits until the phase is over, and prints what it took.
func row(name string, b *broker, f *fleet, sub *subscriber, until func() bool) error {
	began, cpu, fleetCPU, in, out := time.Now(), b.cpu(), f.cpu(), f.sent(), sub.count()
	memory := 0.0
	for !until() {
		if time.Since(began) > patience {
			return fmt.Errorf("%s: not over after %v: %+v", name, patience, f.now())
		}
		time.Sleep(100 * time.Millisecond)
		memory = max(memory, b.memory())
	}
	fmt.Printf("| %s | %.0f | %d | %d | %.1f | %.0f | %.1f |\n", name, time.Since(began).Seconds(),
		f.sent()-in, sub.count()-out, b.cpu()-cpu, memory, f.cpu()-fleetCPU)
	return nil
}
