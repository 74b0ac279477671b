package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// vhci is where the virtual host controller takes orders (kernel: drivers/usb/usbip/vhci_sysfs.c).
const vhci = "/sys/devices/platform/vhci_hcd.0/"

// Values that the attach and status files use.
const (
	highSpeed     = 3         // enum usb_device_speed: 480 Mbit/s
	busAndDevice  = 1<<16 | 1 // an identifier of the remote device, passed back in each request
	portAvailable = 4         // enum usbip_device_status: VDEV_ST_NULL
)

// attach plugs a new high-speed device into the first free port and returns the device's end of the cable.
// Closing it is the unplugging.
func attach() (*os.File, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	kernel, device, err := newCable()
	if err != nil {
		return nil, err
	}
	defer syscall.Close(kernel) // the kernel holds a reference of its own
	order := fmt.Sprintf("%d %d %d %d", port, kernel, busAndDevice, highSpeed)
	if err := os.WriteFile(vhci+"attach", []byte(order), 0); err != nil {
		device.Close()
		return nil, fmt.Errorf("plugging into port %d: %w", port, err)
	}
	return device, nil
}

// newCable is a socket pair in the place of USB/IP's network connection: the kernel takes any stream socket.
func newCable() (kernel int, device *os.File, err error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("socketpair: %w", err)
	}
	// A blocking descriptor could not be closed under a read in progress.
	if err := syscall.SetNonblock(pair[1], true); err != nil {
		return 0, nil, fmt.Errorf("socketpair: %w", err)
	}
	return pair[0], os.NewFile(uintptr(pair[1]), "usb cable"), nil
}

func freePort() (int, error) {
	status, err := os.ReadFile(vhci + "status")
	if err != nil {
		return 0, fmt.Errorf("%w; modprobe vhci-hcd", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		var hub string
		var port, state int
		if n, _ := fmt.Sscanf(lines.Text(), "%s %d %d", &hub, &port, &state); n == 3 && hub == "hs" && state == portAvailable {
			return port, nil
		}
	}
	return 0, fmt.Errorf("%sstatus: no high-speed port is free", vhci)
}
