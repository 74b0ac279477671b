package main

import (
	"context"
	"net"
	"strconv"

	"edged/internal/config"
	"edged/internal/node"
)

// ports are addresses that were free when edged started. A reload keeps them.
type ports struct{ web, mqtt string }

// choosePorts replaces ports that are taken. Somebody who only tries edged need not know what else listens on the machine; a
// configuration is taken at its word.
func (r *runner) choosePorts(ctx context.Context, cfg *config.Config) {
	if r.ports == nil {
		r.ports = &ports{web: nextFree(ctx, cfg.Web.Listen), mqtt: nextFree(ctx, cfg.MQTT.Listen)}
	}
	cfg.Web.Listen, cfg.MQTT.Listen = r.ports.web, r.ports.mqtt
}

// nextFree returns the address with its port, or with the next free one of the ten from there on.
func nextFree(ctx context.Context, address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return address
	}
	for n := first; n < first+10; n++ {
		if candidate := net.JoinHostPort(host, strconv.Itoa(n)); node.PortFree(ctx, candidate) {
			return candidate
		}
	}
	return address
}
