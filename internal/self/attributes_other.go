//go:build !linux

package self

import "syscall"

// attributes are none: off Linux this package only has to compile.
func attributes() *syscall.SysProcAttr { return nil }
