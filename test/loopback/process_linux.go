package loopback

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the process when ours is gone, so that a
// test that is itself killed leaves nothing behind.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
