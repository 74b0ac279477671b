//go:build !linux

package publish

import "syscall"

// These tests run on Linux alone; elsewhere they only have to compile.

func ownMounts() *syscall.SysProcAttr { return nil }

func mount(string, string) { panic("mounts need Linux") }

func shortenReceiveBuffer(syscall.RawConn) error { return nil }
