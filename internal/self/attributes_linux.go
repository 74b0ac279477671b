package self

import "syscall"

// attributes give a child its own process group and have the kernel kill it when its parent ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
