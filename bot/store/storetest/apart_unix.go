//go:build unix

package storetest

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// apart sets the command apart from the terminal's signals and, since the server refuses to run as root, from root.
func apart(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Dir = "/"
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := plainUser()
	c.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	return err
}

// own gives the folder to the user that the server runs as.
func own(folder string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := plainUser()
	return errors.Join(err, os.Chown(folder, int(uid), int(gid)))
}

func plainUser() (uid, gid uint32, err error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return 0, 0, err
		}
	}
	id, err := strconv.ParseUint(u.Uid, 10, 32)
	group, groupErr := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(id), uint32(group), errors.Join(err, groupErr)
}
