//go:build !unix

package nacosgrpc

import "errors"

const readsNow = false

func readNow(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
